import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createTestDatabase, someoneWaits, type TestDatabase, testSettings } from '../../test/support/database.js';
import { type Chunk, ChunkStore } from './chunks.js';
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

/** A chunk that only moves its position. */
async function chunkOf(topic: string, nextOffset: bigint): Promise<Chunk> {
  const position = await new ChunkStore(database).open(topic, 0, 0n);
  const nothing = { states: [], firings: [], deadLetters: [] };
  return { topic, partition: 0, position, nextOffset, nextIndex: 0, indexSeq: 0n, ...nothing };
}

/** What a process does that is frozen inside a commit: its transaction is open, and holds the position's row. */
const TAKE_POSITION = 'update stream_positions set version = version + 1 where topic = $1';

test('a process that is frozen inside a commit keeps the next owner out no longer than the time-out', async () => {
  const frozen = await Database.open({
    ...testSettings(server.url),
    timeouts: { statementMs: 10_000, idleInTransactionMs: 300 },
  });
  const topic = `topic-${randomUUID()}`;
  const chunk = await chunkOf(topic, 5n);
  let ended: Promise<unknown> | undefined;
  const late = frozen.session(async (client) => {
    await client.query('begin');
    await client.query(TAKE_POSITION, [topic]);
    ended = new Promise((resolve) => client.once('end', resolve));
    const committed = new ChunkStore(database).commit(chunk);
    await someoneWaits(database);
    expect(await committed).toMatchObject({ kind: 'ok', position: { nextOffset: 5n, version: 1n } });
    // It goes on, and finds that its transaction is no more.
    await ended;
    await client.query('commit');
  });
  await expect(late).rejects.toThrow();
  expect(await new ChunkStore(frozen).commit(chunk)).toEqual({ kind: 'fenced' });
  await frozen.close();
});

test('a commit that waits too long for a row ends, leaves nothing, and goes through when it is tried again', async () => {
  const waiting = await Database.open({
    ...testSettings(server.url),
    timeouts: { statementMs: 200, idleInTransactionMs: 10_000 },
  });
  const topic = `topic-${randomUUID()}`;
  const chunk = await chunkOf(topic, 5n);
  const commit = () => new ChunkStore(waiting).commit(chunk);
  await database.session(async (client) => {
    await client.query('begin');
    await client.query(TAKE_POSITION, [topic]);
    await expect(commit()).rejects.toMatchObject({ code: '57014' });
    await client.query('rollback');
  });
  expect(await commit()).toMatchObject({ kind: 'ok', position: { nextOffset: 5n, version: 1n } });
  await waiting.close();
});

test('no table has a foreign key: a commit locks no row but those it writes', async () => {
  const sql = `select conrelid::regclass::text as name from pg_constraint where contype = 'f'`;
  expect((await database.pool.query(sql)).rows).toEqual([]);
});

test('no table that a commit writes has a trigger of the database: those of subscriptions, which count, are all', async () => {
  const sql = `select tgrelid::regclass::text as name, tgname from pg_trigger where not tgisinternal order by tgname`;
  expect((await database.pool.query(sql)).rows).toEqual([
    { name: 'subscriptions', tgname: 'subscriptions_added' },
    { name: 'subscriptions', tgname: 'subscriptions_removed' },
  ]);
});
