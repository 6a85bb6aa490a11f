import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { DataSource, type MigrationInterface, type QueryRunner } from 'typeorm';
import { createEmptyTestDatabase, type TestDatabase, testSettings } from '../../test/support/database.js';
import { Database } from './database.js';
import { ENTITIES } from './entities/entities.js';
import { migrate, type MigrateSettings } from './migrate.js';
import { Initial1790000000000 } from './migrations/1790000000000-initial.js';
import { Deliveries1790100000000 } from './migrations/1790100000000-deliveries.js';
import { MIGRATIONS } from './migrations/migrations.js';

let server: TestDatabase;

beforeAll(async () => {
  server = await createEmptyTestDatabase();
});
afterAll(() => server.drop());

test('what was there before deliveries has sensible values for what came with them', async () => {
  const old = await createEmptyTestDatabase();
  const client = new pg.Client({ connectionString: old.url });
  await client.connect();
  try {
    await runMigration(client, new Initial1790000000000());
    await writeAsBefore(client);
    await client.query(`update outbox set created_at = '2026-01-01Z', due_at = '2026-01-01Z'`);
    await runMigration(client, new Deliveries1790100000000());
    for (const [sql, expected] of DEFAULTS) expect((await client.query(sql)).rows).toEqual([expected]);
  } finally {
    await client.end();
    await old.drop();
  }
});

test('of three processes that migrate at once, one runs the migrations and the others wait for it', async () => {
  const ran = await Promise.all([1, 2, 3].map(() => migrate({ url: server.url }, () => undefined)));
  expect(ran.flat()).toEqual(MIGRATIONS.map((migration) => migration.name));
});

test('a migrated database is left as it is', async () => {
  expect(await migrate({ url: server.url }, () => undefined)).toEqual([]);
});

describe('beside processes that go on', () => {
  /** The migrations that lock what commits use: all but those of an empty database. */
  const FIRST = 2;
  const NAMES = MIGRATIONS.slice(FIRST).map((migration) => migration.name);
  let old: TestDatabase;
  let client: pg.Client;
  let said: string[];
  let untilSaid: (part: string) => Promise<void>;

  /** Migrates the database of the release before. */
  function migrateOld(settings: Partial<MigrateSettings>): Promise<string[]> {
    said = [];
    const heard: (() => void)[] = [];
    untilSaid = async (part) => {
      while (!said.some((line) => line.includes(part))) await new Promise<void>((resolve) => heard.push(resolve));
    };
    return migrate({ url: old.url, ...settings }, (line) => {
      said.push(line);
      for (const resolve of heard.splice(0)) resolve();
    });
  }

  beforeEach(async () => {
    old = await createEmptyTestDatabase();
    const dataSource = new DataSource({ type: 'postgres', url: old.url, migrations: MIGRATIONS.slice(0, FIRST) });
    await (await dataSource.initialize()).runMigrations({ transaction: 'each' });
    await dataSource.destroy();
    client = new pg.Client({ connectionString: old.url });
    await client.connect();
  });
  afterEach(async () => {
    await client.end();
    await old.drop();
  });

  test.each(['stream_positions', 'triggers'])('a migration waits until a lock of %s is given back', async (table) => {
    await client.query('begin');
    await client.query(`lock table ${table} in access share mode`);
    const migrated = migrateOld({ lockTimeoutMs: 50 });
    await untilSaid('gives way');
    await client.query('commit');
    expect(await migrated).toEqual(NAMES);
  });

  test('a lock that is never given back ends it, and nothing of it is left', async () => {
    await client.query('begin');
    await client.query('lock table triggers in access share mode');
    await expect(migrateOld({ lockTimeoutMs: 50, lockPatienceMs: 0 })).rejects.toHaveProperty('code', '55P03');
    await client.query('commit');
    expect(await migrateOld({})).toEqual(NAMES);
  });

  test('a commit that holds its position comes to its triggers: no deadlock', async () => {
    await client.query('begin');
    await client.query(`set local lock_timeout = '500ms'`);
    await client.query('update stream_positions set version = version + 1');
    const migrated = migrateOld({ lockTimeoutMs: 20_000 });
    const waits = `select 1 from pg_locks where not granted and database = (select oid from pg_database
      where datname = current_database())`;
    while ((await client.query(waits)).rowCount === 0);
    await client.query('select 1 from triggers');
    await client.query('commit');
    expect([await migrated, said]).toEqual([NAMES, NAMES.map((name) => `ran migration ${name}`)]);
  });
});

test('every entity reads the table that the migrations made', async () => {
  const database = await Database.open(testSettings(server.url));
  try {
    for (const entity of ENTITIES) expect(await database.dataSource.manager.find(entity)).toEqual([]);
  } finally {
    await database.close();
  }
});

/** What the rows of `writeAsBefore` have after the migration; without a transaction they are no news to anybody. */
const DEFAULTS: [sql: string, row: object][] = [
  [
    `select is_shared, status, status_reason, enabled_events, profile, content_type, headers, retry, previous_secret
     from endpoints`,
    {
      ...{ is_shared: false, status: 'active', status_reason: null, enabled_events: [], profile: 'standard' },
      ...{ content_type: 'application/json', headers: null, retry: null, previous_secret: null },
    },
  ],
  [
    'select failures, pause_until, failing_since, failed_firings, warned, last_error from endpoint_leases',
    { failures: 3, pause_until: null, failing_since: null, failed_firings: 0, warned: 0, last_error: null },
  ],
  [
    `select attempt, round, queued_at between now() - interval '1 minute' and now() as is_recent from outbox`,
    { attempt: 2, round: 0, is_recent: true },
  ],
  ['select endpoint_id, xid from events', { endpoint_id: null, xid: '0' }],
  ['select license, is_test, xid from deliveries', { license: null, is_test: false, xid: '0' }],
  ['select request_headers, is_truncated from attempts', { request_headers: null, is_truncated: false }],
];

async function runMigration(client: pg.Client, migration: MigrationInterface): Promise<void> {
  await migration.up({ query: (sql: string) => client.query(sql) } as unknown as QueryRunner);
}

/** Rows as they were written before, by name of their columns. */
async function writeAsBefore(client: pg.Client): Promise<void> {
  const id = randomUUID();
  for (const sql of [
    `insert into endpoints (id, license, url, secret, created_at, updated_at) values ($1, '', '', '', now(), now())`,
    `insert into endpoint_leases (endpoint_id, license, failures) values ($1, '', 3)`,
    `insert into outbox (endpoint_id, due_at, id, event_id, attempt) values ($1, now(), $1, $1, 2)`,
    `insert into events (id, type, license, trigger_id, vehicle, payload) values ($1, '', '', null, null, '')`,
    `insert into deliveries (id, event_id, endpoint_id, status, attempts, last_status_code, last_error, created_at,
       settled_at) values ($1, $1, $1, 'cancelled', 1, null, null, now(), now())`,
    `insert into attempts (delivery_id, number, started_at, duration_ms, outcome, status_code, error)
     values ($1, 1, now(), 1, '', null, null)`,
  ]) {
    await client.query(sql, [id]);
  }
}
