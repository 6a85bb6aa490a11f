import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase, testSettings } from '../../test/support/database.js';
import { LICENSE, OTHER_LICENSE, vehicleOf } from '../../test/support/triggers.js';
import { Database } from './database.js';
import { cancelPending } from './given-up.js';
import { newLogId } from './log-id.js';
import { DeliveryQueue, QUEUE_START } from './queue.js';
import type { AttemptRecord } from '../core/attempt-record.js';
import type { Settlement } from './settlement.js';

const ATTEMPT: AttemptRecord = {
  ...{ durationMs: 12, outcome: 'rejected', statusCode: 500, error: 'no' },
  ...{ requestHeaders: null, responseHeaders: null, responseBody: null, isTruncated: false },
};
const MINUTE_MS = 60_000;
/** Minutes. */
const LATER = 600;

let server: TestDatabase;
let database: Database;
let queue: DeliveryQueue;
let token: string;
let endpointId: string;

beforeAll(async () => {
  server = await createTestDatabase();
  database = await Database.open(testSettings(server.url));
  queue = new DeliveryQueue(database);
});
afterAll(async () => {
  await database.close();
  await server.drop();
});
beforeEach(async () => {
  await database.pool.query('truncate outbox, senders, endpoints, endpoint_leases, attempts, deliveries, events');
  token = await queue.startSender();
  endpointId = await newEndpoint();
});

test('an endpoint that is to be left alone is leased by nobody before that time, named or not', async () => {
  await enqueue();
  for (const [until, among, isLeased] of [
    ['1 minute', undefined, false],
    ['1 minute', [endpointId], false],
    ['-1 second', undefined, true],
    ['-1 second', [endpointId], true],
  ] as const) {
    await database.pool.query('update endpoint_leases set holder = null, pause_until = now() + $1::interval', [until]);
    expect((await queue.lease(token, 1, among)).length).toBe(isLeased ? 1 : 0);
  }
});

test.each([
  ['nobody before', '-1 hour', 'none', false],
  ['one that gave it back after an attempt just now', '0 seconds', 'none', true],
  ['one that died', '-1 hour', 'dead', true],
])('a lease tells whether its endpoint was busy under %s, and how it fails', async (_, attempted, holder, wasBusy) => {
  await enqueue();
  const dead = randomUUID();
  await database.pool.query(`insert into senders values ($1, now() - interval '1 s')`, [dead]);
  await database.pool.query(
    'update endpoint_leases set failures = 4, last_attempt_at = now() + $1::interval, holder = $2',
    [attempted, holder === 'dead' ? dead : null],
  );
  expect(await queue.lease(token, 1)).toEqual([{ endpointId, license: LICENSE, failures: 4, wasBusy }]);
});

/** What each result of a batch is: f and r fail, the first of its round or not; d arrives; c, h settle without an attempt. */
test.each<[batches: string, failures: number, firings: number, since: number | null, error: string | null]>([
  ['f', 1, 1, 1, 'error 1'],
  ['r', 1, 0, 1, 'error 1'],
  ['g', 1, 1, 1, 'error 1'],
  ['f r f', 3, 2, 1, 'error 3'],
  ['frf', 3, 2, 1, 'error 3'],
  ['f d', 0, 0, null, null],
  ['fd', 0, 0, null, null],
  ['df', 1, 1, 2, 'error 2'],
  ['ff fdrf', 2, 1, 5, 'error 6'],
  ['f ch', 1, 1, 1, 'error 1'],
  ['f chd', 0, 0, null, null],
])('after %s, %i failed in a row, %i of them firings', async (batches, failures, firings, since, error) => {
  let n = 0;
  for (const batch of batches.split(' ')) await settle([...batch].map((kind) => resultOf(kind, ++n)));
  expect(await health()).toMatchObject({ failures, failed_firings: firings, last_error: error });
  expect(await failingFor()).toBe(since === null ? null : ago(since));
});

test.each([
  ['29 hours', 3_000],
  ['31 hours', 99],
])('an endpoint that fails again after %s without any attempt is failing for %i minutes', async (gap, minutes) => {
  await database.pool.query(
    `update endpoint_leases set failures = 3, failing_since = now() - interval '3000 min',
       last_attempt_at = now() - $2::interval where endpoint_id = $1`,
    [endpointId, gap],
  );
  await settle([resultOf('f', 1), resultOf('f', 2)]);
  expect(await health()).toMatchObject({ failures: 5 });
  expect(await failingFor()).toBe(minutes);
});

test.each<[string, () => Promise<unknown>, object]>([
  ['cancelled', () => cancelPending(database, { endpointId }), { status: 'delivered', attempts: 1 }],
  ['given up', () => queue.expire(endpointId, -1_000), { status: 'delivered', attempts: 1 }],
])('a delivery that arrives while it is %s has arrived, and the stream tells so', async (_, takeOut, expected) => {
  const arrived = await settlementOf(resultOf('d', 1));
  const unsent = await settlementOf({ ...resultOf('d', 2), attempt: undefined });
  await takeOut();
  const before = await rows<{ xid: string }>('select xid from deliveries where id = $1', [arrived.delivery.id]);
  await queue.settle(token, [arrived, unsent]);
  const [after] = await rows<{ xid: string }>('select * from deliveries where id = $1', [arrived.delivery.id]);
  expect(after).toMatchObject({ ...expected, last_status_code: 500, last_error: null });
  expect(BigInt(after!.xid)).toBeGreaterThan(BigInt(before[0]!.xid));
  expect(await rows('select attempts from deliveries where id = $1', [unsent.delivery.id])).toEqual([{ attempts: 0 }]);
  expect(await rows(`select id from deliveries where status = 'delivered'`)).toHaveLength(1);
  // Told again it is no news.
  await queue.settle(token, [arrived]);
  expect(await rows('select xid from deliveries where id = $1', [arrived.delivery.id])).toEqual([{ xid: after!.xid }]);
});

test('a delivery that fails while it is cancelled stays so', async () => {
  const failed = await settlementOf({ ...resultOf('f', 1), outcome: 'failed' });
  await cancelPending(database, { endpointId });
  await queue.settle(token, [failed]);
  expect(await rows('select status, attempts from deliveries')).toEqual([{ status: 'cancelled', attempts: 0 }]);
});

test('who settles is told of the endpoints of the batch that are failing now, with what they were warned of', async () => {
  const well = await newEndpoint();
  await database.pool.query('update endpoint_leases set warned = 50, failures = 7 where endpoint_id = $1', [
    endpointId,
  ]);
  const answer = await settle([resultOf('f', 1), resultOf('d', 2, well)]);
  const failingForMs = expect.closeTo(ago(1) * MINUTE_MS, -2);
  expect(answer.ailing).toEqual([
    { endpointId, failures: 8, failedFirings: 1, failingForMs, warned: 50, lastError: 'error 1' },
  ]);
  expect((await settle([resultOf('c', 3)])).ailing).toEqual([]);
  expect((await settle([resultOf('d', 4)])).ailing).toEqual([]);
  expect(await health()).toMatchObject({ warned: 0, last_attempt_at: expect.any(Date) });
});

test.each<[string, [kind: string, pauseMinutes?: number][][], number | null]>([
  ['a failure', [[['f', LATER]]], LATER],
  ['a failure without', [[['f', LATER]], [['f']]], LATER],
  ['a shorter one', [[['f', LATER]], [['f', LATER - 5]]], LATER],
  [
    'shorter and longer ones at once',
    [
      [
        ['f', 5],
        ['f', LATER],
        ['f', 6],
      ],
    ],
    LATER,
  ],
  ['an arrival later', [[['f', LATER]], [['d']]], LATER],
  ['an arrival at once', [[['f', LATER], ['d']]], LATER],
  ['a shorter one after an arrival', [[['f', LATER]], [['d'], ['f', 5]]], LATER],
  ['no failure', [[['d', LATER]]], null],
  ['one that was not sent', [[['c', LATER]]], null],
])('how long an endpoint is left alone: %s', async (_, batches, expected) => {
  let n = 0;
  for (const batch of batches) {
    await settle(batch.map(([kind, pauseMinutes]) => ({ ...resultOf(kind, ++n), pauseMinutes })));
  }
  expect(await minutesOf('pause_until - now()')).toBe(expected);
});

test('a delivery that is given up becomes an event, once, that its license hears of, but not the endpoint itself', async () => {
  await listen(endpointId, ['*']);
  const listening = await newEndpoint();
  await listen(listening, ['delivery.failed']);
  await listen(await newEndpoint(OTHER_LICENSE), ['*']);
  const { delivery, ...rest } = await settlementOf({ ...resultOf('f', 1), outcome: 'failed' });
  const gaveUp = { delivery: { ...delivery, attempt: 4, round: 2 }, ...rest };
  expect(await queue.settle(token, [gaveUp])).toMatchObject({ rung: [listening] });
  expect(await queue.settle(token, [gaveUp])).toMatchObject({ rung: [] });
  const told = await rows(`select * from events where type = 'delivery.failed'`);
  expect(told).toEqual([
    expect.objectContaining({
      ...{ license: LICENSE, vehicle: vehicleOf(1), endpoint_id: endpointId, trigger_id: delivery.triggerId },
    }),
  ]);
  const [event] = told as [{ id: string; payload: string }];
  expect(JSON.parse(event.payload)).toEqual({
    ...{ deliveryId: delivery.id, eventId: delivery.eventId, eventType: 'trigger.fired' },
    ...{ attempts: 5, lastStatusCode: 500, lastError: 'error 1' },
  });
  expect(await rows('select endpoint_id, event_id from outbox')).toEqual([
    { endpoint_id: listening, event_id: event.id },
  ]);
});

test('that news of a delivery did not arrive is on record, but is no news itself', async () => {
  await listen(await newEndpoint(), ['*']);
  const failed = await settlementOf({ ...resultOf('f', 1), outcome: 'failed' });
  await database.pool.query(`update events set type = 'delivery.failed'`);
  const ofNews = { ...failed, delivery: { ...failed.delivery, eventType: 'delivery.failed' } };
  expect(await queue.settle(token, [ofNews])).toMatchObject({ rung: [] });
  expect(await rows(`select id from events where type = 'delivery.failed'`)).toHaveLength(2);
  expect(await rows('select id from outbox')).toEqual([]);
});

test('what was held or cancelled, or is not held any more, is no failed delivery', async () => {
  const [held, cancelled, lost] = [
    await settlementOf({ ...resultOf('f', 1), outcome: 'held' }),
    await settlementOf({ ...resultOf('c', 2), outcome: 'cancelled' }),
    await settlementOf({ ...resultOf('f', 3, await newEndpoint()), outcome: 'failed' }),
  ];
  await queue.release(token, [lost.delivery.endpointId]);
  expect(await queue.settle(token, [held, cancelled, lost])).toMatchObject({ lost: 1 });
  expect(await rows(`select id from events where type = 'delivery.failed'`)).toEqual([]);
});

test('results of many endpoints, given in whatever order, are settled at once without a deadlock', async () => {
  const endpoints = [endpointId, await newEndpoint(), await newEndpoint()];
  for (let round = 0; round < 10; round++) {
    const batch: Settlement[] = [];
    for (const at of endpoints) batch.push(await settlementOf(resultOf('f', round, at)));
    const answers = await Promise.all([queue.settle(token, batch), queue.settle(token, batch.toReversed())]);
    expect(answers).toMatchObject([{ lost: 0 }, { lost: 0 }]);
  }
  expect(await health()).toMatchObject({ failures: 10 });
});

test('what was queued so long ago is given up, with one event that counts it', async () => {
  const listening = await newEndpoint();
  await listen(listening, ['delivery.*']);
  for (const hoursAgo of [3, 2, 1]) await enqueue(endpointId, hoursAgo);
  await enqueue(await newEndpoint(), 5);
  expect(await queue.expire(endpointId, 1.5 * 3_600_000)).toBe(2);
  expect(await queue.expire(endpointId, 1.5 * 3_600_000)).toBe(0);
  const [event, ...more] = await rows<{ id: string; payload: string }>(
    `select id, license, endpoint_id, payload from events where type = 'delivery.failed'`,
  );
  expect(more).toEqual([]);
  expect(event).toMatchObject({ license: LICENSE, endpoint_id: endpointId });
  expect(JSON.parse(event!.payload)).toEqual({ count: 2, lastError: 'expired' });
  expect(await rows('select endpoint_id from outbox where event_id = $1', [event!.id])).toEqual([
    { endpoint_id: listening },
  ]);
  expect(await rows('select distinct status, last_error, license from deliveries')).toEqual([
    { status: 'failed', last_error: 'expired', license: LICENSE },
  ]);
});

test('that news of deliveries expired is on record, but is no news itself', async () => {
  await listen(await newEndpoint(), ['*']);
  await enqueue(endpointId, 5);
  await database.pool.query(`update events set type = 'delivery.cancelled'`);
  expect(await queue.expire(endpointId, 0)).toBe(1);
  expect(await rows(`select id from events where type = 'delivery.failed'`)).toHaveLength(1);
  expect(await rows('select id from outbox')).toEqual([]);
});

interface Result extends Omit<Settlement, 'delivery'> {
  at: string;
  isFirst: boolean;
  wasRecovered?: boolean;
  /** What is left of it. */
  pauseMinutes?: number | undefined;
}

/** Minutes since the `n`th result of a test. */
const ago = (n: number) => 100 - n;

/** The `n`th result of a test. */
function resultOf(kind: string, n: number, at = endpointId): Result {
  const attempt = { ...ATTEMPT, error: `error ${n}` };
  const ageMs = ago(n) * MINUTE_MS;
  if (kind === 'c') return { at, isFirst: true, outcome: 'cancelled' };
  if (kind === 'h') return { at, isFirst: true, outcome: 'held' };
  if (kind === 'd') return { at, isFirst: true, outcome: 'delivered', attempt: { ...attempt, error: null }, ageMs };
  const retried = { at, outcome: 'retry' as const, attempt, ageMs, retryInMs: LATER * MINUTE_MS };
  return { ...retried, isFirst: kind !== 'r', wasRecovered: kind === 'g' };
}

async function settle(results: Result[]) {
  const settlements: Settlement[] = [];
  for (const result of results) settlements.push(await settlementOf(result));
  return queue.settle(token, settlements);
}

/** Queues what has this result, and takes its endpoint. */
async function settlementOf({ at, isFirst, wasRecovered, pauseMinutes, ...result }: Result): Promise<Settlement> {
  const id = await enqueue(at);
  // A test that settles once more holds the endpoint already.
  await database.pool.query(
    'update endpoint_leases set pause_until = pause_until, holder = $2 where endpoint_id = $1',
    [at, token],
  );
  const due = await queue.fetch([{ endpointId: at, ...QUEUE_START, limit: 100 }]);
  const delivery = due.find((each) => each.id === id)!;
  const [attempt, round] = wasRecovered ? [3, 3] : isFirst ? [0, 0] : [1, 0];
  const pause = pauseMinutes === undefined ? {} : { pauseMs: pauseMinutes * MINUTE_MS + (result.ageMs ?? 0) };
  return { delivery: { ...delivery, attempt, round }, ...result, ...pause };
}

async function newEndpoint(license = LICENSE): Promise<string> {
  const id = randomUUID();
  await database.pool.query(
    `insert into endpoints (id, license, url, secret, created_at, updated_at) values ($1, $2, '', '', now(), now())`,
    [id, license],
  );
  await database.pool.query('insert into endpoint_leases (endpoint_id, license) values ($1, $2)', [id, license]);
  return id;
}

async function listen(id: string, names: string[]): Promise<void> {
  await database.pool.query('update endpoints set enabled_events = $2 where id = $1', [id, names]);
}

async function enqueue(at = endpointId, hoursAgo = 0): Promise<string> {
  const [id, eventId] = [newLogId(), newLogId()];
  await database.pool.query(
    `insert into events (id, type, license, trigger_id, vehicle, payload) values ($1, 'trigger.fired', $2, $3, $4, '{}')`,
    [eventId, LICENSE, randomUUID(), vehicleOf(1)],
  );
  await database.pool.query(
    `insert into outbox (endpoint_id, due_at, id, event_id, queued_at)
     values ($1, now() - interval '1 s', $2, $3, now() - make_interval(hours => $4))`,
    [at, id, eventId, hoursAgo],
  );
  return id;
}

const failingFor = () => minutesOf('now() - failing_since');

/** A span of time of the endpoint's health. */
async function minutesOf(span: string): Promise<number | null> {
  const sql = `select round(extract(epoch from ${span}) / 60)::int as minutes from endpoint_leases where endpoint_id = $1`;
  return (await rows<{ minutes: number | null }>(sql, [endpointId]))[0]!.minutes;
}

async function health(): Promise<unknown> {
  return (await rows('select * from endpoint_leases where endpoint_id = $1', [endpointId]))[0];
}

async function rows<Row extends object>(sql: string, values: unknown[] = []): Promise<Row[]> {
  return (await database.pool.query<Row>(sql, values)).rows;
}
