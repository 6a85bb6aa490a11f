import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import type { Database } from './database.js';
import { DAY_MS, firstIdAt } from './log-id.js';

/** The tables of the log, each partitioned by the time in its first column's ids. */
const TABLES = [
  { table: 'events', key: 'id' },
  { table: 'deliveries', key: 'id' },
  { table: 'attempts', key: 'delivery_id' },
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
    return this.alone(async (client) => {
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
   * Drops the days that ended more than `retentionDays` before today, and what of that age is in the default partition
   * or still pending; resolves to the names of the partitions. Throws for fewer than 3 days: the longest retry schedule
   * needs the payload for as long.
   */
  expire(now: Date, retentionDays: number): Promise<string[]> {
    if (retentionDays < RETENTION_DAYS_MIN) {
      throw new RangeError(`the event log is kept for at least ${RETENTION_DAYS_MIN} days, not for ${retentionDays}`);
    }
    return this.alone(async (client) => {
      const cutoff = (Math.floor(now.getTime() / DAY_MS) - retentionDays) * DAY_MS;
      await deleteInBatches(client, 'outbox', 'event_id', cutoff);
      const dropped: string[] = [];
      for (const { table, key } of TABLES) {
        for (const name of await partitionsBefore(client, table, cutoff)) {
          // The rows go first and fast; the table's entry may have to wait for every reader of the log.
          const isGone =
            (await untilLocked(client, () => client.query(`truncate ${name}`))) &&
            (await untilLocked(client, () => client.query(`drop table ${name}`)));
          if (isGone) dropped.push(name);
        }
        await deleteInBatches(client, `${table}_default`, key, cutoff);
      }
      return dropped;
    });
  }

  private alone(work: (client: pg.ClientBase) => Promise<string[]>): Promise<string[]> {
    return this.database.session(async (client) => {
      const lock = await client.query<{ locked: boolean }>('select pg_try_advisory_lock($1) as locked', [
        PARTITIONS_LOCK,
      ]);
      if (!lock.rows[0]!.locked) return [];
      // A session that fails is thrown away, and the lock with it.
      await client.query(`set lock_timeout = ${LOCK_TIMEOUT_MS}`);
      await client.query('set enable_seqscan = on');
      const names = await work(client);
      await client.query('reset lock_timeout');
      await client.query('reset enable_seqscan');
      await client.query('select pg_advisory_unlock($1)', [PARTITIONS_LOCK]);
      return names;
    });
  }
}

/**
 * A partition made apart, with a constraint that says what it holds, and then attached: this waits for no writer of
 * other days. Rows of the day that came before their partition are in the default one and must go into the new one
 * first, or it could never be attached.
 */
async function createPartition(client: pg.ClientBase, { table, key }: LogTable, day: number): Promise<void> {
  const name = partitionName(table, day);
  const [from, to] = [firstIdAt(day), firstIdAt(day + DAY_MS)];
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

async function partitionsBefore(client: pg.ClientBase, table: string, cutoff: number): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid
     where i.inhparent = $1::regclass and c.relname ~ '_[0-9]{8}$' and c.relname < $2 order by 1`,
    [table, partitionName(table, cutoff)],
  );
  return rows.map((row) => row.name);
}

async function deleteInBatches(client: pg.ClientBase, table: string, key: string, cutoff: number): Promise<void> {
  const statement = `delete from ${table} where ctid = any (array(
    select ctid from ${table} where ${key} < $1 limit ${DELETE_BATCH} for update skip locked
  ))`;
  for (;;) {
    const { rowCount } = await client.query(statement, [firstIdAt(cutoff)]);
    if (rowCount !== DELETE_BATCH) return;
  }
}

function partitionName(table: string, day: number): string {
  return `${table}_${new Date(day).toISOString().slice(0, 10).replaceAll('-', '')}`;
}
