import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { each, send, TestApi, type ApiDeveloper } from '../../../test/support/api.js';
import { QUOTA_NAMES, QUOTAS } from '../../core/quota.js';

const INSTALLATION = { webhooks: 10, endpoints: 4, subscriptions: 50, apiKeys: 7, requestsPerMinute: 900 };

let api: TestApi;
let developer: ApiDeveloper;
let path: string;

beforeAll(async () => {
  api = await TestApi.start({ quotas: INSTALLATION });
});
afterAll(() => api.stop());

async function someone(): Promise<ApiDeveloper> {
  developer = await api.developer();
  path = `/v1/admin/licenses/${developer.license}/quota`;
  return developer;
}

const put = (body: unknown) => api.admin('PUT', path, body);

/** What is shown of some limits. */
async function shown(...names: string[]): Promise<unknown[]> {
  const { body } = await api.admin('GET', path);
  return (body.quotas as { name: string; limit: number; isDefault: boolean }[])
    .filter(({ name }) => names.includes(name))
    .map(({ limit, isDefault }) => [limit, isDefault]);
}

async function told(): Promise<unknown[]> {
  const { rows } = await api.database.pool.query<{ payload: string }>(
    `select payload from events where license = $1 and type = 'quota.changed' order by xid`,
    [developer.license],
  );
  return rows.map(({ payload }) => (JSON.parse(payload) as { quotas: unknown }).quotas);
}

test('all limits are shown with what they mean, whose they are and what is used, also of an unknown license', async () => {
  await someone();
  const { status, body } = await api.admin('GET', path);
  expect([status, body.license, each(body.quotas, 'name')]).toEqual([200, developer.license, QUOTA_NAMES]);
  expect(body.quotas[0]).toEqual({
    ...{ name: 'webhooks', limit: 10, isDefault: true, used: 0, description: QUOTAS.webhooks },
  });
  await developer.register();
  expect((await api.admin('GET', path)).body.quotas[0]).toMatchObject({ used: 1 });
});

test('a limit is set, replaced and taken back; those that are not named stay, and so do other licenses', async () => {
  const other = `/v1/admin/licenses/${(await someone()).license}/quota`;
  await someone();
  const before = (await api.admin('GET', other)).body;
  const answer = await put({ webhooks: 0, subscriptions: 1_000_000_000 });
  expect(answer.status).toBe(200);
  expect(answer.body).toEqual((await api.admin('GET', path)).body);
  expect(await shown('webhooks', 'endpoints', 'subscriptions')).toEqual([
    [0, false],
    [4, true],
    [1_000_000_000, false],
  ]);
  await put({ webhooks: 3 });
  await put({ SUBSCRIPTIONS: null });
  expect(await shown('webhooks', 'endpoints', 'subscriptions')).toEqual([
    [3, false],
    [4, true],
    [50, true],
  ]);
  expect((await api.admin('GET', other)).body).toEqual(before);
});

test('each change is one event of the license, with the operator and the request; what changes nothing is none', async () => {
  await someone();
  const answer = await put({ webhooks: 5, apiKeys: null });
  await put({ webhooks: 5 });
  await put({ endpoints: null });
  await put({ webhooks: null });
  expect(await told()).toEqual([{ webhooks: 5 }, { webhooks: 10 }]);
  const { body } = await developer.call('GET', '/v1/events?type=quota.changed');
  expect(body.data[1]).toMatchObject({
    actor: { keyId: 'admin' },
    requestId: answer.headers.get('x-request-id'),
    data: { quotas: { webhooks: 5 } },
  });
});

test.each([
  ['nothing', {}, '#', 'The body must name at least one limit'],
  ['a negative number', { webhooks: -1 }, '#/webhooks', 'webhooks must be 0 or more'],
  ['more than whole numbers go', { webhooks: 1e300 }, '#/webhooks', 'webhooks must be 1000000000 or less'],
  ['less than whole numbers go', { webhooks: -1e300 }, '#/webhooks', 'webhooks must be 0 or more'],
  ['a fraction', { webhooks: 1.5 }, '#/webhooks', 'webhooks must be a whole number'],
  ['more than there can be', { webhooks: 1_000_000_001 }, '#/webhooks', 'webhooks must be 1000000000 or less'],
  ['text', { webhooks: '5' }, '#/webhooks', 'webhooks must be a number'],
  [
    'an unknown name beside a known one',
    { webhooks: 5, webhoks: 6 },
    '#/webhoks',
    'Unknown field "webhoks". Did you mean webhooks? Nothing was done.',
  ],
  ['a name like none', { x: 1 }, '#/x', 'Unknown field "x". Nothing was done.'],
])('%s is refused and changes nothing', async (_what, body, pointer, detail) => {
  await someone();
  const answer = await put(body);
  expect(answer.body).toMatchObject({ status: 400, detail, errors: [{ pointer, detail }] });
  expect([await told(), await shown('webhooks')]).toEqual([[], [[10, true]]]);
});

test.each(['0x12', `0x${'0'.repeat(40)}`, '0'.repeat(40)])('the license %s is none and refused', async (license) => {
  for (const method of ['GET', 'PUT']) {
    const body = method === 'PUT' ? { webhooks: 1 } : undefined;
    const answer = await api.admin(method, `/v1/admin/licenses/${license}/quota`, body);
    expect(answer.body).toMatchObject({ status: 400, message: 'Invalid license address' });
  }
});

test('only operators may, and without an admin token there are no such paths', async () => {
  const { token } = await someone();
  for (const method of ['GET', 'PUT']) {
    for (const authorization of ['Bearer wrong', `Bearer ${token}`]) {
      expect((await send(api.url, method, path, { authorization }, method === 'PUT' ? '{}' : undefined)).status).toBe(
        401,
      );
    }
  }
  const closed = await TestApi.start({ adminToken: undefined as never });
  try {
    expect((await closed.admin('GET', path)).status).toBe(404);
    expect((await closed.admin('PUT', path, { webhooks: 1 })).status).toBe(404);
  } finally {
    await closed.stop();
  }
});
