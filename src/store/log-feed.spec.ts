import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase, testSettings } from '../../test/support/database.js';
import { addEvent, addPending, addSettled, type Queryable } from '../../test/support/log-rows.js';
import { LICENSE, OTHER_LICENSE } from '../../test/support/triggers.js';
import { Database } from './database.js';
import { type FeedCursor, formatFeedCursor, isBefore, parseFeedCursor } from './feed-cursor.js';
import type { FeedEntry } from './feed-reader.js';
import { LogFeed } from './log-feed.js';

const FIRST_ID = '00000000-0000-0000-0000-000000000000';

let server: TestDatabase;
let database: Database;
let feed: LogFeed;

beforeAll(async () => {
  server = await createTestDatabase();
  database = await Database.open({ ...testSettings(server.url), dataPoolSize: 12 });
});
afterAll(async () => {
  await database.close();
  await server.drop();
});
beforeEach(() => {
  feed = new LogFeed({ database, log: { warn: () => undefined }, intervalMs: 5 });
});
afterEach(() => feed.close());

/** Collects what a follower gets until it has `count` entries. */
async function collect(count: number, after?: FeedCursor, license = LICENSE, from = feed): Promise<FeedEntry[]> {
  const found: FeedEntry[] = [];
  const enough = new AbortController();
  for await (const entries of from.follow(license, after, enough.signal)) {
    found.push(...entries);
    if (found.length >= count) break;
  }
  return found;
}

/** The place of everything that is committed by now. */
async function now(): Promise<FeedCursor> {
  const { rows } = await database.pool.query<{ xmin: string }>(
    'select pg_snapshot_xmin(pg_current_snapshot())::text as xmin',
  );
  return { xid: BigInt(rows[0]!.xmin) - 1n, kind: 'event', id: 'ffffffff-ffff-ffff-ffff-ffffffffffff' };
}

async function inTransaction(write: (to: Queryable) => Promise<void>, end: 'commit' | 'rollback'): Promise<void> {
  await database.session(async (client) => {
    await client.query('begin');
    await write(client);
    await client.query(end);
  });
}

const ids = (entries: readonly FeedEntry[]) => entries.map(({ id }) => id);

test('a follower gets what its license writes from now on, and nothing of others or of before', async () => {
  await addEvent(database.pool);
  const following = collect(2);
  const mine: string[] = [];
  // Whoever has not begun yet would miss what comes first: written until it is heard.
  for (let isHeard = false; !isHeard;) {
    await addEvent(database.pool, { license: OTHER_LICENSE });
    mine.push((await addEvent(database.pool)).id);
    isHeard = await Promise.race([
      following.then(() => true),
      new Promise<false>((resolve) => setTimeout(resolve, 5, false)),
    ]);
  }
  const got = ids(await following);
  expect(mine.slice(mine.indexOf(got[0]!)).slice(0, got.length)).toEqual(got);
});

test('what was committed before is not new, even behind a transaction that is still under way; its own is', async () => {
  const own = await Database.open({ ...testSettings(server.url), applicationName: 'follower' });
  const alone = new LogFeed({ database: own, log: { warn: () => undefined }, intervalMs: 5 });
  await database.session(async (open) => {
    await open.query('begin');
    const late = await addEvent(open);
    await addEvent(database.pool);
    const following = collect(1, undefined, LICENSE, alone);
    await hasAsked('follower');
    await open.query('commit');
    expect(ids(await following)).toEqual([late.id]);
  });
  await alone.close();
  await own.close();
});

/** Resolves when the tail of a feed has looked at the log, so whoever follows is past its beginning. */
async function hasAsked(applicationName: string): Promise<void> {
  const sql = `select 1 from pg_stat_activity where application_name = $1 and query like '%as has_rows%'`;
  while ((await database.pool.query(sql, [applicationName])).rowCount === 0);
}

test('log events and settled deliveries come in the order of their transactions; what is pending does not', async () => {
  const place = await now();
  const event = await addEvent(database.pool, { type: 'webhook.created' });
  await addPending(database.pool, { event });
  const failed = await addSettled(database.pool, 'failed', { event });
  const last = await addEvent(database.pool);
  const got = await collect(3, place);
  expect(got.map(({ kind, id }) => [kind, id])).toEqual([
    ['event', event.id],
    ['delivery', failed.id],
    ['event', last.id],
  ]);
  expect(got[1]).toMatchObject({ delivery: { status: 'failed', eventType: 'webhook.created', eventId: event.id } });
});

test('a follower that comes back goes on behind the last entry it had, also within a transaction', async () => {
  const place = await now();
  await inTransaction(async (to) => {
    for (let n = 0; n < 5; n++) await addEvent(to);
  }, 'commit');
  const all = await collect(5, place);
  const cursors = all.map((entry) => parseFeedCursor(formatFeedCursor(entry))!);
  for (let n = 0; n < 4; n++) expect(ids(await collect(4 - n, cursors[n]))).toEqual(ids(all).slice(n + 1));
});

test('what commits late is not missed, what is rolled back never comes, and nothing comes twice', async () => {
  const place = await now();
  const committed: string[] = [];
  const writers = Array.from({ length: 8 }, async (_, writer) => {
    for (let round = 0; round < 25; round++) {
      const written: string[] = [];
      const end = (writer + round) % 4 === 0 ? 'rollback' : 'commit';
      await inTransaction(async (to) => {
        written.push((await addEvent(to)).id);
        // Others commit in between, so this one commits behind entries that are already read.
        await to.query('select pg_sleep($1)', [((writer * 7 + round * 3) % 10) / 1000]);
        written.push((await addSettled(to, 'delivered', { event: await addEvent(to, { license: OTHER_LICENSE }) })).id);
      }, end);
      if (end === 'commit') committed.push(written[0]!);
    }
  });
  // These join while the writers write: from the past, and again and again from the middle.
  const whole = collect(150, place);
  const parts = (async () => {
    const found: FeedEntry[] = [];
    let after = place;
    while (found.length < 150) {
      found.push(...(await collect(1, after)));
      after = found.at(-1)!;
    }
    return found;
  })();
  await Promise.all(writers);
  expect(committed.length).toBe(150);
  const seen = ids(await whole);
  expect([...seen].sort()).toEqual([...committed].sort());
  expect(ids(await parts)).toEqual(seen);
});

test('a follower that does not come for its entries gets them all when it does', async () => {
  const signal = new AbortController();
  const slow = feed.follow(LICENSE, await now(), signal.signal);
  const first = await addEvent(database.pool);
  expect(ids((await slow.next()).value as FeedEntry[])).toEqual([first.id]);
  const others: string[] = [];
  // In transactions, so that they are handed out in parts; more than are kept for anyone.
  for (let n = 0; n < 60; n++) {
    await inTransaction(async (to) => {
      const values = Array.from({ length: 50 }, () => '(gen_random_uuid())').join(', ');
      const { rows } = await to.query(
        `insert into events (id, type, license, payload) select v.id, 'x', '${LICENSE}', '{}' from (values ${values}) v (id) returning id`,
      );
      others.push(...(rows as { id: string }[]).map(({ id }) => id));
    }, 'commit');
  }
  await collect(3_000, { ...(await now()), xid: BigInt(await xidOf(first.id)) });
  const rest: string[] = [];
  while (rest.length < 3_000) rest.push(...ids((await slow.next()).value as FeedEntry[]));
  expect([...rest].sort()).toEqual(others.sort());
  signal.abort();
});

async function xidOf(eventId: string): Promise<string> {
  const { rows } = await database.pool.query<{ xid: string }>('select xid from events where id = $1', [eventId]);
  return rows[0]!.xid;
}

test('a transaction larger than a page comes in pages, whole, in its order, and goes on within', async () => {
  const place = await now();
  await database.pool.query(
    `insert into events (id, type, license, payload)
     select gen_random_uuid(), 'x', '${LICENSE}', '{}' from generate_series(1, 12000)`,
  );
  // Both kinds in one transaction.
  await database.pool.query(
    `with x as (
       insert into events (id, type, license, payload)
       select gen_random_uuid(), 'x', '${LICENSE}', '{}' from generate_series(1, 3000) returning id
     )
     insert into deliveries (id, event_id, endpoint_id, status, attempts, created_at, settled_at, license)
     select gen_random_uuid(), id, id, 'held', 0, now(), now(), '${LICENSE}' from x`,
  );
  const last = await addEvent(database.pool);
  const pages = await pagesUpTo(last.id, place);
  const got = pages.flat();
  expect(Math.max(...pages.map(({ length }) => length))).toBeLessThanOrEqual(10_000);
  expect(pages.length).toBeGreaterThan(1);
  expect([got.length, new Set(ids(got)).size, got.at(-1)!.id]).toEqual([18_001, 18_001, last.id]);
  expect(got.every((entry, n) => n === 0 || isBefore(got[n - 1]!, entry))).toBe(true);
  const middle = got[7_000]!;
  expect(ids((await pagesUpTo(last.id, middle)).flat())).toEqual(ids(got.slice(7_001)));
});

/** The pages behind a place until the one that ends with an event. */
async function pagesUpTo(id: string, after: FeedCursor): Promise<FeedEntry[][]> {
  const pages: FeedEntry[][] = [];
  for await (const page of feed.follow(LICENSE, after, new AbortController().signal)) {
    pages.push(page);
    if (page.at(-1)!.id === id) break;
  }
  return pages;
}

test('what has no transaction, since it is older than the log, is never told', async () => {
  const old = await addEvent(database.pool);
  await database.pool.query('update events set xid = 0 where id = $1', [old.id]);
  const last = await addEvent(database.pool);
  const all = (await pagesUpTo(last.id, { xid: 0n, kind: 'delivery', id: FIRST_ID })).flat();
  expect(ids(all)).not.toContain(old.id);
});

test('a place of a database that is no more means from now on', async () => {
  const old = await addEvent(database.pool);
  const following = collect(1, { xid: 2n ** 60n, kind: 'event', id: old.id });
  let isHeard = false;
  while (!isHeard) {
    await addEvent(database.pool);
    isHeard = await Promise.race([
      following.then(() => true),
      new Promise<false>((resolve) => setTimeout(resolve, 5, false)),
    ]);
  }
  expect(ids(await following)).not.toContain(old.id);
});

test('closing ends everyone who follows', async () => {
  const following = collect(1, await now());
  const another = collect(1, undefined, OTHER_LICENSE);
  await feed.close();
  expect([await following, await another]).toEqual([[], []]);
});

test.each(['', '1', '1.e', '1.x.00000000-0000-4000-8000-000000000000', '-1.e.00000000-0000-4000-8000-000000000000'])(
  '%j is no place',
  (text) => expect(parseFeedCursor(text)).toBeUndefined(),
);
