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

test.each<[needed: string[], places: number[]]>([
  [[], [3, 4, 6]],
  [['a'], [3, 6]],
  [['b'], [4, 6]],
  [['b', 'a'], [6]],
  [
    ['a', 'a'],
    [3, 6],
  ],
  [['c'], []],
])('of many vehicles those have %j whose grants have all of it', async (needed, places) => {
  await grants.put(operator, LICENSE, vehicleOf(3), ['a']);
  await grants.put(operator, LICENSE, vehicleOf(4), ['b']);
  await grants.put(operator, LICENSE, vehicleOf(6), ['a', 'b']);
  await grants.put(operator, `${LICENSE.slice(0, -1)}4`, vehicleOf(5), ['a', 'b', 'c']);
  const found = await grants.withPermissions(LICENSE, [3, 4, 5, 6, 3].map(vehicleOf), needed);
  expect(found).toEqual(new Set(places.map(vehicleOf)));
});

test('vehicles are looked up in pages, all of them', async () => {
  const license = `${LICENSE.slice(0, -1)}3`;
  await database.pool.query(`insert into grants select $1, 'v' || n, '{a}', now() from generate_series(1, 2500) n`, [
    license,
  ]);
  const vehicles = Array.from({ length: 2_500 }, (_, place) => `v${place + 1}`);
  expect(await grants.withPermissions(license, vehicles, ['a'])).toEqual(new Set(vehicles));
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
