import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import type { Database } from './database.js';
import { inBatches } from './in-batches.js';
import { DAY_MS, firstIdAt } from './log-id.js';
import { CANCEL_BATCH, EXPIRE_OF_EVENTS, EXPIRE_QUEUED_BEFORE } from './sql/given-up.js';

/**
 * The tables of the log, each partitioned by the time in its first column's ids, which is the record's; `isOld` tells
 * what goes from the default partition, given a time and the first id of it. What came of an old record is kept from when
 * it happened. An event stays for as long as a delivery of it is pending: both are committed together, so a snapshot
 * has both.
 */
const TABLES = [
  {
    table: 'events',
    key: 'id',
    isOld: (_time: string, id: string) =>
      `r.id < '${id}' and not exists (select 1 from outbox o where o.event_id = r.id)`,
  },
  {
    table: 'deliveries',
    key: 'id',
    isOld: (time: string, id: string) => `r.id < '${id}' and r.settled_at < '${time}'`,
  },
  {
    table: 'attempts',
    key: 'delivery_id',
    isOld: (time: string, id: string) => `r.delivery_id < '${id}' and r.started_at < '${time}'`,
  },
] as const;
type LogTable = (typeof TABLES)[number];

const PARTITIONS_LOCK = 7_021_002;
/** Records that arrived before midnight are still committed after it. */
const DAYS_BEHIND = 1;
/** What waits for a lock of a table makes all others wait behind it: so it waits for a moment only, and again. */
const LOCK_TIMEOUT_MS = 100;
const LOCK_RETRY_MS = 200;
/** Half a minute; what could not be had by then is left to the next run. */
const LOCK_TRIES_MAX = 100;
const DELETE_BATCH = 10_000;
export const RETENTION_DAYS_MIN = 3;

/**
 * The days of the event log. `ensure` makes them ahead of time and `expire` drops the old ones; both may be called by
 * any number of processes: one works, the others return at once with nothing done. Days are UTC's.
 */
export class LogPartitions {
  constructor(private readonly database: Database) {}

  /** Makes the partitions of yesterday to `daysAhead` from now that are missing; resolves to their names. */
  ensure(now: Date, daysAhead = 7): Promise<string[]> {
    return this.alone([], async (client) => {
      const today = Math.floor(now.getTime() / DAY_MS) * DAY_MS;
      const created: string[] = [];
      for (let day = today - DAYS_BEHIND * DAY_MS; day <= today + daysAhead * DAY_MS; day += DAY_MS) {
        for (const log of TABLES) {
          const name = partitionName(log.table, day);
          if (await exists(client, name)) continue;
          if (await untilLocked(client, () => createPartition(client, log, day))) created.push(name);
        }
      }
      return created;
    });
  }

  /**
   * Drops the days that ended more than `retentionDays` before today, and what of that age is in the default partition.
   * Deliveries that were queued before that, or whose event goes with its day, are given up: they are on record as
   * failed, with the error 'expired'. What was queued only lately for an old record stays pending, as long as its event is
   * in no day that goes. Throws for fewer than 3 days: the longest retry schedule needs the payload for as long.
   */
  expire(now: Date, retentionDays: number): Promise<Expiry> {
    if (retentionDays < RETENTION_DAYS_MIN) {
      throw new RangeError(`the event log is kept for at least ${RETENTION_DAYS_MIN} days, not for ${retentionDays}`);
    }
    return this.alone({ dropped: [], expired: 0 }, async (client) => {
      const cutoff = (Math.floor(now.getTime() / DAY_MS) - retentionDays) * DAY_MS;
      const dropped: string[] = [];
      let expired = 0;
      // Events last: what is given up for them goes on record in the default partition, once its own day is dropped.
      for (const log of TABLES.toReversed()) {
        for (const { name, day } of await partitionsBefore(client, log.table, cutoff)) {
          if (log.table === 'events') expired += await giveUp(client, EXPIRE_OF_EVENTS, idsOf(day));
          if (await dropPartition(client, name)) dropped.push(name);
        }
      }
      expired += await giveUp(client, EXPIRE_QUEUED_BEFORE, [new Date(cutoff).toISOString()]);
      for (const log of TABLES) await clearDefault(client, log, cutoff);
      return { dropped, expired };
    });
  }

  /** `idle` is the answer when another process is at it. */
  private alone<T>(idle: T, work: (client: pg.ClientBase) => Promise<T>): Promise<T> {
    return this.database.session(async (client) => {
      const lock = await client.query<{ locked: boolean }>('select pg_try_advisory_lock($1) as locked', [
        PARTITIONS_LOCK,
      ]);
      if (!lock.rows[0]!.locked) return idle;
      // A session that fails is thrown away, and the lock with it.
      await client.query(`set lock_timeout = ${LOCK_TIMEOUT_MS}`);
      for (const way of WHOLE_TABLES) await client.query(`set ${way} = on`);
      const answer = await work(client);
      await client.query('reset lock_timeout');
      for (const way of WHOLE_TABLES) await client.query(`reset ${way}`);
      await client.query('select pg_advisory_unlock($1)', [PARTITIONS_LOCK]);
      return answer;
    });
  }
}

/** What the data plane's sessions do without, and statements over whole tables need. */
const WHOLE_TABLES = ['enable_seqscan', 'enable_hashjoin'];

/** What `LogPartitions.expire` did. */
export interface Expiry {
  /** Names of partitions. */
  dropped: string[];
  /** Pending deliveries that were given up. */
  expired: number;
}

/**
 * A partition made apart, with a constraint that says what it holds, and then attached: this waits for no writer of
 * other days. Rows of the day that came before their partition are in the default one and must go into the new one
 * first, or it could never be attached.
 */
async function createPartition(client: pg.ClientBase, { table, key }: LogTable, day: number): Promise<void> {
  const name = partitionName(table, day);
  const [from, to] = idsOf(day);
  const ofThatDay = `${key} >= '${from}' and ${key} < '${to}'`;
  await client.query('begin');
  try {
    await client.query(`create table ${name} (like ${table} including all, check (${ofThatDay}))`);
    await client.query(`lock table ${table}_default in access exclusive mode`);
    await client.query(
      `with early as (delete from ${table}_default where ${ofThatDay} returning *) insert into ${name} select * from early`,
    );
    await client.query(`alter table ${table} attach partition ${name} for values from ('${from}') to ('${to}')`);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback');
    throw error;
  }
}

/** Tries until the lock is there; false when it was not for half a minute. */
async function untilLocked(client: pg.ClientBase, work: () => Promise<unknown>): Promise<boolean> {
  for (let tries = 0; tries < LOCK_TRIES_MAX; tries++) {
    try {
      await work();
      return true;
    } catch (error) {
      if (!LOCK_MISSED.has((error as { code?: string }).code ?? '')) throw error;
      await sleep(LOCK_RETRY_MS);
    }
  }
  return false;
}

/** Not available in time, and deadlock. */
const LOCK_MISSED = new Set(['55P03', '40P01']);

async function exists(client: pg.ClientBase, name: string): Promise<boolean> {
  const { rows } = await client.query<{ found: boolean }>('select to_regclass($1) is not null as found', [name]);
  return rows[0]!.found;
}

async function partitionsBefore(
  client: pg.ClientBase,
  table: string,
  cutoff: number,
): Promise<{ name: string; day: number }[]> {
  const { rows } = await client.query<{ name: string }>(
    `select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid
     where i.inhparent = $1::regclass and c.relname ~ '_[0-9]{8}$' and c.relname < $2 order by 1`,
    [table, partitionName(table, cutoff)],
  );
  return rows.map(({ name }) => ({ name, day: dayOf(name) }));
}

/** The rows go first and fast; the table's entry may have to wait for every reader of the log. */
async function dropPartition(client: pg.ClientBase, name: string): Promise<boolean> {
  return (
    (await untilLocked(client, () => client.query(`truncate ${name}`))) &&
    (await untilLocked(client, () => client.query(`drop table ${name}`)))
  );
}

/** Resolves to how many deliveries left the queue. */
function giveUp(client: pg.ClientBase, statement: string, values: unknown[]): Promise<number> {
  return inBatches(CANCEL_BATCH, async () => {
    const { rows } = await client.query<{ removed: number }>(statement, values);
    return rows[0]!.removed;
  });
}

async function clearDefault(client: pg.ClientBase, { table, isOld }: LogTable, cutoff: number): Promise<void> {
  const which = isOld(new Date(cutoff).toISOString(), firstIdAt(cutoff));
  const statement = `delete from ${table}_default where ctid = any (array(
    select r.ctid from ${table}_default r where ${which} limit ${DELETE_BATCH} for update skip locked
  ))`;
  await inBatches(DELETE_BATCH, async () => (await client.query(statement)).rowCount ?? 0);
}

/** The first id of a day, and the first after it. */
function idsOf(day: number): [from: string, to: string] {
  return [firstIdAt(day), firstIdAt(day + DAY_MS)];
}

/** The day of a partition's name, in ms since 1970. */
function dayOf(name: string): number {
  const [, year, month, day] = /_([0-9]{4})([0-9]{2})([0-9]{2})$/.exec(name)!;
  return Date.UTC(Number(year), Number(month) - 1, Number(day));
}

function partitionName(table: string, day: number): string {
  return `${table}_${new Date(day).toISOString().slice(0, 10).replaceAll('-', '')}`;
}
