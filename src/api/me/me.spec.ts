import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { send, TestApi, vehicle, type ApiDeveloper } from '../../../test/support/api.js';
import { QUOTA_NAMES } from '../../core/quota.js';
import { ALL_SCOPES } from '../../core/scopes.js';

let api: TestApi;
beforeAll(async () => {
  api = await TestApi.start({ quotas: { webhooks: 10, requestsPerMinute: 500 } });
});
afterAll(() => api.stop());

const me = async (developer: ApiDeveloper) => (await developer.call('GET', '/v1/me')).body as Record<string, unknown>;

/** What is used of each limit. */
async function used(developer: ApiDeveloper): Promise<Record<string, number>> {
  const quota = (await me(developer)).quota as { name: string; used: number }[];
  return Object.fromEntries(quota.map((one) => [one.name, one.used]));
}

test("a developer's token is told its license, that it may do everything, and all limits", async () => {
  const developer = await api.developer();
  const { quota, ...rest } = await me(developer);
  expect(rest).toEqual({ license: developer.license, actor: { kind: 'token' }, scopes: ALL_SCOPES });
  expect((quota as { name: string }[]).map(({ name }) => name)).toEqual(QUOTA_NAMES);
  expect(quota).toContainEqual({ name: 'webhooks', limit: 10, used: 0 });
});

test.each(ALL_SCOPES)('a key with the scope %s alone is told which key it is', async (scope) => {
  const developer = await api.developer();
  const made = (await developer.call('POST', '/v1/api-keys', { name: 'a key', scopes: [scope] })).body;
  const answer = await send(api.url, 'GET', '/v1/me', { authorization: `Bearer ${made.key}` });
  expect(answer.status).toBe(200);
  const { quota, ...rest } = answer.body;
  expect(rest).toEqual({
    license: developer.license,
    actor: { kind: 'api_key', keyId: made.id, name: 'a key' },
    scopes: [scope],
  });
  expect(quota).toContainEqual({ name: 'apiKeys', limit: expect.any(Number), used: 1 });
});

test('what is used is counted for the license alone, and limits that an operator set are shown', async () => {
  const [developer, other] = [await api.developer(), await api.developer()];
  const id = await developer.register();
  await other.register();
  await developer.grant([vehicle(1), vehicle(2)]);
  await developer.call('POST', `/v1/webhooks/${id}/subscribe/list`, { assetDIDs: [vehicle(1), vehicle(2)] });
  const endpoint = { url: api.target.url('/token/abc'), verificationToken: 'abc' };
  await developer.call('POST', '/v1/endpoints', endpoint);
  await api.admin('PUT', `/v1/admin/licenses/${developer.license}/quota`, { webhooks: 1 });
  expect(await used(developer)).toMatchObject({ webhooks: 1, endpoints: 1, subscriptions: 2, apiKeys: 0 });
  expect((await me(developer)).quota).toContainEqual({ name: 'webhooks', limit: 1, used: 1 });
  expect(await used(other)).toMatchObject({ webhooks: 1, endpoints: 0, subscriptions: 0 });
});

test('of a minute what was taken is used, in blocks', async () => {
  const developer = await api.developer();
  expect((await used(developer)).requestsPerMinute).toBe(10);
});

test('without a credential there is no answer', async () => {
  expect((await send(api.url, 'GET', '/v1/me')).status).toBe(401);
  expect((await api.admin('GET', '/v1/me')).status).toBe(401);
});
