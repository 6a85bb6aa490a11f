import { expect, test } from '@jest/globals';
import type { Endpoint, LogEvent, Webhook, WebhookState } from '../api/resources.js';
import { moment } from '../parts/format.js';
import { diagnose, summarise } from './diagnosis.js';
import type { WhyNotFacts } from './diagnosis.js';

const VEHICLE = 'did:erc721:137:0xbA5738a18d83D41847dfFbDC6101d37C69c9B0cF:12345';
const NOON = '2026-01-15T12:00:00.000Z';
const EARLIER = '2026-01-15T11:00:00.000Z';

const webhook = {
  ...{ id: 'w', status: 'enabled', coolDownPeriod: 30, maxSampleAgeSeconds: null, autoSubscribe: false },
  ...{ subscriptionCount: 3, endpointId: 'e', lastFiredAt: EARLIER, updatedAt: '2026-01-15T10:00:00.000Z' },
} as Webhook;
const endpoint = {
  ...{ id: 'e', status: 'active', statusReason: null, pausedUntil: null, lastError: null, failureCount: 0 },
  verifiedAt: EARLIER,
} as Endpoint;
const state: WebhookState = {
  ...{ vehicle: VEHICLE, previousValue: 59, lastFiredAt: EARLIER, coolingUntil: null, firings: 7 },
};
const fine: WhyNotFacts = {
  ...{ webhook, endpoint, state, vehicle: VEHICLE, subscribedAt: EARLIER, notices: [], nowMs: Date.parse(NOON) },
  quota: [{ name: 'firingsPerMinute', limit: 60_000, used: 5 }],
  permissions: ['GetNonLocationHistory'],
};

function notice(type: string, more: Partial<LogEvent> = {}): LogEvent {
  return { id: type, type, time: '2026-01-15T11:30:00.000Z', data: {}, ...more };
}

function reasons(facts: Partial<WhyNotFacts>): string[] {
  return diagnose({ ...fine, ...facts })
    .filter(({ verdict }) => verdict === 'bad')
    .map(({ title }) => title);
}

test('when nothing is wrong, every line says so and the sample is left to try', () => {
  const checks = diagnose(fine);
  expect(checks.map(({ id, verdict }) => `${id} ${verdict}`)).toEqual([
    ...['enabled ok', 'vehicles ok', 'permission ok', 'condition ok', 'cooling ok', 'throttled ok'],
    ...['endpoint ok', 'fired ok'],
  ]);
  expect(summarise(checks)).toBe('Nothing keeps it from firing. Try the sample that you expected.');
});

test.each<[string, Partial<WhyNotFacts>, string, object | undefined]>([
  ['a webhook that is off', { webhook: { ...webhook, status: 'disabled' } }, 'switched off', { kind: 'enable' }],
  ['a gated license', { quota: [{ name: 'webhooks', limit: 0, used: 1 }] }, 'may have no webhooks', undefined],
  ['a vehicle that is not subscribed', { subscribedAt: null }, '12345 is not subscribed', { kind: 'subscribe' }],
  [
    'a webhook without vehicles',
    { vehicle: undefined, webhook: { ...webhook, subscriptionCount: 0 } },
    ...(['watches no vehicle', { kind: 'subscribe_some' }] as const),
  ],
  [
    'cooling',
    { state: { ...state, coolingUntil: '2026-01-15T12:00:10.000Z' } },
    ...([`cooling until ${moment('2026-01-15T12:00:10.000Z', fine.nowMs)}`, { kind: 'edit' }] as const),
  ],
  [
    'a condition that failed',
    { notices: [notice('condition.failed', { data: { message: 'no such key' } })] },
    ...(['could not be evaluated', { kind: 'edit' }] as const),
  ],
  [
    'throttling',
    { notices: [notice('trigger.throttled')] },
    ...(['more often than it may', { kind: 'log', type: 'trigger.throttled' }] as const),
  ],
  ['an endpoint given up', { endpoint: { ...endpoint, status: 'failed' } }, 'given up', { kind: 'endpoint' }],
  [
    'an endpoint that wants to be left alone',
    { endpoint: { ...endpoint, pausedUntil: '2026-01-15T12:05:00.000Z' } },
    ...(['Nothing is sent until', { kind: 'endpoint' }] as const),
  ],
  ['an endpoint that fails', { endpoint: { ...endpoint, failureCount: 2 } }, 'last 2 firings', { kind: 'endpoint' }],
])('%s explains it, and is all that does', (_, facts, title, mend) => {
  const bad = diagnose({ ...fine, ...facts }).filter(({ verdict }) => verdict === 'bad');
  expect(bad).toMatchObject([{ title: expect.stringContaining(title), ...(mend && { mend }) }]);
  expect(summarise(bad)).toBe('One thing explains it.');
});

test('a withdrawn permission explains why a vehicle is no longer subscribed', () => {
  const revoked = notice('subscription.revoked', { vehicle: VEHICLE });
  expect(reasons({ subscribedAt: null, notices: [revoked] })).toEqual([
    'Vehicle 12345 is not subscribed.',
    'A permission was withdrawn.',
  ]);
  expect(reasons({ subscribedAt: null, notices: [{ ...revoked, vehicle: 'another' }] })).toHaveLength(1);
  expect(reasons({ notices: [revoked] })).toEqual([]);
});

test('a failure of a condition that was changed since explains nothing', () => {
  const failed = notice('condition.failed', { time: '2026-01-15T09:59:00.000Z' });
  expect(reasons({ notices: [failed] })).toEqual([]);
});

test('a cool-down or a pause that is over explains nothing', () => {
  expect(reasons({ state: { ...state, coolingUntil: EARLIER } })).toEqual([]);
  expect(reasons({ endpoint: { ...endpoint, pausedUntil: EARLIER } })).toEqual([]);
});

test('what could not be read is not known, and no reason', () => {
  const unread = { subscribedAt: undefined, state: undefined, endpoint: undefined, quota: undefined };
  const checks = diagnose({ ...fine, ...unread, notices: undefined });
  expect(checks.filter(({ verdict }) => verdict === 'unknown').map(({ id }) => id)).toEqual([
    ...['vehicles', 'condition', 'cooling', 'throttled', 'endpoint'],
  ]);
  expect(summarise(checks)).toContain('Nothing keeps it');
});

test('late samples cannot be told from here when the webhook passes them over', () => {
  const checks = diagnose({ ...fine, webhook: { ...webhook, maxSampleAgeSeconds: 600 } });
  expect(checks.find(({ id }) => id === 'age')).toMatchObject({
    verdict: 'unknown',
    title: expect.stringContaining('10 minutes'),
  });
});
