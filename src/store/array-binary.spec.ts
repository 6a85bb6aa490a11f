import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase, testSettings } from '../../test/support/database.js';
import { binaryTexts } from './array-binary.js';
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

/** As PostgreSQL reads it, and how many there are. */
async function read(texts: readonly (string | null | undefined)[]): Promise<unknown> {
  const { rows } = await database.pool.query<{ read: unknown; size: number }>(
    'select to_json($1::text[]) as read, cardinality($1::text[]) as size',
    [binaryTexts(texts, (text) => text)],
  );
  return [rows[0]!.read, rows[0]!.size];
}

const LONG = '日本 \u{1F600}'.repeat(10_000);

test.each<[string, (string | null)[]]>([
  ['one that is empty', ['']],
  ['one that is missing among others', ['a', null, 'NULL', null]],
  ['the first and the last missing', [null, 'b', null]],
  ['what arrays are written with', ['{', '}', '{a,b}', ',', '"', '\\', '\\"', '""', "'", '{"a":"b\\"c"}']],
  ['white space', [' ', '\n', '\t a \r\n']],
  ['other alphabets', ['ä', '\u{1F600}', '\uFFFD', '日本']],
  ['long ones', [LONG, 'a', LONG]],
])('texts are read as they were written: %s', async (_, texts) => {
  expect(await read(texts)).toEqual([texts, texts.length]);
});

test.each<[string, (null | undefined)[]]>([
  ['no row', []],
  ['rows without any', [null, undefined]],
])('without any value the array is empty: %s', async (_, texts) => {
  expect(await read(texts)).toEqual([[], 0]);
});

test('half of a pair that stands alone is replaced, as in every text that is sent', async () => {
  expect(await read(['a\ud800b'])).toEqual([['a\uFFFDb'], 1]);
});

test('what JSON.stringify wrote is read byte for byte', async () => {
  const letters = [
    '"',
    '\\',
    '{',
    '}',
    ',',
    ' ',
    'NULL',
    "'",
    'é',
    '\u2028',
    '\u{1F600}',
    '\t\n',
    '\u007f',
    '\0',
    '\u0001',
  ];
  const wild = [...letters, '\ud800', '\udc00x', ...letters.flatMap((a) => letters.map((b) => a + b))];
  const texts = wild.flatMap((text) => [JSON.stringify(text), JSON.stringify({ [text]: [text, 1.5, null] })]);
  expect(await read(texts)).toEqual([texts, texts.length]);
});
