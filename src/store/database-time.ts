import type pg from 'pg';

/** So often a process looks what time it is: more than a machine's clock drifts, or sleeps, should not add up. */
export const FOLLOW_MS = 60_000;
/** An answer that took longer says too little of when it was given. */
const ANSWER_MAX_MS = 1_000;

/** What the database's clock is ahead of this process's monotonic one. Until it is known the machine's clock stands in. */
let aheadMs = Date.now() - performance.now();

/**
 * Ms since 1970 by the database's clock, as near as its last answer tells: some milliseconds. What is stored with a time
 * takes it from here where the statement cannot take its own, so that processes need not agree on what time it is, and
 * no step of a machine's clock shows.
 */
export function databaseNowMs(): number {
  return Math.floor(performance.now() + aheadMs);
}

/** The same as a date. */
export function databaseNow(): Date {
  return new Date(databaseNowMs());
}

/** Asks the database for its time, which `databaseNowMs` goes by from then on. Rejects when there is no answer. */
export async function followDatabaseTime(pool: Pick<pg.Pool, 'query'>): Promise<void> {
  const askedMs = performance.now();
  const { rows } = await pool.query<{ ms: number }>(
    'select extract(epoch from clock_timestamp())::float8 * 1000 as ms',
  );
  const answeredMs = performance.now();
  if (answeredMs - askedMs <= ANSWER_MAX_MS) aheadMs = rows[0]!.ms - (askedMs + answeredMs) / 2;
}
