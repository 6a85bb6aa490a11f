import { describe, expect, test } from '@jest/globals';
import type { Schema } from '@tripline/client';
import { RECIPES } from '../condition/recipes.js';
import { isChanged, isOtherTarget, webhookChange } from './webhook-change.js';
import {
  applicableOptions,
  beginDraft,
  draftOf,
  EMPTY_DRAFT,
  freeName,
  newWebhook,
  withProfile,
} from './webhook-draft.js';

/** As somebody made it over REST, years ago, with everything that there is. */
const REGISTERED: Schema<'Webhook'> = {
  id: '3dfc572a-ea31-4e8e-8685-29fb4a24d0c2',
  service: 'signals',
  metricName: 'vss.speed',
  condition: 'value = 55 &&  valueNumber != previousValueNumber',
  normalizedCondition: 'value == 55 &&  valueNumber != previousValueNumber',
  targetURL: 'https://example.com/hook ',
  coolDownPeriod: 30,
  maxSampleAgeSeconds: 600,
  status: 'failed',
  statusReason: 'It failed 100 times.',
  description: ' spaces kept ',
  displayName: 'Speed Alert',
  failureCount: 100,
  endpointId: '5b0f7c1e-6a5c-4c7f-a5a0-7d9f0a8f2b61',
  profile: 'dodev',
  headerPrefix: 'X-Acme',
  headers: { Authorization: '••••••', 'X-Two': 'two' },
  contentType: 'application/json',
  timeoutSeconds: 20,
  retry: '1s,2m,1h',
  maxPerSecond: 50,
  asymmetric: true,
  publicKey: 'whpk_x',
  autoSubscribe: true,
  subscriptionCount: 3,
  verifiedAt: null,
  lastFiredAt: null,
  lastDeliveredAt: null,
  createdAt: '2026-01-01T00:00:00.000Z',
  updatedAt: '2026-01-01T00:00:00.000Z',
};

const OWN = draftOf(REGISTERED, false);
const SHARED = draftOf(REGISTERED, true);

describe('a webhook that is opened', () => {
  test.each<[string, Partial<Schema<'Webhook'>>, boolean]>([
    ['with everything', {}, false],
    ['at a shared endpoint', {}, true],
    ['with nothing', { maxSampleAgeSeconds: null, headerPrefix: null, retry: null, timeoutSeconds: null }, false],
    ['whose headers cannot be read', { headers: null }, false],
    ['without a name', { displayName: REGISTERED.id }, false],
    ['of an unknown metric', { service: 'events.behavior', metricName: 'Gone' }, false],
  ])('%s is not changed by that', (_, more, isShared) => {
    const draft = draftOf({ ...REGISTERED, ...more }, isShared);
    expect(webhookChange(draft, { ...draft })).toEqual({});
    expect(isChanged(draft, { ...draft, verificationToken: 'typed' })).toBe(false);
  });

  test('shows the texts as they were registered', () => {
    expect(OWN).toMatchObject({
      service: 'signals',
      metricName: 'vss.speed',
      condition: 'value = 55 &&  valueNumber != previousValueNumber',
      description: ' spaces kept ',
    });
  });
});

describe('of a webhook is sent what was changed, and nothing else', () => {
  test.each<[string, object, object]>([
    ['the condition', { condition: 'value > 1' }, { condition: 'value > 1' }],
    [
      'the metric, whose names belong together',
      { service: 'telemetry.signals', metricName: 'speed' },
      { service: 'telemetry.signals', metricName: 'speed' },
    ],
    ['a cool-down that is taken away', { coolDownPeriod: Number.NaN }, { coolDownPeriod: 0 }],
    ['any age', { maxSampleAgeSeconds: Number.NaN }, { maxSampleAgeSeconds: null }],
    ['no name', { displayName: ' ' }, { displayName: null }],
    ['another name', { displayName: 'New' }, { displayName: 'New' }],
    ['a new beginning', { status: 'enabled' }, { status: 'enabled' }],
    ['default retries', { retry: ' ' }, { retry: null }],
    ['no limit', { maxPerSecond: Number.NaN }, { maxPerSecond: null }],
    [
      'a header, with those that stay as they are shown',
      { headers: [...OWN.headers, { name: 'X-Three', value: 'three' }, { name: '', value: '' }] },
      { headers: { Authorization: '••••••', 'X-Two': 'two', 'X-Three': 'three' } },
    ],
    [
      'another address, with its token',
      { targetURL: 'https://other.example', verificationToken: 't' },
      { targetURL: 'https://other.example', verificationToken: 't' },
    ],
    ['a shared endpoint', { targetKind: 'shared', endpointId: 'e' }, { endpointId: 'e' }],
  ])('%s', (_, changed, sent) => {
    expect(webhookChange(OWN, { ...OWN, ...changed })).toEqual(sent);
  });

  test('options of a shared endpoint are never sent', () => {
    expect(webhookChange(SHARED, { ...SHARED, retry: 'standard', secret: 'x'.repeat(20) })).toEqual({});
  });

  test('a webhook that leaves a shared endpoint proves its own address', () => {
    const after = { ...SHARED, targetKind: 'own' as const, targetURL: 'https://own.example', verificationToken: 't' };
    expect(webhookChange(SHARED, after)).toEqual({ targetURL: 'https://own.example', verificationToken: 't' });
  });

  test('blanks round the address are no other address', () => {
    expect(isOtherTarget(OWN, { ...OWN, targetURL: 'https://example.com/hook' })).toBe(false);
  });
});

describe('a new webhook', () => {
  const begun = { ...EMPTY_DRAFT, service: 'telemetry.signals', metricName: 'speed', condition: 'value > 1' };

  test('leaves to the installation what was left alone', () => {
    const draft = { ...begun, targetURL: ' https://example.com ', verificationToken: ' t ' };
    expect(newWebhook(draft)).toEqual({
      service: 'telemetry.signals',
      metricName: 'speed',
      condition: 'value > 1',
      description: '',
      autoSubscribe: false,
      coolDownPeriod: 0,
      maxSampleAgeSeconds: null,
      status: 'enabled',
      targetURL: 'https://example.com',
      verificationToken: 't',
    });
  });

  test('at a shared endpoint has no address and no options of its own', () => {
    const draft = {
      ...begun,
      targetKind: 'shared' as const,
      endpointId: 'e',
      targetURL: 'https://x',
      retry: 'standard',
    };
    const sent = newWebhook(draft);
    expect(sent).toMatchObject({ endpointId: 'e' });
    expect(sent).not.toHaveProperty('targetURL');
    expect(sent).not.toHaveProperty('retry');
  });

  test('begins with the recipe, and with the receiver of the demo as its target', () => {
    const demo = { vehicles: [], target: { url: 'https://127.0.0.1:1/my', verificationToken: 't' } };
    expect(beginDraft(RECIPES[0], demo)).toMatchObject({
      metricName: 'speed',
      condition: 'value > 120',
      targetURL: 'https://127.0.0.1:1/my',
      verificationToken: 't',
    });
    expect(beginDraft(undefined, undefined)).toEqual(EMPTY_DRAFT);
  });
});

test('a proposed name is one that nobody has, whatever the letter case', () => {
  expect(freeName('Speeding', [])).toBe('Speeding');
  expect(freeName('Speeding', ['SPEEDING', 'Speeding 2'])).toBe('Speeding 3');
});

describe('options that apply', () => {
  test.each([
    ['standard', { contentType: true, headerPrefix: false }],
    ['dimo', { contentType: true, headerPrefix: false }],
    ['desmo', { contentType: false, headerPrefix: true }],
    ['dembrane', { contentType: true, headerPrefix: true }],
    ['dodev', { contentType: false, headerPrefix: true }],
  ] as const)('to %s', (profile, applies) => {
    expect(applicableOptions({ profile })).toEqual(applies);
  });

  test('another profile takes with it what only the old one had', () => {
    const draft = { ...EMPTY_DRAFT, profile: 'dembrane', headerPrefix: 'X-A', contentType: CLOUD_EVENTS } as const;
    expect(withProfile(draft, 'desmo')).toMatchObject({ headerPrefix: 'X-A', contentType: 'application/json' });
    expect(withProfile(draft, 'dimo')).toMatchObject({ headerPrefix: '', contentType: CLOUD_EVENTS });
  });
});

const CLOUD_EVENTS = 'application/cloudevents+json';
