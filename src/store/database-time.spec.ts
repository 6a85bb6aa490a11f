import { expect, test } from '@jest/globals';
import { createTestDatabase, testSettings } from '../../test/support/database.js';
import { databaseNow, databaseNowMs, followDatabaseTime } from './database-time.js';
import { Database } from './database.js';
import { firstIdAt, newLogId } from './log-id.js';

/** A database whose clock shows this, and that takes so long to say it. */
function clockAt(ms: number, tookMs = 0) {
  const query = async () => {
    await new Promise((resolve) => setTimeout(resolve, tookMs));
    return { rows: [{ ms }] };
  };
  return { query } as unknown as Database['pool'];
}

test("the time is the database's, whatever the machine's clock shows, and ids are made of it", async () => {
  await followDatabaseTime(clockAt(5_000_000));
  expect(Math.abs(databaseNowMs() - 5_000_000)).toBeLessThan(1_000);
  expect(newLogId() < firstIdAt(6_000_000)).toBe(true);
});

test('an answer that was long in coming is not gone by', async () => {
  await followDatabaseTime(clockAt(5_000_000));
  await followDatabaseTime(clockAt(90_000_000, 1_100));
  expect(databaseNowMs()).toBeLessThan(6_000_000);
});

test('whoever opens a database goes by its time', async () => {
  await followDatabaseTime(clockAt(5_000_000));
  const server = await createTestDatabase();
  const database = await Database.open(testSettings(server.url));
  expect(Math.abs(databaseNow().getTime() - Date.now())).toBeLessThan(60_000);
  await database.close();
  await server.drop();
});
