import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase, testSettings } from '../../test/support/database.js';
import { plainArray, textArray } from './array-text.js';
import { Database } from './database.js';

let server: TestDatabase;
let database: Database;
beforeAll(async () => {
  server = await createTestDatabase();
  database = await Database.open(testSettings(server.url));
});
afterAll(async () => {
  await database.close();
  await server.drop();
});

async function read(type: string, array: unknown): Promise<unknown> {
  const { rows } = await database.pool.query<{ read: unknown }>(`select to_json($1::${type}[]) as read`, [array]);
  return rows[0]!.read;
}

test.each<[string, string[]]>([
  ['nothing', []],
  ['one that is empty', ['']],
  ['a text that says NULL', ['NULL', 'null']],
  ['what arrays are written with', ['{', '}', '{a,b}', ',', '"', '\\', '\\"', '""', "'", '{"a":"b\\"c"}']],
  ['white space', [' ', '\n', '\t a \r\n']],
  ['other alphabets', ['ä', '\u{1F600}', '\uFFFD', '日本']],
])('texts are read as they were written: %s', async (_, texts) => {
  expect(
    await read(
      'text',
      textArray(texts, (text) => text),
    ),
  ).toEqual(texts);
});

test('what is missing is NULL', async () => {
  expect(
    await read(
      'text',
      textArray(['a', null, undefined], (text) => text),
    ),
  ).toEqual(['a', null, null]);
  expect(
    await read(
      'int',
      plainArray([1, null, undefined], (value) => value),
    ),
  ).toEqual([1, null, null]);
});

test('ids, numbers and truth are read as they were written', async () => {
  const ids = [randomUUID(), randomUUID()];
  expect(
    await read(
      'uuid',
      plainArray(ids, (id) => id),
    ),
  ).toEqual(ids);
  const numbers = [0, -0.5, 1e-7, 1.5e21, 123_456.789];
  expect(
    await read(
      'float8',
      plainArray(numbers, (value) => value),
    ),
  ).toEqual(numbers);
  expect(
    await read(
      'boolean',
      plainArray([true, false], (value) => value),
    ),
  ).toEqual([true, false]);
});

test('any texts are read as the driver has them read', async () => {
  const letters = ['"', '\\', '{', '}', ',', ' ', 'a', 'NULL', '\n', 'é', '\u{1F600}'];
  const texts = Array.from({ length: 500 }, (_, at) =>
    Array.from({ length: at % 7 }, (__, place) => letters[(at * 31 + place * place * 17) % letters.length]!).join(''),
  );
  expect(
    await read(
      'text',
      textArray(texts, (text) => text),
    ),
  ).toEqual(await read('text', texts));
});

test('whole numbers of 64 bits are read as they were written', async () => {
  const { rows } = await database.pool.query<{ read: string }>('select ($1::bigint[])[1]::text as read', [
    plainArray([2n ** 62n], (number) => number),
  ]);
  expect(rows[0]!.read).toBe(String(2n ** 62n));
});
