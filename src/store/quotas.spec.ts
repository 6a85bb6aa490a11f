import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createTestDatabase, testSettings, type TestDatabase } from '../../test/support/database.js';
import { QUOTA_NAMES, type Quotas } from '../core/quota.js';
import { Database } from './database.js';
import { QuotaStore } from './quotas.js';

const MOST = 100;
const DEFAULTS = Object.fromEntries(QUOTA_NAMES.map((name) => [name, MOST])) as Quotas;
const admin = { license: '', keyId: 'admin', requestId: 'spec' };

let server: TestDatabase;
let database: Database;
let quotas: QuotaStore;
beforeAll(async () => {
  server = await createTestDatabase();
  database = await Database.open(testSettings(server.url));
  quotas = new QuotaStore(database, DEFAULTS);
});
afterAll(async () => {
  await database.close();
  await server.drop();
});

/** So that no test meets the end of a minute. */
async function earlyInTheMinute(): Promise<void> {
  const { rows } = await database.pool.query<{ left: number }>(
    'select 60 - extract(second from clock_timestamp())::float8 as left',
  );
  if (rows[0]!.left < 5) await database.pool.query('select pg_sleep($1)', [rows[0]!.left + 0.01]);
}

let licenses = 0;
const newLicense = () => `0x${String(++licenses).padStart(40, '2')}`;

test('what is set for one license counts for it alone, and can be taken back', async () => {
  const [one, other] = [newLicense(), newLicense()];
  expect(await quotas.set(admin, one, { webhooks: 0, endpoints: 3 })).toEqual({
    ...DEFAULTS,
    webhooks: 0,
    endpoints: 3,
  });
  expect(await quotas.of(other)).toEqual(DEFAULTS);
  await quotas.set(admin, one, { webhooks: null });
  expect(await quotas.of(one)).toEqual({ ...DEFAULTS, endpoints: 3 });
  expect(await quotas.setFor(one)).toEqual({ endpoints: 3 });
});

test('a change is told to the license with who made it', async () => {
  const license = newLicense();
  await quotas.set(admin, license, { subscriptions: 7 });
  const { rows } = await database.pool.query<{ type: string; payload: string }>(
    'select type, payload from events where license = $1',
    [license],
  );
  expect(rows.map(({ type }) => type)).toEqual(['quota.changed']);
  expect(JSON.parse(rows[0]!.payload)).toEqual({
    actor: { license: '', keyId: 'admin' },
    requestId: 'spec',
    quotas: { subscriptions: 7 },
  });
});

test('many takers together never get more of a minute than its limit, and nothing of it is lost', async () => {
  await earlyInTheMinute();
  const license = newLicense();
  const need = { license, name: 'firingsPerMinute', needed: 3 } as const;
  const taken = await Promise.all(Array.from({ length: 60 }, async () => (await quotas.take([need]))[0]!));
  const granted = taken.map((block) => block.granted);
  expect(granted.reduce((sum, one) => sum + one, 0)).toBe(MOST);
  expect(Math.max(...granted)).toBe(MOST / 10);
  expect(taken.filter((block) => block.isFirstRefusal)).toHaveLength(1);
  expect(taken.every(({ endsInMs }) => endsInMs > 0 && endsInMs <= 60_000)).toBe(true);
});

test('minutes of other licenses and other limits are apart, and the answer names each', async () => {
  await earlyInTheMinute();
  const [a, b] = [newLicense(), newLicense()];
  await quotas.set(admin, b, { probesPerMinute: 0 });
  const blocks = await quotas.take([
    { license: b, name: 'requestsPerMinute', needed: 100 },
    { license: b, name: 'probesPerMinute', needed: 1 },
    { license: a, name: 'probesPerMinute', needed: 1 },
  ]);
  expect(
    blocks.map(({ license, name, granted, most, remaining }) => [license, name, granted, most, remaining]),
  ).toEqual([
    [a, 'probesPerMinute', 10, MOST, 90],
    [b, 'probesPerMinute', 0, 0, 0],
    [b, 'requestsPerMinute', 100, MOST, 0],
  ]);
});

test('a new minute begins with the whole limit', async () => {
  await earlyInTheMinute();
  const license = newLicense();
  const need = { license, name: 'deliveriesPerMinute', needed: MOST } as const;
  expect((await quotas.take([need]))[0]).toMatchObject({ granted: MOST });
  expect((await quotas.take([need]))[0]).toMatchObject({ granted: 0, isFirstRefusal: true });
  await database.pool.query(`update quota_windows set began_at = began_at - interval '1 minute' where license = $1`, [
    license,
  ]);
  expect((await quotas.take([need]))[0]).toMatchObject({ granted: MOST, isFirstRefusal: false });
});
