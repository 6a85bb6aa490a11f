import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EmbeddedPostgres } from '../dev/postgres/embedded-postgres.js';
import { Database } from '../src/store/database.js';
import { migrate } from '../src/store/migrate.js';

/** A server on which benches get databases of their own. */
export interface BenchServer {
  /** Gives `use` a database, migrated and empty, that is gone afterwards. */
  database<T>(use: (database: { url: string; version: string }) => Promise<T>): Promise<T>;
}

/** Gives `use` the server of `DATABASE_URL`, whose user may create databases, or an embedded one for as long as it takes. */
export async function withBenchServer<T>(use: (server: BenchServer) => Promise<T>): Promise<T> {
  const given = process.env.DATABASE_URL;
  if (given) return use(serverAt(given));
  const directory = mkdtempSync(join(tmpdir(), 'tripline-bench-'));
  // As root, PostgreSQL runs as somebody else, who has to get in.
  chmodSync(directory, 0o755);
  const postgres = await EmbeddedPostgres.start({ baseDir: join(directory, 'postgres') });
  try {
    return await use(serverAt(postgres.url));
  } finally {
    await postgres.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

function serverAt(serverUrl: string): BenchServer {
  return {
    async database(use) {
      const name = `tripline_bench_${randomBytes(6).toString('hex')}`;
      const version = await say(serverUrl, `create database ${name} template template0`);
      const url = new URL(serverUrl);
      url.pathname = `/${name}`;
      try {
        await migrate({ url: url.href }, () => undefined);
        return await use({ url: url.href, version });
      } finally {
        await say(serverUrl, `drop database ${name} with (force)`);
      }
    },
  };
}

/** Runs a statement; resolves to the server's version. */
async function say(url: string, statement: string): Promise<string> {
  const database = await Database.open({ url, controlPoolSize: 1, dataPoolSize: 1, applicationName: 'tripline bench' });
  try {
    await database.pool.query(statement);
    const { rows } = await database.pool.query<{ version: string }>(
      `select current_setting('server_version') as version`,
    );
    return rows[0]!.version;
  } finally {
    await database.close();
  }
}
