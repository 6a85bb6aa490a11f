import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { ApiDeveloper, TestApi, unlimitedQuotas, type Answer } from '../../test/support/api.js';
import { beginMinute, blocksOver } from '../../test/support/database-minute.js';
import { TokenVerifier } from '../access/token-verifier.js';
import { hashApiKey, newApiKey } from '../access/api-key.js';
import { silentLog } from '../observability/log.js';
import { QuotaBlocks } from '../store/quota-blocks.js';
import { QuotaStore } from '../store/quotas.js';
import { RequestRate } from './request-rate.js';

const MOST = 12;

const ORIGIN = 'https://console.example';

let api: TestApi;
/** Another process of the same installation, as far as limits and tokens go. */
let other: TestApi;
let developer: ApiDeveloper;
beforeAll(async () => {
  api = await TestApi.start({ quotas: { requestsPerMinute: MOST }, streamTimes: { heartbeatMs: 2 } }, [ORIGIN]);
  other = await TestApi.start({
    quotaBlocks: blocksOver(api.database, MOST),
    tokens: new TokenVerifier({ jwksUrl: api.issuer.jwksUrl, log: silentLog }),
  });
});
afterAll(async () => {
  await other.stop();
  await api.stop();
});
beforeEach(async () => {
  developer = await api.developer();
  await beginMinute(api.database);
});

const CHEAP = '/v1/webhooks/signals';
const repeat = <T>(times: number, what: (at: number) => T): T[] => Array.from({ length: times }, (_, at) => what(at));

/** What an answer says is left of the minute; undefined when it says nothing. */
const left = ({ headers }: Answer) => /^"requestsPerMinute";r=(\d+);t=\d+$/.exec(headers.get('ratelimit') ?? '')?.[1];

describe('requests of a minute', () => {
  test('are as many as the limit, whichever processes they go to and however many at once', async () => {
    const there = new ApiDeveloper(other, developer.license, developer.token);
    const answers = await Promise.all(repeat(60, (at) => (at % 2 === 0 ? developer : there).call('GET', CHEAP)));
    const count = (status: number) => answers.filter((answer) => answer.status === status).length;
    expect([count(200), count(429)]).toEqual([MOST, 60 - MOST]);
  });

  test('are told with each answer, whatever it says, and the refusal says which limit and when to come again', async () => {
    const told = [
      await developer.call('GET', CHEAP),
      await developer.call('GET', `/v1/webhooks/${randomUUID()}/config`),
      await developer.call('POST', '/v1/webhooks', {}),
      await developer.call('GET', '/v1/webhooks/signals?limit=-1'),
    ];
    expect(told.map(left)).toEqual(['11', '10', '9', '8']);
    for (let at = told.length; at < MOST; at++) await developer.call('GET', CHEAP);
    const refused = await developer.call('GET', CHEAP);
    expect(refused.body).toMatchObject({
      status: 429,
      type: 'urn:tripline:problem:quota-exceeded',
      message: 'Quota exceeded: requestsPerMinute',
      limit: 'requestsPerMinute',
      most: MOST,
    });
    const seconds = refused.headers.get('retry-after')!;
    expect(Number(seconds)).toBeGreaterThanOrEqual(1);
    expect(Number(seconds)).toBeLessThanOrEqual(60);
    expect(refused.headers.get('ratelimit')).toBe(`"requestsPerMinute";r=0;t=${seconds}`);
    expect(refused.headers.get('ratelimit-policy')).toBe(`"requestsPerMinute";q=${MOST};w=60`);
  });

  test('are the license’s own: a key and a token share them, other licenses and the operator do not', async () => {
    const [one, another] = [developer, await api.developer()];
    const key = newApiKey();
    await api.database.pool.query(
      'insert into api_keys (id, license, name, hash, shown, scopes) values (gen_random_uuid(), $1, $2, $3, $4, $5)',
      [one.license, 'spec', hashApiKey(key), 'tl_live_', ['webhooks:read']],
    );
    const byKey = new ApiDeveloper(api, one.license, key);
    const told = [];
    for (const who of [one, byKey, byKey, one, another]) told.push(left(await who.call('GET', CHEAP)));
    expect(told).toEqual(['11', '10', '9', '8', '11']);
    expect((await api.admin('GET', '/v1/admin/dead-letters')).headers.get('ratelimit')).toBeNull();
  });

  test('count before anything else is looked at, a replay like any other, and nobody who is not known', async () => {
    const headers = { 'idempotency-key': randomUUID() };
    const [first, replay] = [
      await developer.call('POST', '/v1/webhooks', developer.webhook(), headers),
      await developer.call('POST', '/v1/webhooks', developer.webhook(), headers),
    ];
    expect(replay.headers.get('idempotency-replayed')).toBe('true');
    expect([first, replay].map(left)).toEqual(['11', '10']);
    const unknown = await new ApiDeveloper(api, developer.license, 'no-token').call('GET', CHEAP);
    expect([unknown.status, left(unknown)]).toEqual([401, undefined]);
    expect(left(await developer.call('GET', CHEAP))).toBe('9');
  });

  test('have one for an open stream, however long it is open', async () => {
    const stopping = new AbortController();
    const stream = await fetch(`${api.url}/v1/stream`, {
      headers: { authorization: `Bearer ${developer.token}` },
      signal: stopping.signal,
    });
    expect(stream.headers.get('ratelimit')).toMatch(/^"requestsPerMinute";r=11;/);
    const reader = stream.body!.getReader();
    let heartbeats = '';
    while (heartbeats.split(': \n\n').length < 20) heartbeats += Buffer.from((await reader.read()).value).toString();
    expect(left(await developer.call('GET', CHEAP))).toBe('10');
    stopping.abort();
  });

  test('can be read by scripts of other origins', async () => {
    const answer = await developer.call('GET', CHEAP, undefined, { origin: ORIGIN });
    const exposed = answer.headers.get('access-control-expose-headers')!.split(',');
    expect(exposed).toEqual(expect.arrayContaining(['RateLimit', 'RateLimit-Policy', 'Retry-After']));
  });

  test('of one license may be set apart by the operator', async () => {
    const quotas = new QuotaStore(api.database, unlimitedQuotas());
    await quotas.set({ license: '', keyId: 'admin', requestId: 'spec' }, developer.license, { requestsPerMinute: 0 });
    const refused = await developer.call('GET', CHEAP);
    expect([refused.status, refused.body.most]).toEqual([429, 0]);
  });
});

describe('while the database does not answer', () => {
  const failing = (take: () => Promise<never>) => new QuotaBlocks({ take, now: () => performance.now() });

  test('requests go on without being counted, and that is complained of once', async () => {
    const complaints: string[] = [];
    const log = { ...silentLog, warn: (_fields: object, message: string) => void complaints.push(message) };
    const own = await TestApi.start({ quotaBlocks: failing(() => Promise.reject(new Error('gone'))), log });
    try {
      const someone = await own.developer();
      for (let time = 0; time < 2; time++) {
        const answer = await someone.call('GET', CHEAP);
        expect([answer.status, answer.headers.get('ratelimit')]).toEqual([200, null]);
      }
      expect(complaints).toEqual(['requests are not counted, because the database does not answer']);
    } finally {
      await own.stop();
    }
  });

  test('nobody waits for long, and after one has waited no other does for a while', async () => {
    let asked = 0;
    const quotaBlocks = failing(() => {
      asked++;
      return new Promise(() => undefined);
    });
    const rate = new RequestRate({ quotaBlocks, log: silentLog }, { waitMs: 5, restMs: 60_000 });
    const response = { set: () => expect('nothing').toBe('told') } as never;
    for (const license of ['a', 'a', 'b']) await rate.count(license, response);
    expect(asked).toBe(1);
  });

  test('one alone waits to see whether it answers again, and then all are counted', async () => {
    const answers: (() => void)[] = [];
    let isGone = true;
    const take = async (needs: Parameters<QuotaStore['take']>[0]) => {
      if (isGone) throw new Error('gone');
      await new Promise<void>((resolve) => answers.push(resolve));
      const block = { granted: 1, most: 9, remaining: 8, endsInMs: 60_000, isFirstRefusal: false };
      return needs.map((need) => ({ ...need, ...block }));
    };
    const told: unknown[] = [];
    const response = { set: ({ RateLimit }: Record<string, string>) => void told.push(RateLimit) } as never;
    const times = { waitMs: 60_000, restMs: 0 };
    const quotaBlocks = new QuotaBlocks({ take, now: () => performance.now() });
    const rate = new RequestRate({ quotaBlocks, log: silentLog }, times);
    await rate.count('a', response);
    Object.assign(times, { restMs: 60_000 });
    isGone = false;
    const first = rate.count('a', response);
    for (const license of ['b', 'c']) await rate.count(license, response);
    expect([answers.length, told]).toEqual([1, []]);
    answers[0]!();
    await first;
    const next = ['b', 'c'].map((license) => rate.count(license, response));
    answers.slice(1).forEach((answer) => answer());
    await Promise.all(next);
    expect(told).toHaveLength(3);
  });

  test('what is held of a minute is still counted', async () => {
    let isGone = false;
    const take = (needs: Parameters<QuotaStore['take']>[0]) => {
      const block = { granted: 2, most: 2, remaining: 0, endsInMs: 60_000, isFirstRefusal: false };
      return isGone ? Promise.reject(new Error('gone')) : Promise.resolve(needs.map((need) => ({ ...need, ...block })));
    };
    const quotaBlocks = new QuotaBlocks({ take, now: () => performance.now() });
    const rate = new RequestRate({ quotaBlocks, log: silentLog }, { waitMs: 1000, restMs: 60_000 });
    const told: unknown[] = [];
    const response = { set: ({ RateLimit }: Record<string, string>) => void told.push(RateLimit) } as never;
    await rate.count('a', response);
    isGone = true;
    for (const license of ['b', 'a', 'a']) await rate.count(license, response);
    expect(told).toEqual(['"requestsPerMinute";r=1;t=60', '"requestsPerMinute";r=0;t=60']);
  });
});
