import type pg from 'pg';

/** So often a process asks what time it is: more than a machine's clock drifts should not add up. */
const FOLLOW_MS = 60_000;
const LOOK_MS = 1_000;
/** A monotonic clock stands still while its machine sleeps, the other does not: so far apart and one of them jumped. */
const JUMP_MS = 1_000;
/** What a machine's clock may go wrong by: an older answer says less. */
const DRIFT = 200e-6;
const WARN_AFTER_MS = 10 * 60_000;

/** When the database said what time it is: how far it is ahead of the monotonic clock, give or take `uncertainMs`. */
interface Answer {
  aheadMs: number;
  uncertainMs: number;
  atMs: number;
}

/**
 * Of the module, since ids and times are made where no database is at hand, and a process has one database. Until it has
 * answered, the machine's clock stands in.
 */
let aheadMs = Date.now() - performance.now();
let answer: Answer | undefined;

/**
 * Ms since 1970 by the database's clock, as near as its last answers tell: some milliseconds. What is stored with a time
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

/**
 * Asks the database for its time, on a connection that is open already, so that only the question itself takes time.
 * `databaseNowMs` goes by it from then on, unless what it goes by is nearer: the first answer counts however long it was
 * in coming, and so does one that shows that a clock has stepped. Resolves to whether it counts; rejects when there is none.
 */
export async function followDatabaseTime(pool: Pick<pg.Pool, 'connect'>): Promise<boolean> {
  const latest = await ask(pool);
  if (answer && !isBetter(latest, answer)) return false;
  answer = latest;
  ({ aheadMs } = latest);
  return true;
}

/**
 * Follows the database's time until the function is called that it gives back: once a minute, a second after a failure,
 * and at once when the machine has slept. Warns when nothing was learned for ten minutes.
 */
export function keepFollowing(
  pool: Pick<pg.Pool, 'connect'>,
  log: { warn(fields: object, message: string): void },
): () => void {
  let isAsking = false;
  let apartMs = Date.now() - performance.now();
  let dueMs = performance.now() + FOLLOW_MS;
  let warnMs = performance.now() + WARN_AFTER_MS;
  const follow = async () => {
    const counts = await followDatabaseTime(pool).catch(() => undefined);
    const nowMs = performance.now();
    dueMs = nowMs + (counts === undefined ? LOOK_MS : FOLLOW_MS);
    if (counts) warnMs = nowMs + WARN_AFTER_MS;
    if (nowMs < warnMs) return;
    warnMs = nowMs + WARN_AFTER_MS;
    log.warn({}, "the database's time could not be learned for ten minutes; times go by what it said before");
  };
  const look = () => {
    const nowApartMs = Date.now() - performance.now();
    const hasJumped = Math.abs(nowApartMs - apartMs) > JUMP_MS;
    // Kept while an answer is under way: it may be from before the jump.
    if (isAsking || (!hasJumped && performance.now() < dueMs)) return;
    apartMs = nowApartMs;
    isAsking = true;
    void follow().finally(() => (isAsking = false));
  };
  const looking = setInterval(look, LOOK_MS).unref();
  return () => clearInterval(looking);
}

async function ask(pool: Pick<pg.Pool, 'connect'>): Promise<Answer> {
  const client = await pool.connect();
  let failure: Error | undefined;
  try {
    const askedMs = performance.now();
    const { rows } = await client.query<{ ms: number }>(
      'select extract(epoch from clock_timestamp())::float8 * 1000 as ms',
    );
    const answeredMs = performance.now();
    const middleMs = (askedMs + answeredMs) / 2;
    return { aheadMs: rows[0]!.ms - middleMs, uncertainMs: (answeredMs - askedMs) / 2, atMs: middleMs };
  } catch (error) {
    failure = error instanceof Error ? error : new Error(String(error));
    throw error;
  } finally {
    client.release(failure);
  }
}

function isBetter(latest: Answer, known: Answer): boolean {
  const knownMs = known.uncertainMs + (latest.atMs - known.atMs) * DRIFT;
  const isContradiction = Math.abs(latest.aheadMs - known.aheadMs) > latest.uncertainMs + knownMs;
  return isContradiction || latest.uncertainMs <= knownMs;
}
