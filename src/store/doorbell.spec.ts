import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import pg from 'pg';
import { createTestDatabase, type TestDatabase, testSettings } from '../../test/support/database.js';
import { Database } from './database.js';
import { Doorbell } from './doorbell.js';

let server: TestDatabase;
let here: Database;
let elsewhere: Database;
const bells: Doorbell[] = [];

beforeEach(async () => {
  server = await createTestDatabase();
  here = await Database.open({ ...testSettings(server.url), applicationName: 'here' });
  elsewhere = await Database.open({ ...testSettings(server.url), applicationName: 'elsewhere' });
});
afterEach(async () => {
  for (const bell of bells.splice(0)) await bell.close();
  await here.close();
  await elsewhere.close();
  await server.drop();
});

test('listeners of the process are called at once, even without a database', async () => {
  const bell = newBell(here);
  const heard: string[][] = [];
  const stop = await bell.listen((ids) => heard.push(ids));
  bell.ring(['a', 'b', 'a']);
  bell.ring([]);
  expect(heard).toEqual([['a', 'b']]);
  await stop();
  bell.ring(['c']);
  expect(heard).toEqual([['a', 'b']]);
});

test('a listener in another process hears a bell; one in the same process hears it once', async () => {
  const [near, far] = [newBell(here, true), newBell(elsewhere)];
  const nearby: string[] = [];
  await near.listen((ids) => nearby.push(...ids));
  const heard = collect(2);
  await far.listen(heard.add);
  near.ring(['a']);
  near.ring(['b', 'a']);
  expect(await heard.all).toEqual(['a', 'b']);
  expect(nearby).toEqual(['a', 'b', 'a']);
});

test('more endpoints than one notification can name all arrive', async () => {
  const [near, far] = [newBell(here, true), newBell(elsewhere)];
  const ids = Array.from({ length: 1_000 }, () => randomUUID());
  const heard = collect(ids.length);
  await far.listen(heard.add);
  near.ring(ids);
  expect(new Set(await heard.all)).toEqual(new Set(ids));
});

test('a bell that does not announce is heard nowhere else', async () => {
  const [silent, loud, far] = [newBell(here), newBell(here, true), newBell(elsewhere)];
  const heard = collect(1);
  await far.listen(heard.add);
  silent.ring(['silent']);
  loud.ring(['loud']);
  expect(await heard.all).toEqual(['loud']);
});

test('what a listener of the process serves is announced nowhere else', async () => {
  const [near, far] = [newBell(here, true), newBell(elsewhere)];
  const nearby: string[] = [];
  await near.listen(
    (ids) => nearby.push(...ids),
    (id) => id === 'ours',
  );
  const heard = collect(1);
  await far.listen(heard.add);
  near.ring(['ours']);
  near.ring(['ours', 'anybody’s']);
  expect(await heard.all).toEqual(['anybody’s']);
  expect(nearby).toEqual(['ours', 'ours', 'anybody’s']);
});

test('a listener whose connection broke hears again once it is back', async () => {
  const near = newBell(here, true);
  let onWarning = (): void => undefined;
  const far = new Doorbell({ database: elsewhere, log: { warn: () => onWarning() } });
  bells.push(far);
  const heard = collect(1);
  await far.listen(heard.add);
  const broke = new Promise<void>((resolve) => (onWarning = resolve));
  const { rows } = await here.pool.query<{ pid: number }>(
    `select pid, pg_terminate_backend(pid) from pg_stat_activity where application_name = 'elsewhere doorbell'`,
  );
  await broke;
  await listening('elsewhere doorbell', rows[0]!.pid);
  near.ring(['again']);
  expect(await heard.all).toEqual(['again']);
});

test('a listener that fails keeps no other from being called', async () => {
  const warnings: string[] = [];
  const bell = new Doorbell({ database: here, log: { warn: (_, message) => warnings.push(message) } });
  bells.push(bell);
  const heard: string[] = [];
  await bell.listen(() => {
    throw new Error('broken');
  });
  await bell.listen((ids) => heard.push(...ids));
  bell.ring(['a']);
  expect([heard, warnings]).toEqual([['a'], ['a listener of the doorbell failed']]);
});

test('bells that ring during an announcement go with the next, one statement at a time', async () => {
  const { database, announcements } = observed(here);
  const [near, far] = [newBell(database, true), newBell(elsewhere)];
  const heard = collect(3);
  await far.listen(heard.add);
  near.ring(['a']);
  const release = await announcements.firstBegan;
  near.ring(['b']);
  near.ring(['c']);
  // Due after the timer of a second announcement, if there were one.
  setTimeout(release, 50);
  expect(await heard.all).toEqual(['a', 'b', 'c']);
  expect([announcements.begun, announcements.atOnce]).toEqual([2, 1]);
});

test('without a database, a bell is a hint lost and not another try to connect', async () => {
  let tries = 0;
  const ownClient = () => {
    tries++;
    return new pg.Client('postgres://127.0.0.1:1/none');
  };
  const bell = newBell({ ownClient } as unknown as Database, true);
  await bell.listen(() => undefined);
  bell.ring(['a']);
  // Due after the announcement's timer.
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(tries).toBe(1);
});

test('a closed bell is silent', async () => {
  const bell = newBell(here, true);
  const heard: string[] = [];
  await bell.listen((ids) => heard.push(...ids));
  await bell.close();
  bell.ring(['a']);
  expect(heard).toEqual([]);
});

/** The same database, whose connection tells of announcements and holds back the first until it is released. */
function observed(database: Database) {
  let begin: (release: () => void) => void;
  const announcements = {
    begun: 0,
    running: 0,
    atOnce: 0,
    firstBegan: new Promise<() => void>((resolve) => (begin = resolve)),
  };
  const ownClient = (purpose: string): pg.Client => {
    const client = database.ownClient(purpose);
    const query = client.query.bind(client) as (...given: unknown[]) => Promise<unknown>;
    const observing = async (...given: unknown[]): Promise<unknown> => {
      if (!String(given[0]).includes('pg_notify')) return query(...given);
      announcements.atOnce = Math.max(announcements.atOnce, ++announcements.running);
      if (++announcements.begun === 1) await new Promise<void>((release) => begin(release));
      return query(...given).finally(() => announcements.running--);
    };
    return Object.assign(client, { query: observing });
  };
  return { announcements, database: { ownClient } as unknown as Database };
}

function newBell(database: Database, announce = false): Doorbell {
  const bell = new Doorbell({ database, log: { warn: () => undefined }, announce });
  bells.push(bell);
  return bell;
}

/** What a listener heard, once it is this many. */
function collect(count: number): { add: (ids: string[]) => void; all: Promise<string[]> } {
  const heard: string[] = [];
  let done: (all: string[]) => void;
  const all = new Promise<string[]>((resolve) => (done = resolve));
  return { all, add: (ids) => (heard.push(...ids), heard.length >= count && done(heard)) };
}

/** Waits until a process of this name listens again. */
async function listening(applicationName: string, formerPid: number): Promise<void> {
  const sql = `select 1 from pg_stat_activity
               where application_name = $1 and pid <> $2 and query like 'listen %' and state = 'idle'`;
  while ((await here.pool.query(sql, [applicationName, formerPid])).rowCount === 0);
}
