import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase, testSettings } from '../../test/support/database.js';
import { eventually } from '../../test/support/product.js';
import { Database } from './database.js';
import { DatabaseWatch } from './database-watch.js';

let server: TestDatabase;
let database: Database;
let lines: { level: string; message: string }[];

beforeAll(async () => {
  server = await createTestDatabase();
  database = await Database.open(testSettings(server.url));
});
afterAll(async () => {
  await database.close();
  await server.drop();
});

test.each<[string, Error, string, string]>([
  ['a refusal is an error', Object.assign(new Error('no'), { code: '28P01' }), 'error', 'refuses the log-in'],
  ['an absence is a warning', Object.assign(new Error('no'), { code: 'ECONNREFUSED' }), 'warn', 'is not reachable'],
])('%s that is told once, and so is its end', async (_what, error, level, message) => {
  let looks = 0;
  let isBroken = true;
  // The place of a server that refuses us: real ones are in the tests of secured parts.
  const pool = { query: () => (++looks, isBroken ? Promise.reject(error) : Promise.resolve()) };
  const watch = watchOf({ pool, dataSource: database.dataSource } as unknown as Database);
  await eventually(() => looks > 3, 'it has looked again');
  isBroken = false;
  await eventually(() => lines.some((line) => line.message === 'the database is reachable again'), 'the end is told');
  watch.stop();
  expect(lines).toEqual([
    { level, message: expect.stringContaining(message) },
    { level: 'info', message: 'the database is reachable again' },
  ]);
});

test('an absence does not put off what is told of a refusal', async () => {
  const away = Object.assign(new Error('no'), { code: 'ECONNREFUSED' });
  const refused = Object.assign(new Error('no'), { code: '28P01' });
  let looks = 0;
  const pool = { query: () => Promise.reject(++looks < 3 ? away : refused) };
  const watch = watchOf({ pool, dataSource: database.dataSource } as unknown as Database);
  await eventually(() => looks > 5, 'it has looked again');
  watch.stop();
  expect(lines.map(({ level }) => level)).toEqual(['warn', 'error']);
});

function watchOf(watched: Database): DatabaseWatch {
  lines = [];
  const tell = (level: string) => (_fields: object, message: string) => void lines.push({ level, message });
  const log = { error: tell('error'), warn: tell('warn'), info: tell('info') };
  const watch = new DatabaseWatch({ database: watched, log, lookMs: 5 });
  watch.start();
  return watch;
}
