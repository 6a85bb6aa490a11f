import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { EntityManager } from 'typeorm';
import { createTestDatabase, someoneWaits, testSettings, type TestDatabase } from '../../test/support/database.js';
import { QUOTA_NAMES, type Quotas } from '../core/quota.js';
import { ALL_SCOPES } from '../core/scopes.js';
import { ApiKeyStore, forgetApiKeys, type NewApiKey } from './api-keys.js';
import { Database } from './database.js';
import { QuotaStore } from './quotas.js';
import { stockOf } from './stock.js';

const DEFAULTS = { ...Object.fromEntries(QUOTA_NAMES.map((name) => [name, 1_000])), apiKeys: 3 } as Quotas;

let server: TestDatabase;
let database: Database;
let keys: ApiKeyStore;
let license: string;
beforeAll(async () => {
  server = await createTestDatabase();
  database = await Database.open(testSettings(server.url));
  keys = new ApiKeyStore(database, new QuotaStore(database, DEFAULTS));
});
afterAll(async () => {
  await database.close();
  await server.drop();
});
beforeEach(() => {
  license = `0x${randomBytes(20).toString('hex')}`;
});

const actor = (keyId?: string) => ({ license, requestId: 'spec', ...(keyId === undefined ? {} : { keyId }) });

const wish = (given: Partial<NewApiKey> = {}): NewApiKey => ({
  ...{ name: 'a key', hash: createHash('sha256').update(randomBytes(8)).digest(), shown: 'tl_live_abcdef' },
  ...{ scopes: ALL_SCOPES, ...given },
});

async function make(given: Partial<NewApiKey> = {}, by?: string): Promise<{ id: string; hash: Buffer }> {
  const wanted = wish(given);
  const made = await keys.create(actor(by), wanted);
  if (made.kind !== 'made') throw new Error(made.kind);
  return { id: made.key.id, hash: wanted.hash };
}

const set = (id: string, sql: string) => database.pool.query(`update api_keys set ${sql} where id = $1`, [id]);

async function events(): Promise<{ type: string; payload: Record<string, unknown> }[]> {
  const { rows } = await database.pool.query<{ type: string; payload: string }>(
    'select type, payload from events where license = $1 order by id',
    [license],
  );
  return rows.map(({ type, payload }) => ({ type, payload: JSON.parse(payload) as Record<string, unknown> }));
}

test.each([
  ['active', 'expires_at = null'],
  ['active', "expires_at = now() + interval '1 hour'"],
  ['expired', 'expires_at = now()'],
  ['revoked', 'revoked_at = now()'],
  ['revoked', "revoked_at = now(), expires_at = now() - interval '1 hour'"],
])('a key is %s by the clock of the database when %s', async (status, sql) => {
  const { id, hash } = await make();
  await set(id, sql);
  expect(await keys.use(hash)).toMatchObject({ id, license, scopes: ALL_SCOPES, status });
  expect((await keys.get(license, id))?.status).toBe(status);
});

test('a hash that nobody has finds nothing', async () => {
  expect(await keys.use(randomBytes(32))).toBeUndefined();
});

test('the use of a key is written down once a minute, and only while it may be used', async () => {
  const { id, hash } = await make();
  const lastUsed = async () => (await keys.get(license, id))!.lastUsedAt;
  expect(await lastUsed()).toBeNull();
  await keys.use(hash);
  const first = await lastUsed();
  expect(first).toEqual(expect.any(Date));
  await keys.use(hash);
  expect(await lastUsed()).toEqual(first);
  await set(id, "last_used_at = last_used_at - interval '61 s'");
  await keys.use(hash);
  expect((await lastUsed())! >= first!).toBe(true);
  await set(id, "last_used_at = '2020-01-01', revoked_at = now()");
  await keys.use(hash);
  expect(await lastUsed()).toEqual(new Date('2020-01-01T00:00:00Z'));
});

test('a key that is being changed is not waited for', async () => {
  const { id, hash } = await make();
  await database.dataSource.transaction(async (manager) => {
    await manager.query('select 1 from api_keys where id = $1 for update', [id]);
    expect((await keys.use(hash))?.status).toBe('active');
  });
  expect((await keys.get(license, id))!.lastUsedAt).toBeNull();
});

test('a key bounds those that it makes, in scopes and in time', async () => {
  const expiresAt = new Date(Date.now() + 3_600_000);
  const { id } = await make({ scopes: ['webhooks:read', 'api-keys:manage'], expiresAt });
  const scopes = ['webhooks:read'] as const;
  expect(await keys.create(actor(id), wish({ scopes: ['webhooks:read', 'events:read'] }))).toEqual({
    ...{ kind: 'too_wide', missing: ['events:read'] },
  });
  const late = new Date(expiresAt.getTime() + 1);
  expect(await keys.create(actor(id), wish({ scopes, expiresAt: late }))).toEqual({
    ...{ kind: 'too_late', makerExpiresAt: expiresAt },
  });
  const inherited = await make({ scopes }, id);
  expect(await keys.get(license, inherited.id)).toMatchObject({ madeBy: id, expiresAt });
});

test('nothing is made by a key whose revocation came first, however close', async () => {
  const { id } = await make();
  let creating: Promise<unknown> | undefined;
  await database.dataSource.transaction(async (manager) => {
    await manager.query('update api_keys set revoked_at = now() where id = $1', [id]);
    creating = keys.create(actor(id), wish());
    await someoneWaits(database);
  });
  expect(await creating).toEqual({ kind: 'maker_ended', status: 'revoked' });
  expect(await keys.list(license, { limit: 10 })).toHaveLength(1);
});

test('a license has so many keys, those that are over not counted, however many are made at once', async () => {
  const revoked = await make();
  await keys.revoke(actor(), revoked.id);
  await set((await make()).id, 'expires_at = now()');
  const made = await Promise.all(Array.from({ length: 6 }, () => keys.create(actor(), wish())));
  expect(made.filter(({ kind }) => kind === 'made')).toHaveLength(3);
  expect(made.find(({ kind }) => kind !== 'made')).toEqual({ kind: 'over_quota', name: 'apiKeys', most: 3 });
});

test('keys that are over are not gone through to count the others, however many they are', async () => {
  await make();
  await database.pool.query(
    `insert into api_keys (id, license, name, hash, shown, scopes, revoked_at, expires_at)
     select gen_random_uuid(), $1, '', uuid_send(gen_random_uuid()), '', '{}',
       case n % 2 when 0 then now() end, case n % 2 when 1 then now() end
     from generate_series(1, 10000) n`,
    [license],
  );
  await database.pool.query('analyze api_keys');
  const explaining = {
    query: (sql: string, values: unknown[]) =>
      database.dataSource.query(`explain (analyze, buffers, format json) ${sql}`, values),
  } as unknown as EntityManager;
  const answer = (await stockOf(explaining, license)) as unknown as Record<string, [{ Plan: Record<string, number> }]>;
  const { Plan: top } = answer['QUERY PLAN']![0];
  expect(top['Shared Hit Blocks']! + top['Shared Read Blocks']!).toBeLessThan(60);
  expect((await stockOf(database.dataSource.manager, license)).apiKeys).toBe(1);
});

test('a key is revoked once, and another license has nothing to do with it', async () => {
  const { id, hash } = await make();
  expect(await keys.revoke({ license: '0xother', requestId: 'spec' }, id)).toBe(false);
  expect(await keys.get('0xother', id)).toBeUndefined();
  expect((await keys.use(hash))?.status).toBe('active');
  expect([await keys.revoke(actor(id), id), await keys.revoke(actor(), id)]).toEqual([true, true]);
  expect((await keys.use(hash))?.status).toBe('revoked');
  expect(await events()).toEqual([
    {
      type: 'api_key.created',
      payload: {
        ...{ actor: { license }, requestId: 'spec', keyId: id, name: 'a key', scopes: ALL_SCOPES, expiresAt: null },
      },
    },
    {
      type: 'api_key.revoked',
      payload: { actor: { license, keyId: id }, requestId: 'spec', keyId: id, name: 'a key' },
    },
  ]);
});

test('keys are listed newest first, in pages', async () => {
  const ids = [(await make()).id, (await make()).id, (await make()).id].reverse();
  const first = await keys.list(license, { limit: 2 });
  const second = await keys.list(license, { limit: 2, after: first[1]!.id });
  expect([...first, ...second].map(({ id }) => id)).toEqual(ids);
});

test('keys that were over for 90 days are forgotten', async () => {
  const ids = [(await make()).id, (await make()).id, (await make()).id];
  await set(ids[0]!, "revoked_at = now() - interval '91 days', expires_at = now() + interval '1 day'");
  await set(ids[1]!, "expires_at = now() - interval '91 days'");
  await set(ids[2]!, "revoked_at = now() - interval '89 days'");
  const living = await make();
  await set(living.id, "created_at = now() - interval '1 year'");
  await forgetApiKeys(database);
  expect((await keys.list(license, { limit: 10 })).map(({ id }) => id)).toEqual([living.id, ids[2]]);
});
