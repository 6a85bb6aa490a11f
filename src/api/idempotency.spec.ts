import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomBytes, randomUUID } from 'node:crypto';
import { each, TestApi, unlimitedQuotas, vehicle, type Answer, type ApiDeveloper } from '../../test/support/api.js';
import type { PermissionProvider, Verdict } from '../access/permission-provider.js';
import { silentLog } from '../observability/log.js';
import { IdempotencyStore } from '../store/idempotency.js';
import { QuotaStore } from '../store/quotas.js';
import { SecretBox } from '../target/secret-box.js';
import { printDocument } from './openapi-print.js';
import { IdempotentRequests } from './idempotent-requests.js';
import type { Answer as GivenAnswer } from './idempotent-requests.js';

let api: TestApi;
let developer: ApiDeveloper;
beforeAll(async () => {
  api = await TestApi.start();
});
afterAll(() => api.stop());

async function post(key: string, body: unknown, path = '/v1/webhooks', who = developer): Promise<Answer> {
  return who.call('POST', path, body, { 'idempotency-key': key });
}

async function webhooks(who = developer): Promise<unknown[]> {
  return (await who.call('GET', '/v1/webhooks')).body as unknown[];
}

async function newDeveloper(): Promise<void> {
  developer = await api.developer();
}

describe('a request with a key', () => {
  test('is done once and answered the same again: status, body with its secret, Location', async () => {
    await newDeveloper();
    const key = randomUUID();
    const first = await post(key, developer.webhook());
    const again = await post(key, developer.webhook());
    expect([first.status, first.headers.get('idempotency-replayed')]).toEqual([201, null]);
    expect([again.status, again.headers.get('idempotency-replayed')]).toEqual([201, 'true']);
    expect(again.text).toBe(first.text);
    expect(again.body.secret).toMatch(/^whsec_/);
    expect(again.headers.get('location')).toBe(first.headers.get('location'));
    expect(again.headers.get('content-type')).toBe(first.headers.get('content-type'));
    expect(again.headers.get('x-request-id')).not.toBe(first.headers.get('x-request-id'));
    expect(await webhooks()).toHaveLength(1);
  });

  test('is refused when its body is another (422)', async () => {
    await newDeveloper();
    const key = randomUUID();
    expect((await post(key, developer.webhook())).status).toBe(201);
    const other = await post(key, developer.webhook({ condition: 'value > 56' }));
    expect([other.status, other.body.type]).toEqual([422, 'urn:tripline:problem:key-reused']);
    expect(await webhooks()).toHaveLength(1);
  });

  test('gets the refusal again that the first got, as it was', async () => {
    await newDeveloper();
    const key = randomUUID();
    const refused = { ...developer.webhook(), condition: 'value >' };
    const first = await post(key, refused);
    const again = await post(key, refused);
    expect([first.status, again.status]).toEqual([400, 400]);
    expect(again.text).toBe(first.text);
    expect(again.headers.get('content-type')).toContain('application/problem+json');
    expect(again.headers.get('idempotency-replayed')).toBe('true');
  });

  test('is tried again when the first reached a limit', async () => {
    await newDeveloper();
    const quotas = new QuotaStore(api.database, unlimitedQuotas());
    const limit = (webhooks: number) =>
      quotas.set({ license: '', keyId: 'admin', requestId: 'spec' }, developer.license, { webhooks });
    const key = randomUUID();
    await limit(0);
    const refused = await post(key, developer.webhook());
    expect([refused.status, refused.body.limit]).toEqual([403, 'webhooks']);
    await limit(1);
    const made = await post(key, developer.webhook());
    expect([made.status, made.headers.get('idempotency-replayed')]).toEqual([201, null]);
  });

  test('has its key for itself: other licenses and other paths have the same key for their own', async () => {
    await newDeveloper();
    const other = await api.developer();
    const key = randomUUID();
    expect((await post(key, developer.webhook())).status).toBe(201);
    expect((await post(key, other.webhook(), '/v1/webhooks', other)).headers.get('idempotency-replayed')).toBeNull();
    const [a, b] = [await developer.register(), await developer.register()];
    await developer.grant([vehicle(1), vehicle(2)]);
    const paths = [a, b].flatMap((id) => [1, 2].map((n) => `/v1/webhooks/${id}/subscribe/${vehicle(n)}`));
    for (const path of paths) {
      const answer = await post(key, undefined, path);
      expect([answer.status, answer.headers.get('idempotency-replayed')]).toEqual([201, null]);
    }
    expect((await post(key, undefined, paths[0])).headers.get('idempotency-replayed')).toBe('true');
  });

  test.each([
    ['a refused token', { authorization: 'Bearer nothing' }, '{}', 401],
    ['another content type', { 'content-type': 'text/plain' }, '{}', 415],
    ['a body that is not JSON', {}, '{', 400],
  ])('leaves no trace before it begins: %s', async (_reason, headers, body, status) => {
    await newDeveloper();
    const key = randomUUID();
    const answer = await developer.send('POST', '/v1/webhooks', { 'idempotency-key': key, ...headers }, body);
    expect(answer.status).toBe(status);
    expect((await post(key, developer.webhook())).status).toBe(201);
  });

  test('is kept encrypted: the database has nothing of the answer', async () => {
    await newDeveloper();
    const { body } = await post(randomUUID(), developer.webhook());
    const { rows } = await api.database.pool.query<{ row: string }>(
      'select k::text as row from idempotency_keys k where license = $1',
      [developer.license],
    );
    expect(rows).toHaveLength(1);
    expect(rows[0]!.row).not.toContain(body.secret);
    expect(rows[0]!.row).not.toContain(body.id);
  });

  test('may be as long a path as any: the parameters are of the route only as a hash', async () => {
    await newDeveloper();
    const answer = await post(randomUUID(), undefined, `/v1/webhooks/${'x'.repeat(4000)}/subscribe/all`);
    expect(answer.status).toBe(400);
  });
});

test('every POST takes a key, but for those that only ask', async () => {
  const document = JSON.parse(await printDocument()) as {
    paths: Record<string, { post?: { parameters: { name: string; in: string }[]; responses: object } }>;
  };
  const posts = Object.entries(document.paths).filter(([, { post }]) => post !== undefined);
  const without = posts.filter(([, { post }]) => !each(post!.parameters, 'name').includes('Idempotency-Key'));
  expect(without.map(([path]) => path)).toEqual(['/v1/conditions/check', '/v1/conditions/evaluate']);
  expect(document.paths['/v1/webhooks']!.post!.responses).toMatchObject({ 409: {}, 422: {} });
});

test('a secret is exchanged once, and told again', async () => {
  await newDeveloper();
  const path = `/v1/webhooks/${await developer.register()}/rotate`;
  const key = randomUUID();
  const [first, again] = [await post(key, undefined, path), await post(key, undefined, path)];
  expect([first.status, again.status]).toEqual([200, 200]);
  expect(again.body).toEqual(first.body);
  expect((await post(randomUUID(), undefined, path)).body.secret).not.toBe(first.body.secret);
});

describe('the key', () => {
  test.each([
    ['is empty', ''],
    ['is longer than 255 characters', 'k'.repeat(256)],
    ['has letters beyond ASCII', 'schlüssel'],
    ['has a quote that is never closed', '"abc'],
    ['goes on after its quotes', '"abc"; a=1'],
    ['is an empty quoted text', '""'],
  ])('is refused when it %s', async (_what, key) => {
    await newDeveloper();
    const answer = await post(key, developer.webhook());
    expect([answer.status, answer.body.message]).toEqual([400, 'Invalid Idempotency-Key']);
    expect(await webhooks()).toHaveLength(0);
  });

  test.each([
    ['key-1', '"key-1"', true],
    ['a"b\\c', '"a\\"b\\\\c"', true],
    ['k'.repeat(255), `"${'k'.repeat(255)}"`, true],
    ['key-1', 'KEY-1', false],
  ])('%s is the same as %s: %s', async (one, other, isSame) => {
    await newDeveloper();
    await post(one, developer.webhook());
    const second = await post(other, developer.webhook());
    expect(second.headers.get('idempotency-replayed')).toBe(isSame ? 'true' : null);
  });

  test('is not read by routes that do not honour it', async () => {
    await newDeveloper();
    const condition = { service: 'telemetry.signals', metricName: 'speed', condition: 'value > 1' };
    const answers = await Promise.all([
      post('k', condition, '/v1/conditions/check'),
      post('k', { ...condition, condition: 'value > 2' }, '/v1/conditions/check'),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  });
});

describe('where permissions are asked elsewhere', () => {
  let asked: Gate;
  let answered: Gate<Verdict>;
  let held: TestApi;
  beforeAll(async () => {
    const permissions: PermissionProvider = {
      grantsDecide: false,
      async check(_license, vehicles) {
        asked.open();
        const verdict = await answered.opened;
        return vehicles.map(() => verdict);
      },
      async *sharedVehicles() {},
    };
    held = await TestApi.start({ permissions });
  });
  afterAll(() => held.stop());

  async function subscribing(): Promise<() => Promise<Answer>> {
    [asked, answered] = [gate(), gate()];
    const owner = await held.developer();
    const id = await owner.register();
    const key = randomUUID();
    return () => post(key, undefined, `/v1/webhooks/${id}/subscribe/${vehicle(1)}`, owner);
  }

  test('of two at once one runs, the other is told to come again (409); then it has the answer of the first', async () => {
    const subscribe = await subscribing();
    const first = subscribe();
    await asked.opened;
    const second = await subscribe();
    expect([second.status, second.body.type]).toEqual([409, 'urn:tripline:problem:still-running']);
    expect(Number(second.headers.get('retry-after'))).toBeGreaterThan(0);
    answered.open('granted');
    expect((await first).status).toBe(201);
    const third = await subscribe();
    expect([third.status, third.headers.get('idempotency-replayed')]).toEqual([201, 'true']);
  });

  test('an outage is not kept: the request runs when it is sent again', async () => {
    const subscribe = await subscribing();
    answered.open('unknown');
    expect((await subscribe()).status).toBe(503);
    answered = gate();
    answered.open('granted');
    const again = await subscribe();
    expect([again.status, again.headers.get('idempotency-replayed')]).toEqual([201, null]);
  });
});

describe('answers that are kept', () => {
  const request = () => ({
    license: 'a license',
    route: 'POST /v1/webhooks',
    key: randomUUID(),
    fingerprint: randomBytes(32),
  });

  function requests(key = randomBytes(32)): IdempotentRequests {
    return new IdempotentRequests({
      idempotency: new IdempotencyStore(api.database),
      secrets: new SecretBox([key]),
      log: silentLog,
    });
  }

  test.each([
    [201, true],
    [404, true],
    [409, false],
    [429, false],
    [500, false],
    [503, false],
  ])('status %d: %s', async (status, isKept) => {
    const [asked, with_] = [request(), requests()];
    await endOf(with_, asked, { kind: 'success', status });
    expect('answer' in (await with_.begin(asked))).toBe(isKept);
  });

  test('are no longer than 1 MiB: a longer one is given anew', async () => {
    const [asked, with_] = [request(), requests()];
    await endOf(with_, asked, { kind: 'success', status: 200, body: 'x'.repeat(1024 * 1024) });
    expect('claim' in (await with_.begin(asked))).toBe(true);
  });

  test('cannot be read without the key that encrypted them, and the request does not run again', async () => {
    const asked = request();
    await endOf(requests(), asked, { kind: 'success', status: 201, body: {} });
    await expect(requests().begin(asked)).rejects.toMatchObject({ status: 409, options: { kind: 'answer-lost' } });
  });

  async function endOf(
    with_: IdempotentRequests,
    asked: ReturnType<typeof request>,
    answer: GivenAnswer,
  ): Promise<void> {
    const begun = await with_.begin(asked);
    if (!('claim' in begun)) throw new Error('the key is in use');
    await with_.end(begun.claim, answer);
  }
});

interface Gate<T = void> {
  opened: Promise<T>;
  open(value: T): void;
}

function gate<T = void>(): Gate<T> {
  let open!: (value: T) => void;
  const opened = new Promise<T>((resolve) => (open = resolve));
  return { opened, open };
}
