import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { TestApi, vehicle, type Answer, type ApiDeveloper } from '../../test/support/api.js';
import type { QuotaName } from '../core/quota.js';

let api: TestApi;
let developer: ApiDeveloper;
beforeAll(async () => {
  api = await TestApi.start({ quotas: { webhooks: 3, endpoints: 3, subscriptions: 6 } });
});
afterAll(() => api.stop());
beforeEach(async () => {
  developer = await api.developer();
});

const VEHICLES = Array.from({ length: 9 }, (_unused, at) => vehicle(at + 1));

const limit = (name: QuotaName, most: number | null) =>
  api.admin('PUT', `/v1/admin/licenses/${developer.license}/quota`, { [name]: most });

const endpoint = () => ({ url: api.target.url('/token/abc'), verificationToken: 'abc' });
const register = (fields: Record<string, unknown> = {}) =>
  developer.call('POST', '/v1/webhooks', developer.webhook(fields));
const makeEndpoint = () => developer.call('POST', '/v1/endpoints', endpoint());
const subscribe = (id: string, which: string, body?: unknown) =>
  developer.call('POST', `/v1/webhooks/${id}/subscribe/${which}`, body);
const list = (id: string, assetDIDs: string[]) => subscribe(id, 'list', { assetDIDs });

/** What was asked of the target while something was done. */
async function askedMeanwhile(work: () => Promise<unknown>): Promise<number> {
  const before = api.target.calls.length;
  await work();
  return api.target.calls.length - before;
}

function expectRefused(answer: Answer, name: QuotaName, most: number): void {
  expect(answer.status).toBe(403);
  expect(answer.body).toMatchObject({
    type: 'urn:tripline:problem:quota-exceeded',
    message: `Quota exceeded: ${name}`,
    limit: name,
    most,
  });
  expect(answer.headers.get('retry-after')).toBeNull();
}

describe.each([
  ['webhooks', () => register(), '/v1/webhooks'],
  ['endpoints', makeEndpoint, '/v1/endpoints'],
] as const)('%s', (name, make, path) => {
  test('are made up to the limit, however many ask at once, and a deleted one makes room', async () => {
    const answers = await Promise.all(Array.from({ length: 5 }, make));
    const made = answers.filter(({ status }) => status === 201);
    expect(made).toHaveLength(3);
    for (const answer of answers) if (!made.includes(answer)) expectRefused(answer, name, 3);
    await developer.call('DELETE', `${path}/${made[0]!.body.id}`);
    expect((await make()).status).toBe(201);
    expectRefused(await make(), name, 3);
  });

  test('are refused before their target is asked anything, and what is wrong in the request is said first', async () => {
    await limit(name, 1);
    expect((await make()).status).toBe(201);
    const before = await api.contents();
    expect(await askedMeanwhile(async () => expectRefused(await make(), name, 1))).toBe(0);
    expect((await developer.call('POST', path, {})).status).toBe(400);
    expect(await api.contents()).toBe(before);
  });

  test('are made again when an operator raises the limit', async () => {
    await limit(name, 0);
    expect((await make()).status).toBe(403);
    await limit(name, null);
    expect((await make()).status).toBe(201);
  });
});

test('webhooks that share an endpoint are counted like others', async () => {
  await limit('webhooks', 1);
  const { id: endpointId } = (await makeEndpoint()).body;
  const sharing = { endpointId, targetURL: undefined, verificationToken: undefined };
  expect((await register(sharing)).status).toBe(201);
  expectRefused(await register(sharing), 'webhooks', 1);
});

describe('vehicles', () => {
  let id: string;
  beforeEach(async () => {
    id = await developer.register();
    await developer.grant(VEHICLES.slice(0, 8));
  });

  test('of a list are subscribed as far as there is room; the rest fails one by one, each saying why', async () => {
    expect((await list(id, VEHICLES.slice(0, 2))).body).toMatchObject({ subscribed: 2 });
    const answer = await list(id, [VEHICLES[8]!, ...VEHICLES.slice(1, 8)]);
    expect([answer.status, answer.body]).toEqual([
      200,
      {
        message: 'Subscribed 4 assets',
        subscribed: 4,
        alreadySubscribed: 1,
        failedSubscriptions: [
          { assetDid: VEHICLES[8], message: 'Insufficient vehicle permissions' },
          { assetDid: VEHICLES[6], message: 'Quota exceeded: subscriptions' },
          { assetDid: VEHICLES[7], message: 'Quota exceeded: subscriptions' },
        ],
      },
    ]);
    expect(await developer.config(id)).toMatchObject({ subscriptionCount: 6 });
    const again = await list(id, VEHICLES.slice(0, 8));
    expect(again.body).toMatchObject({ subscribed: 0, alreadySubscribed: 6 });
    expect(again.body.failedSubscriptions).toHaveLength(2);
  });

  test('that are shared are subscribed as far as there is room', async () => {
    const { body } = await subscribe(id, 'all');
    expect(body).toMatchObject({ subscribed: 6, alreadySubscribed: 0 });
    expect(body.failedSubscriptions).toHaveLength(2);
  });

  test('one by one are subscribed up to the limit; one that is subscribed already is none more', async () => {
    await list(id, VEHICLES.slice(0, 5));
    const answers = await Promise.all([5, 6, 7].map((at) => subscribe(id, VEHICLES[at]!)));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 403, 403]);
    for (const answer of answers) if (answer.status === 403) expectRefused(answer, 'subscriptions', 6);
    expect((await subscribe(id, VEHICLES[0]!)).body.message).toBe('Already subscribed');
    await developer.call('DELETE', `/v1/webhooks/${id}/unsubscribe/${VEHICLES[0]}`);
    expect((await subscribe(id, VEHICLES[0]!)).status).toBe(201);
  });

  test('of several lists at once, on several webhooks, never come to more than the limit', async () => {
    const ids = [id, await developer.register(), await developer.register()];
    const answers = await Promise.all(ids.map((each) => list(each, VEHICLES.slice(0, 4))));
    const counts = answers.map(
      ({ body }) => [body.subscribed, body.failedSubscriptions?.length ?? 0] as [number, number],
    );
    expect(counts.reduce((sum, [subscribed]) => sum + subscribed, 0)).toBe(6);
    for (const [subscribed, failed] of counts) expect(subscribed + failed).toBe(4);
    const shown = await Promise.all(ids.map(async (each) => (await developer.config(each)).subscriptionCount));
    expect(shown).toEqual(counts.map(([subscribed]) => subscribed));
  });

  test('of other licenses are not counted', async () => {
    const other = await api.developer();
    await other.grant(VEHICLES);
    const theirs = await other.register();
    await other.call('POST', `/v1/webhooks/${theirs}/subscribe/list`, { assetDIDs: VEHICLES });
    expect((await list(id, VEHICLES.slice(0, 6))).body).toMatchObject({ subscribed: 6 });
  });
});

describe('a gated license', () => {
  let id: string;
  let endpointId: string;
  const gate = () => limit('webhooks', 0);
  beforeEach(async () => {
    id = await developer.register();
    endpointId = (await makeEndpoint()).body.id as string;
    await gate();
  });

  const proof = { verificationToken: 'abc' };
  const since = '2026-01-01T00:00:00Z';
  test.each([
    ['registering a webhook', () => register()],
    ['making an endpoint', makeEndpoint],
    ['a test of a webhook', () => developer.call('POST', `/v1/webhooks/${id}/test`)],
    ['a test of an endpoint', () => developer.call('POST', `/v1/endpoints/${endpointId}/test`)],
    ['verifying a webhook', () => developer.call('POST', `/v1/webhooks/${id}/verify`, proof)],
    ['verifying an endpoint', () => developer.call('POST', `/v1/endpoints/${endpointId}/verify`, proof)],
    [
      'another target of a webhook',
      () => developer.call('PATCH', `/v1/webhooks/${id}`, { targetURL: api.target.url('/token/abc?2'), ...proof }),
    ],
    [
      'another target of an endpoint',
      () => developer.call('PATCH', `/v1/endpoints/${endpointId}`, { url: api.target.url('/token/abc?2'), ...proof }),
    ],
    ['sending a delivery again', () => developer.call('POST', `/v1/deliveries/${id}/resend`)],
    ['recovering a webhook', () => developer.call('POST', `/v1/webhooks/${id}/recover`, { since })],
    ['recovering an endpoint', () => developer.call('POST', `/v1/endpoints/${endpointId}/recover`, { since })],
  ])('%s is refused, names the limit, and sends nothing to anybody', async (_what, call) => {
    const before = await api.contents();
    expect(await askedMeanwhile(async () => expectRefused(await call(), 'webhooks', 0))).toBe(0);
    expect(await api.contents()).toBe(before);
  });

  test('counts what it could recover', async () => {
    const { status, body } = await developer.call('POST', `/v1/webhooks/${id}/recover`, { since, dryRun: true });
    expect([status, body]).toEqual([200, { count: 0 }]);
  });

  test('sees, changes and deletes what it has, and subscribes vehicles', async () => {
    await developer.grant([vehicle(1)]);
    expect((await developer.call('PATCH', `/v1/webhooks/${id}`, { description: 'new' })).status).toBe(200);
    expect((await subscribe(id, vehicle(1))).status).toBe(201);
    expect(await developer.config(id)).toMatchObject({ status: 'enabled', subscriptionCount: 1 });
    expect((await developer.call('DELETE', `/v1/webhooks/${id}`)).status).toBe(200);
  });

  test('goes on where it was when the gate is opened', async () => {
    await limit('webhooks', null);
    expect((await developer.call('POST', `/v1/webhooks/${id}/test`)).body).toMatchObject({ status: 'delivered' });
    expect((await register()).status).toBe(201);
  });
});
