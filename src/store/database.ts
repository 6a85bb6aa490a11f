import type { Socket } from 'node:net';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { followDatabaseTime, keepFollowing } from './database-time.js';
import { ENTITIES } from './entities/entities.js';

export interface DatabaseSettings {
  /** May carry `sslmode` and the other parameters that pg understands: it is passed through. */
  url: string;
  /** Where `url` is a pooler in transaction mode: the server itself, for what needs a session of its own. */
  directUrl?: string;
  controlPoolSize: number;
  dataPoolSize: number;
  applicationName: string;
  /**
   * How long the server lets a statement run, and a transaction wait for its next one (10 s each), and how long an
   * answer is waited for (20 s).
   */
  timeouts?: Partial<Timeouts>;
}

interface Timeouts {
  statementMs: number;
  idleInTransactionMs: number;
  answerMs: number;
}

/** Which of the two ways: `control` serves the REST API and what is seldom, `data` everything that has to be fast. */
export type DatabaseWay = 'control' | 'data';

/** The part of a log that the store writes to. */
export interface StoreLog {
  warn(fields: object, message: string): void;
}

const CONNECT_TIMEOUT_MS = 5_000;
const STATEMENT_TIMEOUT_MS = 10_000;
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 10_000;
/**
 * No transaction of the data plane lasts longer. Only then can nothing more appear that was evaluated before a deletion,
 * or be queued for an endpoint that a trigger has left: a commit's look at its triggers is a snapshot, not a lock.
 */
export const SETTLED_AFTER_SECONDS = (STATEMENT_TIMEOUT_MS + IDLE_IN_TRANSACTION_TIMEOUT_MS) / 1_000;
/** A data connection that was not used is kept for longer than pg's 10 s: a new one is a process, and plans all anew. */
const IDLE_DATA_CONNECTION_MS = 300_000;
/** The server ends a statement first; this one ends the wait for a server that is gone without a word. */
const ANSWER_TIMEOUT_MS = 20_000;
/** A server that is gone never says that it has heard the goodbye. */
const GOODBYE_MS = 1_000;

/** The server ends what is frozen in the middle: a process that was stopped with a lock must not keep others out. */
const TIMEOUTS: Timeouts = {
  statementMs: STATEMENT_TIMEOUT_MS,
  idleInTransactionMs: IDLE_IN_TRANSACTION_TIMEOUT_MS,
  answerMs: ANSWER_TIMEOUT_MS,
};

/** A connection that only listens notices a lost peer by these probes alone. */
const KEEP_ALIVE = { keepAlive: true, keepAliveInitialDelayMillis: 10_000 };

/**
 * Every hot statement is written so that one plan is right: nested loops over primary keys. The planner would leave it
 * whenever statistics say that a table is empty, which the queue often is when they are taken, and be wrong by a
 * factor of a thousand until the next analyze. Without `jit=off` the penalties of what is switched off count as cost
 * and start the compiler. The date settings make a time's text, which is part of the queue's key, the same everywhere.
 *
 * A plan is made once for a connection and statement. Left to itself the server makes one for each execution, since it
 * takes the arrays of parameters for shorter than it guesses: half of the time of fetching, settling and loading states
 * went there. So no statement of the data plane may have a condition that only some parameters switch on (`$1 is null or …`).
 */
const DATA_PLANE_OPTIONS = [
  'enable_seqscan=off',
  'enable_hashjoin=off',
  'enable_mergejoin=off',
  'enable_bitmapscan=off',
  'jit=off',
  'plan_cache_mode=force_generic_plan',
  'datestyle=ISO',
  'timezone=UTC',
];

/**
 * The two ways to PostgreSQL. `dataSource` serves the control plane, `pool` the data plane (commits, queue, index),
 * whose statements are written by hand and prepared by name. A connection that breaks while idle is logged and
 * replaced; one that breaks in use rejects that use.
 */
export class Database {
  private readonly stopFollowing: () => void;

  private constructor(
    readonly dataSource: DataSource,
    readonly pool: pg.Pool,
    /** The server itself, past any pooler. */
    readonly directUrl: string,
    readonly log: StoreLog,
    private readonly applicationName: string,
  ) {
    this.stopFollowing = keepFollowing(pool, log);
  }

  /** Connects the control plane and checks both ways. Throws when the database does not answer. */
  static async open(settings: DatabaseSettings, log: StoreLog = { warn: () => undefined }): Promise<Database> {
    const directUrl = settings.directUrl ?? settings.url;
    const { statementMs, idleInTransactionMs, answerMs } = { ...TIMEOUTS, ...settings.timeouts };
    const ours = { Client: BoundedClient, query_timeout: answerMs, ...KEEP_ALIVE };
    const timeouts = { statement_timeout: statementMs, idle_in_transaction_session_timeout: idleInTransactionMs };
    const onError = (error: Error) => log.warn({ error: error.message }, 'an idle database connection broke');
    const dataSource = new DataSource({
      type: 'postgres',
      url: settings.url,
      entities: ENTITIES,
      applicationName: `${settings.applicationName} control`,
      poolSize: settings.controlPoolSize,
      connectTimeoutMS: CONNECT_TIMEOUT_MS,
      installExtensions: false,
      poolErrorHandler: onError,
      // A pooler refuses unknown start parameters and would not keep them for the session anyway.
      extra: { ...ours, ...(settings.directUrl === undefined ? timeouts : {}) },
    });
    const pool = new pg.Pool({
      ...ours,
      ...withOptions(directUrl, DATA_PLANE_OPTIONS),
      ...timeouts,
      application_name: settings.applicationName,
      max: settings.dataPoolSize,
      idleTimeoutMillis: IDLE_DATA_CONNECTION_MS,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    });
    pool.on('error', onError);
    const database = new Database(dataSource, pool, directUrl, log, settings.applicationName);
    try {
      await dataSource.initialize();
      await followDatabaseTime(pool);
    } catch (error) {
      await database.close();
      throw error;
    }
    return database;
  }

  /** Whether it answers by all of these ways: behind a pooler they lead to different servers. */
  async isReachable(ways: readonly DatabaseWay[] = ['control', 'data']): Promise<boolean> {
    const ask = { control: () => this.dataSource.query('select 1'), data: () => this.pool.query('select 1') };
    try {
      await Promise.all(ways.map((way): Promise<unknown> => ask[way]()));
      return true;
    } catch {
      return false;
    }
  }

  /** Runs `use` on one connection of the data plane; the connection is thrown away when `use` throws. */
  async session<T>(use: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    const client = await this.pool.connect();
    // While it is ours the pool does not listen: an error without a listener would end the process.
    const onError = (error: Error) => this.log.warn({ error: error.message }, 'a database connection broke in use');
    client.on('error', onError);
    let failure: Error | undefined;
    try {
      return await use(client);
    } catch (error) {
      failure = error instanceof Error ? error : new Error(String(error));
      throw error;
    } finally {
      client.removeListener('error', onError);
      client.release(failure);
    }
  }

  /** A new connection outside of the pools, not connected yet; the caller listens to its errors and ends it. */
  ownClient(purpose: string): pg.Client {
    return new BoundedClient({
      connectionString: this.directUrl,
      application_name: `${this.applicationName} ${purpose}`,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      query_timeout: ANSWER_TIMEOUT_MS,
      ...KEEP_ALIVE,
    });
  }

  /** Ends every connection, after the statements that run on them. */
  async close(): Promise<void> {
    this.stopFollowing();
    await Promise.all([this.dataSource.isInitialized && this.dataSource.destroy(), this.pool.end()]);
  }
}

/** What pg says when an answer did not come in time. */
const NO_ANSWER = 'Query read timeout';

/**
 * A pool hands a connection over at once, and its next holder listens a moment later: the server's last word, when it
 * comes in between, must not be an error without a listener, which ends the process. The next statement hears of it.
 *
 * A statement whose answer did not come in time is still under way: pg would queue the next one behind it, and TypeORM
 * gives the connection back as a good one. So it is ended at once, and its pool makes another.
 */
class BoundedClient extends pg.Client {
  constructor(config?: string | pg.ClientConfig) {
    super(config);
    this.on('error', () => undefined);
    // pg declares both with and without callbacks; which of them is called is the caller's choice.
    const { prototype } = pg.Client as unknown as {
      prototype: Record<'end' | 'query', (...given: unknown[]) => unknown>;
    };
    Object.assign(this, {
      end: (onEnd?: () => void) => {
        const { stream } = (this as unknown as { connection: { stream: Socket } }).connection;
        const timer = setTimeout(() => stream.destroy(), GOODBYE_MS).unref();
        this.once('end', () => clearTimeout(timer));
        return prototype.end.call(this, onEnd);
      },
      query: (...given: unknown[]) => {
        const answer = prototype.query.call(this, ...given);
        if (!(answer instanceof Promise)) return answer;
        return answer.catch((error: unknown) => {
          if (error instanceof Error && error.message === NO_ANSWER) void this.end();
          throw error;
        });
      },
    });
  }
}

/** pg lets the parameters of a URL win over the members beside it, so options that it has already are kept there. */
function withOptions(url: string, settings: readonly string[]): pg.PoolConfig {
  const ours = settings.map((setting) => `-c ${setting}`).join(' ');
  if (!/[?&]options=/.test(url)) return { connectionString: url, options: ours };
  const parsed = new URL(url);
  parsed.searchParams.set('options', `${parsed.searchParams.get('options')} ${ours}`);
  return { connectionString: parsed.href };
}
