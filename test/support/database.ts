import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Database, DatabaseSettings } from '../../src/store/database.js';
import { migrate } from '../../src/store/migrate.js';

export interface TestDatabase {
  /** Where the database is: migrated and empty. */
  url: string;
  /** Removes it, with whatever connections are still open. */
  drop(): Promise<void>;
}

/** Makes a database of its own for a spec file, on the server of `TEST_DATABASE_URL`, whose user may create databases. */
export async function createTestDatabase(): Promise<TestDatabase> {
  return copyOf(await (template ??= makeTemplate()));
}

/** A server of a test's own goes with its databases: this one, which is its first, is migrated and dropped by nobody. */
export async function databaseOfServer(url: string): Promise<TestDatabase> {
  await migrate({ url }, () => undefined);
  return { url, drop: () => Promise.resolve() };
}

/** The same without any table, for what tests migrations. */
export function createEmptyTestDatabase(): Promise<TestDatabase> {
  return copyOf('template0');
}

/** A migrated database that those of this run of the suite are copied from; the first who needs it makes it. */
let template: Promise<string> | undefined;

async function makeTemplate(): Promise<string> {
  const name = process.env.TEST_DATABASE_TEMPLATE!;
  await onServer(async (client) => {
    // Of several workers one makes it, the others wait.
    await client.query('select pg_advisory_lock(hashtext($1))', [name]);
    const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [name]);
    if (rowCount !== 0) return;
    await client.query(`create database ${name}_new template template0`);
    await migrate({ url: urlOf(`${name}_new`) }, () => undefined);
    await client.query(`alter database ${name}_new rename to ${name}`);
  });
  return name;
}

async function copyOf(source: string): Promise<TestDatabase> {
  const name = `tripline_test_${randomBytes(6).toString('hex')}`;
  const how = process.env.TEST_DATABASE_OPTIONS ?? '';
  await onServer((client) => client.query(`create database ${name} template ${source} ${how}`));
  const drop = () => onServer((client) => client.query(`drop database if exists ${name} with (force)`));
  return { url: urlOf(name), drop };
}

function urlOf(database: string): string {
  const url = new URL(serverUrl());
  url.pathname = `/${database}`;
  return url.href;
}

function serverUrl(): string {
  const url = process.env.TEST_DATABASE_URL;
  if (!url) throw new Error('TEST_DATABASE_URL is not set: it names the PostgreSQL server that specs use');
  return url;
}

/** Settings that suit a test: small pools. */
export function testSettings(url: string): DatabaseSettings {
  return { url, controlPoolSize: 4, dataPoolSize: 4, applicationName: 'tripline test' };
}

/** Resolves when a statement in this database waits for a lock: a test's cue that the other side has got that far. */
export async function someoneWaits(database: Database): Promise<void> {
  const sql = `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
  while ((await database.pool.query(sql)).rowCount === 0);
}

async function onServer(work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: serverUrl() });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

/**
 * Resolves when every transaction that had begun is over, also those of other specs on the same server: from then on
 * whoever reads in the order of transactions sees all that was written before.
 */
export async function transactionsOver(database: Pick<Database, 'pool'>): Promise<void> {
  const { rows } = await database.pool.query<{ xid: string }>('select pg_current_xact_id()::text as xid');
  const sql = 'select pg_snapshot_xmin(pg_current_snapshot())::text::bigint > $1::bigint as "isOver"';
  for (;;) {
    const looked = await database.pool.query<{ isOver: boolean }>(sql, [rows[0]!.xid]);
    if (looked.rows[0]!.isOver) return;
    await sleep(5);
  }
}
