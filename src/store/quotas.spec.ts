import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createTestDatabase, testSettings, type TestDatabase } from '../../test/support/database.js';
import { QUOTA_NAMES, type Quotas } from '../core/quota.js';
import { Database } from './database.js';
import { PendingDeliveries } from './pending-deliveries.js';
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

/** A shared endpoint of a license where so much is pending. */
async function queueAt(license: string, count: number): Promise<void> {
  const { rows } = await database.pool.query<{ id: string }>(
    `insert into endpoints (id, license, url, secret, is_shared, created_at, updated_at)
     values (gen_random_uuid(), $1, '', '', true, now(), now()) returning id`,
    [license],
  );
  await database.pool.query(
    `insert into outbox (endpoint_id, due_at, id, event_id)
     select $1, now(), gen_random_uuid(), gen_random_uuid() from generate_series(1, $2)`,
    [rows[0]!.id, count],
  );
}

/** What a license was told of its limits, in order. */
async function told(license: string): Promise<Record<string, number>[]> {
  const { rows } = await database.pool.query<{ payload: string }>(
    `select payload from events where license = $1 and type = 'quota.changed' order by xid`,
    [license],
  );
  return rows.map(({ payload }) => (JSON.parse(payload) as { quotas: Record<string, number> }).quotas);
}

let licenses = 0;
const newLicense = () => `0x${String(++licenses).padStart(40, '0')}`;

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

test('what is set so already is not changed, and what changes nothing is not told', async () => {
  const license = newLicense();
  const changes = [
    { webhooks: 5, endpoints: 5 },
    { webhooks: 5, endpoints: 6 },
    { endpoints: 6 },
    { apiKeys: null },
    { apiKeys: MOST },
    { apiKeys: null },
  ];
  for (const change of changes) await quotas.set(admin, license, change);
  expect(await told(license)).toEqual([
    { webhooks: 5, endpoints: 5 },
    { endpoints: 6 },
    { apiKeys: MOST },
    { apiKeys: MOST },
  ]);
  expect(await quotas.setFor(license)).toEqual({ webhooks: 5, endpoints: 6 });
});

test('of several that set the same at once each finds what the one before left', async () => {
  const license = newLicense();
  await Promise.all(Array.from({ length: 8 }, (_, at) => quotas.set(admin, license, { webhooks: at % 2 })));
  const values = (await told(license)).map(({ webhooks }) => webhooks);
  expect(values.every((value, at) => at === 0 || value !== values[at - 1])).toBe(true);
  expect(await quotas.setFor(license)).toEqual({ webhooks: values.at(-1) });
});

test('a license sees how it stands with each limit, and nothing of other licenses', async () => {
  await earlyInTheMinute();
  const [license, other] = [newLicense(), newLicense()];
  await quotas.set(admin, license, { requestsPerMinute: 50, subscriptions: MOST });
  for (const one of [license, other, other]) {
    await quotas.take([{ license: one, name: 'requestsPerMinute', needed: 7 }]);
    await database.pool.query(
      `insert into api_keys (id, license, name, hash, shown, scopes, revoked_at, expires_at)
       select gen_random_uuid(), $1, '', uuid_send(gen_random_uuid()), '', '{}', revoked_at::timestamptz, expires_at::timestamptz
       from (values (null, null), (now()::text, null), (null, now()::text), (null, 'tomorrow')) k (revoked_at, expires_at)`,
      [one],
    );
  }
  await quotas.take([{ license, name: 'firingsPerMinute', needed: 1 }]);
  await database.pool.query(`update quota_windows set began_at = began_at - interval '1 minute' where name = $1`, [
    'firingsPerMinute',
  ]);
  await queueAt(license, 3);
  await queueAt(other, 1);
  const standing = Object.fromEntries((await quotas.standing(license)).map(({ name, ...rest }) => [name, rest]));
  expect(Object.keys(standing)).toEqual(QUOTA_NAMES);
  const unused = { limit: MOST, isDefault: true, used: 0 };
  expect(standing).toEqual({
    ...Object.fromEntries(QUOTA_NAMES.map((name) => [name, unused])),
    endpoints: { ...unused, used: 1 },
    subscriptions: { ...unused, isDefault: false },
    apiKeys: { ...unused, used: 2 },
    requestsPerMinute: { limit: 50, isDefault: false, used: 7 },
    pendingDeliveries: { ...unused, used: 3 },
  });
});

test('a queue is counted as far as whoever asks likes to know, or else to the limit of its license', async () => {
  const [own, other] = [newLicense(), newLicense()];
  await quotas.set(admin, own, { pendingDeliveries: 1_000_000_000 });
  for (const license of [own, other]) await queueAt(license, 5);
  const counted = async (countedMax?: number) =>
    [...(await new PendingDeliveries(database).count([own, other], 4, countedMax))].map(([, { pending }]) => pending);
  expect([await counted(), await counted(3)]).toEqual([
    [5, 4],
    [3, 3],
  ]);
});

test('what is pending above the limit of a license is shown', async () => {
  const license = newLicense();
  await quotas.set(admin, license, { pendingDeliveries: 3 });
  await queueAt(license, 5);
  const standing = (await quotas.standing(license)).find(({ name }) => name === 'pendingDeliveries');
  expect(standing).toMatchObject({ limit: 3, used: 5 });
});

test('many takers together never get more of a minute than its limit, and nothing of it is lost', async () => {
  await earlyInTheMinute();
  const license = newLicense();
  const need = { license, name: 'firingsPerMinute', needed: 3 } as const;
  const taken = await Promise.all(Array.from({ length: 60 }, async () => (await quotas.take([need]))[0]!));
  const granted = taken.map((block) => block.granted);
  expect(granted.reduce((sum, one) => sum + one, 0)).toBe(MOST);
  expect(Math.max(...granted)).toBe(3);
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
    [a, 'probesPerMinute', 2, MOST, 98],
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
