import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { builtInCatalog } from '../../core/catalog.js';
import { extendCatalog } from '../../core/catalog-extension.js';
import { each, send, TestApi, vehicle } from '../../../test/support/api.js';

let api: TestApi;
const LICENSE = '0xF26421509Efe92861a587482100c6d728aBf1CD0';
const GRANT = `/v1/admin/grants/${LICENSE}/${vehicle(1)}`;
const [HISTORY, LOCATION] = ['privilege:GetNonLocationHistory', 'privilege:GetLocationHistory'];
const DEAD_LETTERS = '/v1/admin/dead-letters';

beforeAll(async () => {
  api = await TestApi.start();
});
afterAll(() => api.stop());

test('a grant is set, replaced, shown and taken away', async () => {
  expect((await api.admin('GET', GRANT)).status).toBe(404);
  for (const permissions of [[LOCATION], [HISTORY, LOCATION]]) {
    const answer = await api.admin('PUT', GRANT, { permissions });
    expect([answer.status, answer.body]).toEqual([200, { license: LICENSE, vehicle: vehicle(1), permissions }]);
    expect((await api.admin('GET', GRANT)).body).toEqual(answer.body);
  }
  expect((await api.admin('DELETE', GRANT)).status).toBe(204);
  expect((await api.admin('DELETE', GRANT)).status).toBe(204);
  expect((await api.admin('GET', GRANT)).status).toBe(404);
});

test('license and vehicle may be spelled in any way', async () => {
  const path = `/v1/admin/grants/${LICENSE.toLowerCase().slice(2)}/${encodeURIComponent(vehicle(2).toLowerCase())}`;
  const answer = await api.admin('PUT', path, { permissions: [HISTORY] });
  expect(answer.body).toEqual({ license: LICENSE, vehicle: vehicle(2), permissions: [HISTORY] });
});

test.each([
  ['no permissions', GRANT, {}, '#/permissions'],
  ['an empty list', GRANT, { permissions: [] }, '#/permissions'],
  ['a number', GRANT, { permissions: [5] }, '#/permissions/0'],
  ['a permission with a blank', GRANT, { permissions: ['a b'] }, '#/permissions/0'],
  ['one that no metric needs', GRANT, { permissions: [HISTORY, 'privilege:GetCurrentLocation'] }, '#/permissions/1'],
  ['too many', GRANT, { permissions: Array.from({ length: 65 }, (_unused, at) => `p${at}`) }, '#/permissions'],
  [
    'the license of nobody',
    `/v1/admin/grants/0x${'0'.repeat(40)}/${vehicle(1)}`,
    { permissions: [HISTORY] },
    undefined,
  ],
  ['a license that is none', `/v1/admin/grants/0x12/${vehicle(1)}`, { permissions: [HISTORY] }, undefined],
  ['a vehicle that is none', `/v1/admin/grants/${LICENSE}/x`, { permissions: [HISTORY] }, undefined],
])('%s is refused and changes nothing', async (_what, path, body, pointer) => {
  const before = await api.contents();
  const answer = await api.admin('PUT', path, body);
  expect(answer.body).toMatchObject({ status: 400, ...(pointer && { errors: [{ pointer }] }) });
  expect(await api.contents()).toBe(before);
});

test('what is wrong with a permission is said of the list, and which one it is by the pointer', async () => {
  const answer = await api.admin('PUT', GRANT, { permissions: [HISTORY, 'a b'] });
  const detail = 'an entry of permissions must be the name of a permission, such as privilege:GetNonLocationHistory';
  expect(answer.body).toMatchObject({ message: detail, errors: [{ pointer: '#/permissions/1', detail }] });
});

test('a permission that is spelled wrong is told what it may have been meant to be', async () => {
  const answer = await api.admin('PUT', GRANT, { permissions: ['privilege:GetLocationHistroy'] });
  expect(answer.body.errors).toEqual([
    { pointer: '#/permissions/0', detail: expect.stringContaining(`Did you mean ${LOCATION}`) },
  ]);
});

test('permissions of an operator’s own metrics can be granted', async () => {
  const extended = extendCatalog(builtInCatalog, {
    signals: [{ name: 'own', valueType: 'float64', permissions: ['own:read'] }],
  });
  if (extended.kind !== 'ok') throw new Error(extended.errors.join());
  const own = await TestApi.start({ catalog: extended.catalog });
  try {
    expect((await own.admin('PUT', GRANT, { permissions: ['own:read', HISTORY] })).status).toBe(200);
  } finally {
    await own.stop();
  }
});

test('dead letters are shown newest first, in pages', async () => {
  for (const offset of [1, 2, 3]) {
    await api.database.pool.query(
      `insert into dead_letters (topic, partition, record_offset, sample_index, reason, detail, excerpt, suppressed)
       values ('t', 0, $1, null, 'not_json', 'why', $2, 0)`,
      [offset, Buffer.from('{"a')],
    );
  }
  const first = (await api.admin('GET', `${DEAD_LETTERS}?limit=2`)).body;
  expect(each(first.data, 'offset')).toEqual(['3', '2']);
  expect(first.data[0]).toEqual({
    id: expect.any(String),
    topic: 't',
    partition: 0,
    offset: '3',
    index: null,
    reason: 'not_json',
    detail: 'why',
    excerpt: '{"a',
    excerptBase64: 'eyJh',
    suppressed: 0,
    createdAt: expect.stringMatching(/Z$/),
  });
  const second = (await api.admin('GET', `${DEAD_LETTERS}?cursor=${first.next}`)).body;
  expect(second).toMatchObject({ data: [{ offset: '1' }], next: null });
});

describe('who may', () => {
  test.each([
    ['GET', GRANT],
    ['PUT', GRANT],
    ['DELETE', GRANT],
    ['GET', DEAD_LETTERS],
  ])('%s %s is refused without the admin token, with a wrong one, and to developers', async (method, path) => {
    const { token } = await api.developer();
    for (const authorization of ['', 'Bearer wrong', `Bearer ${token}`, 'Basic abc']) {
      const answer = await send(api.url, method, path, authorization ? { authorization } : {});
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer realm=/);
    }
  });

  test('the admin token is no developer', async () => {
    expect((await api.admin('GET', '/v1/webhooks')).status).toBe(401);
  });

  test('without an admin token in the settings there are no such paths', async () => {
    const own = await TestApi.start({ adminToken: undefined as never });
    try {
      for (const path of [GRANT, DEAD_LETTERS]) expect((await own.admin('GET', path)).status).toBe(404);
      expect((await send(own.url, 'GET', '/openapi.json')).text).not.toContain('/v1/admin');
    } finally {
      await own.stop();
    }
  });
});
