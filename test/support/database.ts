import { randomBytes } from 'node:crypto';
import { Database, type DatabaseSettings } from '../../src/store/database.js';
import { migrate } from '../../src/store/migrate.js';

export interface TestDatabase {
  /** Where the database is: migrated and empty. */
  url: string;
  /** Removes it, with whatever connections are still open. */
  drop(): Promise<void>;
}

/** Makes a database of its own for a spec file, on the server of `TEST_DATABASE_URL`, whose user may create databases. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const test = await createEmptyTestDatabase();
  await migrate(test, () => undefined);
  return test;
}

/** The same without any table, for what tests migrations. */
export async function createEmptyTestDatabase(): Promise<TestDatabase> {
  const server = process.env.TEST_DATABASE_URL;
  if (!server) throw new Error('TEST_DATABASE_URL is not set: it names the PostgreSQL server that specs use');
  const name = `tripline_test_${randomBytes(6).toString('hex')}`;
  await onServer(server, `create database ${name} template template0`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => onServer(server, `drop database if exists ${name} with (force)`) };
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

async function onServer(url: string, statement: string): Promise<void> {
  const database = await Database.open({ ...testSettings(url), controlPoolSize: 1, dataPoolSize: 1 });
  try {
    await database.pool.query(statement);
  } finally {
    await database.close();
  }
}
