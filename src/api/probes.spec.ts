import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { TestApi, unlimitedQuotas, type Answer, type ApiDeveloper } from '../../test/support/api.js';
import { QuotaBlocks } from '../store/quota-blocks.js';
import type { QuotaBlock, QuotaNeed } from '../store/quotas.js';
import { Handshake } from '../target/handshake.js';
import type { TargetAnswer } from '../target/http-client.js';
import { Probes } from './probes.js';

/** What the minute of the one license has left; an error when the database is away. */
let left: number | Error;

/** Blocks of one, so that what is left can be said at any time. */
function take(needs: readonly QuotaNeed[]): Promise<QuotaBlock[]> {
  return Promise.all(needs.map(takeOne));
}

function takeOne({ license, name, needed }: QuotaNeed): Promise<QuotaBlock> {
  const block = { license, name, most: 9, remaining: 1, endsInMs: 30_000, isFirstRefusal: false };
  if (name !== 'probesPerMinute') return Promise.resolve({ ...block, granted: needed });
  if (left instanceof Error) return Promise.reject(left);
  const granted = Math.min(left, needed);
  left -= granted;
  return Promise.resolve({ ...block, granted });
}

const newBlocks = () => new QuotaBlocks({ take, now: () => performance.now() });

let api: TestApi;
let developer: ApiDeveloper;
let webhook: string;
let endpoint: string;
beforeAll(async () => {
  api = await TestApi.start({ quotaBlocks: newBlocks() });
});
afterAll(() => api.stop());
beforeEach(async () => {
  left = 2;
  developer = await api.developer();
  webhook = await developer.register();
  const made = await developer.call('POST', '/v1/endpoints', newEndpoint());
  endpoint = made.body.id as string;
});

const newEndpoint = () => ({ url: api.target.url('/token/abc'), verificationToken: 'abc' });
/** A target that nobody has yet. */
const another = () => api.target.url(`/token/abc/${randomUUID()}`);
const proof = { verificationToken: 'abc' };

const PROBES: [string, number, () => Promise<Answer>][] = [
  ['a new webhook', 201, () => developer.call('POST', '/v1/webhooks', developer.webhook())],
  ['a new endpoint', 201, () => developer.call('POST', '/v1/endpoints', newEndpoint())],
  [
    'another target of a webhook',
    200,
    () => developer.call('PATCH', `/v1/webhooks/${webhook}`, { targetURL: another(), ...proof }),
  ],
  [
    'another target of an endpoint',
    200,
    () => developer.call('PATCH', `/v1/endpoints/${endpoint}`, { url: another(), ...proof }),
  ],
  ['verifying a webhook', 200, () => developer.call('POST', `/v1/webhooks/${webhook}/verify`, proof)],
  ['verifying an endpoint', 200, () => developer.call('POST', `/v1/endpoints/${endpoint}/verify`, proof)],
  ['testing a webhook', 200, () => developer.call('POST', `/v1/webhooks/${webhook}/test`)],
  ['testing an endpoint', 200, () => developer.call('POST', `/v1/endpoints/${endpoint}/test`)],
];

describe.each(PROBES)('%s', (_what, status, probe) => {
  test('is a probe; without one left it is refused, and nobody is called and nothing is changed', async () => {
    left = 1;
    expect([(await probe()).status, left]).toEqual([status, 0]);
    const [contents, calls] = [await api.contents(), api.target.calls.length];
    const refused = await probe();
    expect(refused.body).toMatchObject({
      status: 429,
      type: 'urn:tripline:problem:quota-exceeded',
      message: 'Quota exceeded: probesPerMinute',
      limit: 'probesPerMinute',
      most: 9,
    });
    expect(refused.headers.get('retry-after')).toBe('30');
    expect(refused.headers.get('ratelimit')).toMatch(/^"requestsPerMinute";r=\d+;t=\d+, "probesPerMinute";r=0;t=30$/);
    expect(refused.headers.get('ratelimit-policy')).toMatch(
      /^"requestsPerMinute";q=\d+;w=60, "probesPerMinute";q=9;w=60$/,
    );
    expect(api.target.calls).toHaveLength(calls);
    expect(await api.contents()).toBe(contents);
  });

  test('is refused while nobody can tell how many are left', async () => {
    left = Object.assign(new Error('gone'), { code: 'ECONNREFUSED' });
    const [contents, calls] = [await api.contents(), api.target.calls.length];
    const refused = await probe();
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '5']);
    expect(api.target.calls).toHaveLength(calls);
    expect(await api.contents()).toBe(contents);
  });
});

const REFUSED: [string, number, () => Promise<Answer>][] = [
  ['a condition', 400, () => developer.call('POST', '/v1/webhooks', developer.webhook({ condition: 'value >' }))],
  [
    'a target',
    400,
    () => developer.call('POST', '/v1/webhooks', developer.webhook({ targetURL: 'http://a.example/' })),
  ],
  ['a header', 400, () => developer.call('POST', '/v1/webhooks', developer.webhook({ headers: { Host: 'x' } }))],
  ['a taken name', 400, () => developer.call('POST', '/v1/webhooks', developer.webhook({ displayName: webhook }))],
  ['event types', 400, () => developer.call('POST', '/v1/endpoints', { ...newEndpoint(), enabledEvents: ['no'] })],
  ['an unknown webhook', 404, () => developer.call('POST', `/v1/webhooks/${randomUUID()}/verify`, proof)],
  ['an unknown endpoint', 404, () => developer.call('POST', `/v1/endpoints/${randomUUID()}/test`)],
  ['a sample', 400, () => developer.call('POST', `/v1/webhooks/${webhook}/test`, { sample: { value: 'x' } })],
];

test.each(REFUSED)('what is refused for %s is no probe', async (_what, status, call) => {
  left = 1;
  expect([(await call()).status, left]).toEqual([status, 1]);
});

test('a change that leaves the target as it is, is no probe', async () => {
  left = 0;
  const changes = { targetURL: api.target.url('/token/abc'), ...proof, description: 'new' };
  expect((await developer.call('PATCH', `/v1/webhooks/${webhook}`, changes)).status).toBe(200);
});

test('the answer to a probe is not asked for again: its repetition takes none, and that of a refusal is tried', async () => {
  const again = { 'idempotency-key': randomUUID() };
  const verify = () => developer.call('POST', `/v1/webhooks/${webhook}/verify`, proof, again);
  left = 1;
  expect((await verify()).status).toBe(200);
  expect((await verify()).headers.get('idempotency-replayed')).toBe('true');
  again['idempotency-key'] = randomUUID();
  expect((await verify()).status).toBe(429);
  expect((await verify()).headers.get('idempotency-replayed')).toBeNull();
});

describe('at once', () => {
  /** Targets that answer when they are told to. */
  function pending() {
    const ends: (() => void)[] = [];
    const answer: TargetAnswer = { kind: 'failed', reason: 'connection' } as TargetAnswer;
    const post = () => new Promise<TargetAnswer>((resolve) => ends.push(() => resolve(answer)));
    const quotas = { of: () => Promise.resolve(unlimitedQuotas()) };
    const probes = new Probes({ quotas, quotaBlocks: newBlocks(), handshake: new Handshake({ client: { post } }) });
    return { probes, post, ends };
  }

  test.each([
    ['handshakes', 20, (probes: Probes, license: string) => probes.prove(license, 'https://a.example/', 'abc')],
    ['tests', 2, (probes: Probes, license: string, post: () => Promise<unknown>) => probes.test(license, post)],
  ])('%s of one license are no more than %d, and what is refused takes nothing', async (name, most, probe) => {
    const { probes, post, ends } = pending();
    left = 100;
    const running = Array.from({ length: most }, () => probe(probes, 'a', post));
    await expect(probe(probes, 'a', post)).rejects.toMatchObject({
      status: 429,
      options: { message: `Quota exceeded: ${name}`, members: { limit: name, most } },
      headers: { 'Retry-After': '5', 'RateLimit-Policy': `"${name}";q=${most}`, RateLimit: `"${name}";r=0` },
    });
    running.push(probe(probes, 'b', post));
    while (ends.length <= most) await new Promise(setImmediate);
    expect(left).toBe(100 - most - 1);
    ends.forEach((end) => end());
    await Promise.all(running);
    const another = probe(probes, 'a', post);
    while (ends.length <= most + 1) await new Promise(setImmediate);
    ends.at(-1)!();
    await another;
  });

  test('a probe that failed is over', async () => {
    const { probes } = pending();
    left = 100;
    for (let time = 0; time < 5; time++) {
      await expect(probes.test('a', () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    }
  });
});
