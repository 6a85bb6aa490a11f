import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { DataSource, MigrationExecutor } from 'typeorm';
import { MIGRATIONS } from './migrations/migrations.js';

/** Any number that nothing else in the database locks. */
const MIGRATION_LOCK = 7_021_001;
const LOCK_RETRY_MS = 200;
/** A migration that cannot have a table's lock by then gives way: behind one that waits, every other statement waits too. */
const LOCK_TIMEOUT_MS = 2_000;
/** So long it comes again and again; whoever holds a lock for longer is no running commit. */
const LOCK_PATIENCE_MS = 60_000;
const AGAIN_MS = 500;
/** A table's lock that did not come in time, and a deadlock. Nothing is left of a migration that met one. */
const LOCKED_OUT = new Set(['55P03', '40P01']);
const CONNECT_TIMEOUT_MS = 5_000;

export interface MigrateSettings {
  url: string;
  /** How long a statement waits for a lock; 2 s. */
  lockTimeoutMs?: number;
  /** How long a migration that met locks is repeated; a minute. */
  lockPatienceMs?: number;
}

/**
 * Brings the database to this release's schema and resolves to the names of the migrations that ran. Of several
 * processes one runs them; the others ask again until it is done, since a process that waited inside the database would
 * hold a snapshot, and an index built concurrently waits for those. `url` must lead to the server itself: a lock of a
 * session is lost behind a pooler. Processes of the release before go on meanwhile: where their locks are in the way, a
 * migration gives way and comes again. Throws when the database does not answer or a migration fails; it is then undone.
 */
export async function migrate(settings: MigrateSettings, log: (line: string) => void): Promise<string[]> {
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
    return await runMigrations(settings, log);
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

async function runMigrations(settings: MigrateSettings, log: (line: string) => void): Promise<string[]> {
  const dataSource = new DataSource({
    type: 'postgres',
    url: settings.url,
    migrations: MIGRATIONS,
    // Silent: what fails is thrown, and told by who catches it.
    logger: 'debug',
    applicationName: 'tripline migration',
    connectTimeoutMS: CONNECT_TIMEOUT_MS,
    installExtensions: false,
    poolSize: 1,
    poolErrorHandler: (error: Error) => log(`a migration's connection broke: ${error.message}`),
    extra: { lock_timeout: settings.lockTimeoutMs ?? LOCK_TIMEOUT_MS },
  });
  await dataSource.initialize();
  try {
    const pending = (await new MigrationExecutor(dataSource).getPendingMigrations()).map(({ name }) => name);
    await runPast(dataSource, settings.lockPatienceMs ?? LOCK_PATIENCE_MS, log);
    for (const name of pending) log(`ran migration ${name}`);
    return pending;
  } finally {
    await dataSource.destroy();
  }
}

/** Each migration is one transaction: what a repetition meets is as it was, or done. */
async function runPast(dataSource: DataSource, patienceMs: number, log: (line: string) => void): Promise<void> {
  for (const until = performance.now() + patienceMs; ; await sleep(AGAIN_MS)) {
    try {
      await dataSource.runMigrations({ transaction: 'each' });
      return;
    } catch (error) {
      const { code = '' } = error as { code?: string };
      if (!LOCKED_OUT.has(code) || performance.now() > until) throw error;
      log(`a migration gives way to what others have locked, and comes again: ${(error as Error).message}`);
    }
  }
}
