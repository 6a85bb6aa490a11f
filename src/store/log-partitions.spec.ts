import { afterAll, beforeEach, expect, test } from '@jest/globals';
import { createTestDatabase, someoneWaits, type TestDatabase, testSettings } from '../../test/support/database.js';
import { Database } from './database.js';
import { DAY_MS, firstIdAt, newLogId } from './log-id.js';
import { LogPartitions } from './log-partitions.js';

const NOW = new Date('2026-11-22T15:30:00Z');

let server: TestDatabase | undefined;
let database: Database;
let partitions: LogPartitions;

beforeEach(async () => {
  await tearDown();
  server = await createTestDatabase();
  database = await Database.open(testSettings(server.url));
  partitions = new LogPartitions(database);
});
afterAll(tearDown);

test('yesterday, today and the days ahead have a partition of each table, made once', async () => {
  const names = ['20261121', '20261122', '20261123'].flatMap((day) =>
    ['events', 'deliveries', 'attempts'].map((table) => `${table}_${day}`),
  );
  expect(await partitions.ensure(NOW, 1)).toEqual(names);
  expect(await partitions.ensure(NOW, 1)).toEqual([]);
  expect(await partitions.ensure(new Date(NOW.getTime() + DAY_MS), 1)).toEqual(
    ['events', 'deliveries', 'attempts'].map((table) => `${table}_20261124`),
  );
});

test('every index of a table is one of each of its days too, made with it and attached, not built a second time', async () => {
  await partitions.ensure(NOW, 1);
  for (const table of ['events', 'deliveries', 'attempts']) {
    const { rows } = await database.pool.query<{ of_table: number; attached: number; of_day: number }>(
      `select (select count(*)::int from pg_index where indrelid = $1::regclass) as of_table,
              (select count(*)::int from pg_index where indrelid = $2::regclass) as of_day,
              (select count(*)::int from pg_index d join pg_inherits i on i.inhrelid = d.indexrelid
               join pg_index t on t.indexrelid = i.inhparent
               where d.indrelid = $2::regclass and t.indrelid = $1::regclass) as attached`,
      [table, `${table}_20261122`],
    );
    const { of_table: ofTable, ...day } = rows[0]!;
    expect(ofTable).toBeGreaterThan(0);
    expect(day).toEqual({ attached: ofTable, of_day: ofTable });
  }
});

test('without any day everything is written and read all the same', async () => {
  const id = await writeEvent(NOW.getTime());
  await writeSettled(NOW.getTime());
  expect([await places(), await places('deliveries'), await places('attempts')]).toEqual([
    ['events_default'],
    ['deliveries_default'],
    ['attempts_default'],
  ]);
  await partitions.ensure(NOW, 1);
  expect(await places()).toEqual(['events_20261122']);
  expect((await database.pool.query('select xid from events where id = $1', [id])).rows).toEqual([
    { xid: expect.any(String) },
  ]);
});

test('of several processes one makes them', async () => {
  const made = await Promise.all(Array.from({ length: 3 }, () => partitions.ensure(NOW, 2)));
  expect(new Set(made.flat()).size).toBe(made.flat().length);
  expect(await partitions.ensure(NOW, 2)).toEqual([]);
});

test.each([
  ['2026-11-22T00:00:00.000Z', 'events_20261122'],
  ['2026-11-22T23:59:59.999Z', 'events_20261122'],
  ['2026-11-23T00:00:00.000Z', 'events_20261123'],
  ['2026-11-20T23:59:59.999Z', 'events_default'],
  ['2031-01-01T00:00:00.000Z', 'events_default'],
])('an event of %s goes to %s', async (time, partition) => {
  await partitions.ensure(NOW, 1);
  await writeEvent(Date.parse(time));
  expect(await places()).toEqual([partition]);
});

test('events of a day without a partition are moved into it when it is made', async () => {
  const [before, during, after] = [DAY_MS * 2, DAY_MS * 3, DAY_MS * 4].map((ahead) => NOW.getTime() + ahead);
  for (const time of [before!, during!, after!]) await writeEvent(time);
  await writeSettled(during!);
  await partitions.ensure(NOW, 3);
  expect(await places()).toEqual(['events_20261124', 'events_20261125', 'events_default']);
  expect(await places('deliveries')).toEqual(['deliveries_20261125']);
  expect(await places('attempts')).toEqual(['attempts_20261125']);
});

test('an event id is unique over all days and in the default partition', async () => {
  await partitions.ensure(NOW, 1);
  for (const time of [NOW.getTime(), Date.parse('2031-01-01')]) {
    const id = await writeEvent(time);
    await expect(database.pool.query(`insert into events values ($1, 't', '', null, null, '')`, [id])).rejects.toThrow(
      'duplicate',
    );
  }
});

test('days that ended longer ago than the log is kept are dropped with all that is of them', async () => {
  const days = [5, 4, 3, 0].map((ago) => NOW.getTime() - ago * DAY_MS);
  await partitions.ensure(new Date(days[0]!), 5);
  const stray = Date.parse('2020-01-01');
  for (const time of [...days, stray]) {
    await writeEvent(time);
    await writeSettled(time);
  }
  const { dropped, expired } = await partitions.expire(NOW, 3);
  const tables = ['events', 'deliveries', 'attempts'];
  expect(dropped.sort()).toEqual(
    ['20261116', '20261117', '20261118'].flatMap((day) => tables.map((table) => `${table}_${day}`)).sort(),
  );
  for (const table of tables) expect(await places(table)).toEqual([`${table}_20261119`, `${table}_20261122`]);
  expect(expired).toBe(0);
  expect(await partitions.expire(NOW, 3)).toEqual({ dropped: [], expired: 0 });
});

test.each<[what: string, recordDaysAgo: number, queuedDaysAgo: number, isKept: boolean]>([
  ['queued as long ago as the log is kept stays pending', 3, 3, true],
  ['queued longer ago is given up', 5, 4, false],
  ['queued longer ago for a record of today is given up', 0, 4, false],
  ['queued lately for a record whose day is not there stays pending, and its event is kept', 400, 0, true],
  ['queued lately for a record whose day is dropped is given up', 5, 0, false],
])('a delivery that was %s', async (_what, recordDaysAgo, queuedDaysAgo, isKept) => {
  await partitions.ensure(new Date(NOW.getTime() - 5 * DAY_MS), 5);
  const eventId = await writeEvent(NOW.getTime() - recordDaysAgo * DAY_MS);
  const queuedAt = new Date(NOW.getTime() - queuedDaysAgo * DAY_MS);
  await enqueue(eventId, queuedAt);
  expect(await partitions.expire(NOW, 3)).toMatchObject({ expired: isKept ? 0 : 1 });
  await partitions.expire(NOW, 3);
  expect((await database.pool.query('select 1 from outbox')).rowCount).toBe(isKept ? 1 : 0);
  if (isKept) expect(await places()).toHaveLength(1);
  const { rows } = await database.pool.query(
    'select event_id, status, attempts, last_error, created_at from deliveries',
  );
  const record = { event_id: eventId, status: 'failed', attempts: 2, last_error: 'expired', created_at: queuedAt };
  expect(rows).toEqual(isKept ? [] : [record]);
});

test('the event of an old record goes once nothing pending needs it', async () => {
  await enqueue(await writeEvent(Date.parse('2020-01-01')), NOW);
  await partitions.expire(NOW, 3);
  expect(await places()).toEqual(['events_default']);
  await database.pool.query('truncate outbox');
  await partitions.expire(NOW, 3);
  expect(await places()).toEqual([]);
});

test('a drop that waits for a reader of the log does not make writers wait as long', async () => {
  await partitions.ensure(new Date(NOW.getTime() - 9 * DAY_MS), 9);
  const expiring = await database.session(async (reader) => {
    await reader.query('begin');
    // Of today alone: the old days can be emptied, but not taken out of the table.
    await reader.query(`select count(*) from events where id >= '${firstIdAt(NOW.getTime())}'`);
    const dropping = partitions.expire(NOW, 3);
    await someoneWaits(database);
    await writeEvent(NOW.getTime());
    await reader.query('commit');
    return { dropping };
  });
  expect((await expiring.dropping).dropped).toContain('events_20261112');
});

test('the log is kept for three days at least', () => {
  expect(() => partitions.expire(NOW, 2)).toThrow(RangeError);
});

async function writeEvent(time: number): Promise<string> {
  const id = newLogId(time);
  await database.pool.query(`insert into events values ($1, 'trigger.fired', '', null, null, '{}')`, [id]);
  return id;
}

async function writeSettled(time: number): Promise<void> {
  const values = [newLogId(time), new Date(time)];
  await database.pool.query(
    `insert into deliveries values ($1, $1, gen_random_uuid(), 'delivered', 1, 200, null, $2, $2)`,
    values,
  );
  await database.pool.query(`insert into attempts values ($1, 1, $2, 5, 'delivered', 200, null)`, values);
}

/** A delivery of an event, with an id of the same time as computed ids have, that was tried twice. */
async function enqueue(eventId: string, queuedAt: Date): Promise<void> {
  await database.pool.query(
    `insert into outbox (endpoint_id, due_at, id, event_id, attempt, created_at, queued_at)
     values (gen_random_uuid(), now(), $1, $1, 2, $2, $2)`,
    [eventId, queuedAt],
  );
}

/** The partitions in which a table's rows are. */
async function places(table = 'events'): Promise<string[]> {
  const { rows } = await database.pool.query<{ place: string }>(
    `select tableoid::regclass::text as place from ${table} order by 1`,
  );
  return rows.map((row) => row.place);
}

async function tearDown(): Promise<void> {
  if (server === undefined) return;
  await database.close();
  await server.drop();
}
