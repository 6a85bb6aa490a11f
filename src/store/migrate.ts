import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { MIGRATIONS } from './migrations/migrations.js';

/** Any number that nothing else in the database locks. */
const MIGRATION_LOCK = 7_021_001;
const LOCK_RETRY_MS = 200;
/** A migration that cannot have a table's lock by then fails: behind one that waits, every other statement waits too. */
const LOCK_TIMEOUT_MS = 10_000;
const CONNECT_TIMEOUT_MS = 5_000;

/**
 * Brings the database to this release's schema and resolves to the names of the migrations that ran. Of several
 * processes one runs them; the others ask again until it is done, since a process that waited inside the database would
 * hold a snapshot, and an index built concurrently waits for those. `url` must lead to the server itself: a lock of a
 * session is lost behind a pooler. Throws when the database does not answer or a migration fails; it is then undone.
 */
export async function migrate(settings: { url: string }, log: (line: string) => void): Promise<string[]> {
  const lock = new pg.Client({
    connectionString: settings.url,
    application_name: 'tripline migration',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
  });
  lock.on('error', (error) => log(`the connection that guards migrations broke: ${error.message}`));
  await lock.connect();
  try {
    for (let waited = false; !(await tryLock(lock)); waited = true) {
      if (!waited) log('waiting for another process that migrates the database');
      await sleep(LOCK_RETRY_MS);
    }
    return await runMigrations(settings.url, log);
  } finally {
    // Ending the session gives the lock back.
    await lock.end();
  }
}

async function tryLock(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ locked: boolean }>('select pg_try_advisory_lock($1) as locked', [
    MIGRATION_LOCK,
  ]);
  return rows[0]!.locked;
}

async function runMigrations(url: string, log: (line: string) => void): Promise<string[]> {
  const dataSource = new DataSource({
    type: 'postgres',
    url,
    migrations: MIGRATIONS,
    applicationName: 'tripline migration',
    connectTimeoutMS: CONNECT_TIMEOUT_MS,
    installExtensions: false,
    poolSize: 1,
    poolErrorHandler: (error: Error) => log(`a migration's connection broke: ${error.message}`),
    extra: { lock_timeout: LOCK_TIMEOUT_MS },
  });
  await dataSource.initialize();
  try {
    const run = await dataSource.runMigrations({ transaction: 'each' });
    for (const migration of run) log(`ran migration ${migration.name}`);
    return run.map((migration) => migration.name);
  } finally {
    await dataSource.destroy();
  }
}
