import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase, testSettings } from '../../test/support/database.js';
import { LICENSE, OTHER_LICENSE, vehicleOf } from '../../test/support/triggers.js';
import type { Actor } from './actor.js';
import { Database } from './database.js';
import { GrantStore } from './grants.js';

const operator: Actor = { license: '', keyId: 'admin', requestId: 'r-1' };

let server: TestDatabase;
let database: Database;
let grants: GrantStore;

beforeAll(async () => {
  server = await createTestDatabase();
  database = await Database.open(testSettings(server.url));
  grants = new GrantStore(database);
});
afterAll(async () => {
  await database.close();
  await server.drop();
});

test('a grant is what was put last, until it is removed', async () => {
  const vehicle = vehicleOf(1);
  expect(await grants.get(LICENSE, vehicle)).toBeUndefined();
  await grants.put(operator, LICENSE, vehicle, ['a']);
  await grants.put(operator, LICENSE, vehicle, ['b', 'c']);
  expect(await grants.get(LICENSE, vehicle)).toEqual(['b', 'c']);
  expect(await grants.get(OTHER_LICENSE, vehicle)).toBeUndefined();
  expect(await grants.remove(operator, LICENSE, vehicle)).toBe(true);
  expect(await grants.remove(operator, LICENSE, vehicle)).toBe(false);
  expect(await grants.get(LICENSE, vehicle)).toBeUndefined();
});

test("a change is in the log of the license that it is about, with the operator's name; the same again is none", async () => {
  await grants.put(operator, LICENSE, vehicleOf(2), ['a']);
  await grants.put({ ...operator, requestId: 'r-2' }, LICENSE, vehicleOf(2), ['a']);
  const { rows } = await database.pool.query<Record<string, string>>(
    'select type, license, payload from events where vehicle = $1',
    [vehicleOf(2)],
  );
  expect(rows.map(({ payload, ...row }) => ({ ...row, payload: JSON.parse(payload!) as unknown }))).toEqual([
    {
      type: 'grant.changed',
      license: LICENSE,
      payload: { actor: { license: '', keyId: 'admin' }, requestId: 'r-1', permissions: ['a'] },
    },
  ]);
});

test('permissions of many vehicles leave out those without a grant', async () => {
  await grants.put(operator, LICENSE, vehicleOf(3), ['a']);
  await grants.put(operator, LICENSE, vehicleOf(4), ['b']);
  const found = await grants.permissionsOf(LICENSE, [3, 4, 5].map(vehicleOf));
  expect(found).toEqual(
    new Map([
      [vehicleOf(3), ['a']],
      [vehicleOf(4), ['b']],
    ]),
  );
});

test('vehicles of a license come in pages, all of them, each once', async () => {
  await database.pool.query(`insert into grants select $1, 'v' || n, '{a}', now() from generate_series(1, 2500) n`, [
    OTHER_LICENSE,
  ]);
  const pages: string[][] = [];
  for await (const page of grants.vehiclesOf(OTHER_LICENSE)) pages.push(page);
  expect(pages.map((page) => page.length)).toEqual([1_000, 1_000, 500]);
  expect(new Set(pages.flat()).size).toBe(2_500);
});
