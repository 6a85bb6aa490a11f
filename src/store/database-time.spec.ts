import { afterEach, expect, jest, test } from '@jest/globals';
import { createTestDatabase, testSettings } from '../../test/support/database.js';
import { databaseNow, databaseNowMs, followDatabaseTime, keepFollowing } from './database-time.js';
import { Database } from './database.js';
import { firstIdAt, newLogId } from './log-id.js';

afterEach(() => void jest.useRealTimers());

interface Clock {
  /** What the database's clock is ahead of the machine's. */
  aheadMs: number;
  /** How long a question takes, and a connection before it; fails for undefined. */
  tookMs: number | undefined;
  connectMs: number;
  asked: number;
}

/** A database with a clock; what takes long is as long by a clock that only a test moves on. */
function clockAt(given: Partial<Clock> = {}): { clock: Clock; pool: Database['pool'] } {
  const clock: Clock = { aheadMs: 0, tookMs: 2, connectMs: 0, asked: 0, ...given };
  const query = () => {
    clock.asked += 1;
    if (clock.tookMs === undefined) return Promise.reject(new Error('away'));
    jest.advanceTimersByTime(clock.tookMs);
    return Promise.resolve({ rows: [{ ms: performance.now() - clock.tookMs / 2 + clock.aheadMs }] });
  };
  const connect = () => {
    jest.advanceTimersByTime(clock.connectMs);
    return Promise.resolve({ query, release: () => undefined });
  };
  return { clock, pool: { connect } as unknown as Database['pool'] };
}

/** Each test begins long after whatever the one before learned. */
let startMs = 1_000_000_000;
function begin(): void {
  startMs += 1_000_000_000;
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate'] });
  jest.advanceTimersByTime(startMs);
}

const aheadMs = () => databaseNowMs() - performance.now();

test("the time is the database's, whatever the machine's clock shows, and ids are made of it", async () => {
  begin();
  const ms = performance.now() + 5_000_000;
  expect(await followDatabaseTime(clockAt({ aheadMs: 5_000_000 }).pool)).toBe(true);
  expect(Math.abs(databaseNowMs() - ms)).toBeLessThan(1_000);
  expect(newLogId() < firstIdAt(ms + 1_000_000)).toBe(true);
});

test('how long it took to connect is no part of it', async () => {
  begin();
  await followDatabaseTime(clockAt({ aheadMs: 5_000_000, connectMs: 4_000 }).pool);
  expect(Math.abs(aheadMs() - 5_000_000)).toBeLessThan(5);
});

test('an answer that was long in coming counts where there is none better, and not where there is', async () => {
  begin();
  const { clock, pool } = clockAt({ aheadMs: 50_000, tookMs: 4_000 });
  expect(await followDatabaseTime(pool)).toBe(true);
  Object.assign(clock, { aheadMs: 50_900, tookMs: 2 });
  expect(await followDatabaseTime(pool)).toBe(true);
  Object.assign(clock, { aheadMs: 50_500, tookMs: 4_000 });
  expect(await followDatabaseTime(pool)).toBe(false);
  expect(Math.abs(aheadMs() - 50_900)).toBeLessThan(5);
});

test('an answer that the one before rules out counts however long it took: a clock has stepped', async () => {
  begin();
  const { clock, pool } = clockAt({ aheadMs: 50_000 });
  await followDatabaseTime(pool);
  Object.assign(clock, { aheadMs: 90_000, tookMs: 4_000 });
  expect(await followDatabaseTime(pool)).toBe(true);
  expect(Math.abs(aheadMs() - 90_000)).toBeLessThan(5);
});

test('it is asked once a minute, a second after a failure, and warned of after ten minutes without', async () => {
  begin();
  const { clock, pool } = clockAt();
  const warnings: string[] = [];
  const stop = keepFollowing(pool, { warn: (_, message) => warnings.push(message) });
  await jest.advanceTimersByTimeAsync(59_000);
  expect(clock.asked).toBe(0);
  await jest.advanceTimersByTimeAsync(2_000);
  expect(clock.asked).toBe(1);
  clock.tookMs = undefined;
  await jest.advanceTimersByTimeAsync(70_000);
  expect(clock.asked).toBeGreaterThan(5);
  expect(warnings).toEqual([]);
  await jest.advanceTimersByTimeAsync(600_000);
  expect(warnings).toHaveLength(1);
  stop();
  const { asked } = clock;
  await jest.advanceTimersByTimeAsync(120_000);
  expect(clock.asked).toBe(asked);
});

test('a machine that slept asks at once', async () => {
  begin();
  const { clock, pool } = clockAt();
  const stop = keepFollowing(pool, { warn: () => undefined });
  await jest.advanceTimersByTimeAsync(5_000);
  expect(clock.asked).toBe(0);
  // The time of day goes on while a machine sleeps; its monotonic clock does not.
  jest.setSystemTime(Date.now() + 30_000);
  await jest.advanceTimersByTimeAsync(2_000);
  expect(clock.asked).toBe(1);
  stop();
});

test('whoever opens a database goes by its time', async () => {
  const server = await createTestDatabase();
  const database = await Database.open(testSettings(server.url));
  expect(Math.abs(databaseNow().getTime() - Date.now())).toBeLessThan(60_000);
  await database.close();
  await server.drop();
});
