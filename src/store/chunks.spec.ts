import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createTestDatabase, someoneWaits, type TestDatabase, testSettings } from '../../test/support/database.js';
import { actorOf, LICENSE, newTrigger, vehicleOf, UNLIMITED } from '../../test/support/triggers.js';
import type { SignalReading } from '../core/sample.js';
import { EMPTY_STATE, encodeReading } from '../core/state.js';
import { type Chunk, ChunkStore, type DeadLetterRow, DuplicateEvent, type Position } from './chunks.js';
import { Database } from './database.js';
import { DeadLetterStore } from './dead-letters.js';
import { newLogId } from './log-id.js';
import { StateStore } from './states.js';
import { SubscriptionStore } from './subscriptions.js';
import { TriggerStore } from './triggers.js';

const READING: SignalReading = {
  kind: 'signal',
  valueNumber: 56.5,
  valueString: '',
  valueLocation: { latitude: 0, longitude: 0, hdop: 0, heading: 0 },
  source: '0xF1',
};
const FIRED_AT = Date.parse('2026-11-22T12:00:00.123Z');

let server: TestDatabase;
let database: Database;
let chunks: ChunkStore;
let states: StateStore;
let triggers: TriggerStore;
let subscriptions: SubscriptionStore;
/** Each test has a topic and a trigger of its own, with one vehicle subscribed. */
let topic: string;
let trigger: { id: string; endpointId: string };
const vehicle = vehicleOf(1);

beforeAll(async () => {
  server = await createTestDatabase();
  database = await Database.open({ ...testSettings(server.url), dataPoolSize: 10 });
  chunks = new ChunkStore(database);
  states = new StateStore(database);
  triggers = new TriggerStore(database, UNLIMITED);
  subscriptions = new SubscriptionStore(database, UNLIMITED);
});
afterAll(async () => {
  await database.close();
  await server.drop();
});
beforeEach(async () => {
  topic = `topic-${randomUUID()}`;
  const created = newTrigger();
  trigger = { id: created.id, endpointId: created.endpoint.id };
  await triggers.create(actorOf(), created);
  await subscriptions.add(actorOf(), trigger.id, [vehicle]);
});

test('a position begins where it was opened first, and stays where it is', async () => {
  expect(await chunks.positions(topic, [0, 1])).toEqual(new Map());
  const position = { logEpoch: 0, nextOffset: 42n, nextIndex: 0, version: 0n };
  expect(await chunks.open(topic, 1, 42n)).toEqual(position);
  expect(await chunks.open(topic, 1, 7n)).toEqual(position);
  expect(await chunks.positions(topic, [0, 1])).toEqual(new Map([[1, position]]));
});

test('all effects of a chunk are on record', async () => {
  const letter: DeadLetterRow = {
    ...{ offset: 2n ** 53n + 1n, index: 3, reason: 'bad_json', detail: 'a \0 in it', suppressed: 7 },
    excerpt: Buffer.from([0, 1, 255]),
  };
  const logEvent = {
    eventId: newLogId(),
    type: 'trigger.throttled',
    license: LICENSE,
    triggerId: null,
    vehicle: null,
    payload: '{}',
  };
  const chunk = await firingChunk({
    deadLetters: [letter, { ...letter, index: null }],
    logEvents: [logEvent],
    nextIndex: 2,
  });
  const after = { logEpoch: 0, nextOffset: 10n, nextIndex: 2, version: 1n };
  expect(await chunks.commit(chunk)).toEqual({ kind: 'ok', position: after, rung: [] });
  expect(await chunks.open(topic, 0, 0n)).toEqual(after);
  expect(await states.get(trigger.id, vehicle)).toEqual({
    ...{ version: 1, firedAtMs: FIRED_AT, sequence: 1, previous: READING },
  });
  const [firing] = chunk.firings;
  expect(
    await rows('select id, type, license, trigger_id, vehicle, payload from events where id = any ($1) order by type', [
      [firing!.eventId, logEvent.eventId],
    ]),
  ).toEqual([
    {
      id: firing!.eventId,
      type: 'trigger.fired',
      license: LICENSE,
      trigger_id: trigger.id,
      vehicle,
      payload: firing!.payload,
    },
    { id: logEvent.eventId, type: logEvent.type, license: LICENSE, trigger_id: null, vehicle: null, payload: '{}' },
  ]);
  expect(await rows('select * from outbox where endpoint_id = $1', [trigger.endpointId])).toEqual([
    expect.objectContaining({ id: firing!.deliveryId, event_id: firing!.eventId, attempt: 0 }),
  ]);
  const letters = await new DeadLetterStore(database).list({ limit: 10 });
  expect(
    letters.map(
      ({ id, createdAt, ...recorded }) => (
        expect([typeof id, createdAt]).toEqual(['string', expect.any(Date)]),
        recorded
      ),
    ),
  ).toEqual([
    { ...letter, topic, partition: 0, index: null, detail: 'a \uFFFD in it' },
    { ...letter, topic, partition: 0, detail: 'a \uFFFD in it' },
  ]);
  expect(await new DeadLetterStore(database).list({ limit: 10, before: letters[0]!.id })).toEqual([letters[1]]);
});

test('a chunk that fires for vehicles of other partitions is counted with its commit, in their buckets', async () => {
  const counted = async () => [...(await chunks.lately(topic)).scattered.entries()].filter(([, count]) => count > 0n);
  expect(await counted()).toEqual([]);
  await chunks.commit(await firingChunk({ scatteredBuckets: [0, 63] }));
  const conflicting = await firingChunk({ partition: 1, scatteredBuckets: [0] });
  expect((await chunks.commit(conflicting)).kind).toBe('conflict');
  const once = [
    [0, 1n],
    [63, 1n],
  ];
  expect(await counted()).toEqual(once);
  await chunks.commit({ ...conflicting, ...stateAfter(1), scatteredBuckets: [] });
  expect(await counted()).toEqual(once);
  await chunks.commit(
    await firingChunk({ ...stateAfter(2), partition: 1, scatteredBuckets: [7, 0], position: await at(1) }),
  );
  expect(await counted()).toEqual([
    [0, 2n],
    [7, 1n],
    [63, 1n],
  ]);
});

test('where the index stands is told whether or not anything of the topic is scattered', async () => {
  const head = async () =>
    BigInt((await database.pool.query<{ seq: string }>('select seq from index_head')).rows[0]!.seq);
  expect((await chunks.lately(topic)).indexHead).toBe(await head());
  await database.pool.query('update index_head set seq = seq + 1');
  await chunks.commit(await firingChunk({ scatteredBuckets: [5, 6] }));
  const { indexHead, scattered } = await chunks.lately(topic);
  expect([indexHead, scattered.reduce((sum, count) => sum + count)]).toEqual([await head(), 2n]);
});

test('whoever goes by another number of partitions than the topic has is fenced, on all of them', async () => {
  const open = (partition: number, count: number) => chunks.open(topic, partition, 0n, count);
  expect([await open(0, 2), await open(1, 2)]).toMatchObject([{ version: 0n }, { version: 0n }]);
  const slow = await firingChunk({ position: await at(0) });
  expect(await open(0, 2)).toMatchObject({ version: 0n });
  expect(await open(2, 3)).toMatchObject({ version: 1n });
  expect(await chunks.commit(slow)).toEqual({ kind: 'fenced' });
  expect(await chunks.positions(topic, [0, 1, 2], 3)).toEqual(
    new Map([0, 1, 2].map((partition) => [partition, expect.objectContaining({ version: 1n })])),
  );
  expect(await open(1, 2)).toMatchObject({ version: 2n });
});

test('a chunk without effects moves the position alone', async () => {
  const chunk = await firingChunk({ firings: [], states: [] });
  expect(await chunks.commit(chunk)).toMatchObject({ kind: 'ok', position: { nextOffset: 10n, version: 1n } });
  await nothingWritten(1n);
});

test('what is queued is due at once: its time is cut to milliseconds, never rounded up', async () => {
  // The one connection of a new pool, in a transaction around the commit: now() is the commit's own.
  const single = await Database.open({ ...testSettings(server.url), dataPoolSize: 1 });
  for (let n = 0; n < 20; n++) {
    const chunk = await firingChunk();
    await single.pool.query('begin');
    expect((await new ChunkStore(single).commit(chunk)).kind).toBe('ok');
    const { rows: queued } = await single.pool.query(
      'select due_at <= now() as due from outbox where endpoint_id = $1',
      [trigger.endpointId],
    );
    expect(queued).toEqual([{ due: true }]);
    await single.pool.query('rollback');
  }
  await single.close();
});

test.each<[string, Partial<Position>]>([
  ['an older version', { version: 0n }],
  ['another life of the topic', { logEpoch: 1 }],
])('a chunk with %s of the position is fenced and writes nothing', async (_, known) => {
  const chunk = await firingChunk();
  const moved = await chunks.commit({ ...chunk, firings: [], states: [] });
  if (moved.kind !== 'ok') throw new Error(moved.kind);
  expect(await chunks.commit({ ...chunk, position: { ...moved.position, ...known } })).toEqual({ kind: 'fenced' });
  await nothingWritten(1n);
});

test.each([1, 5])(
  'a chunk computed from version %i of a state that has another is a conflict and writes nothing',
  async (version) => {
    const chunk = await firingChunk();
    await database.pool.query(
      `insert into states (trigger_id, vehicle, version, revision, fired_at, previous, sequence) values ($1, $2, 3, 1, null, null, 0)`,
      [trigger.id, vehicle],
    );
    const stale = chunk.states.map((state) => ({ ...state, expectedVersion: version }));
    expect(await chunks.commit({ ...chunk, states: stale })).toEqual({ kind: 'conflict', with: 'state' });
    await nothingWritten(0n);
    expect(await states.get(trigger.id, vehicle)).toMatchObject({ version: 3 });
  },
);

test.each<[string, () => Promise<unknown>]>([
  ['changed', () => triggers.update(actorOf(), trigger.id, { condition: 'true', normalizedCondition: 'true' })],
  ['disabled', () => triggers.update(actorOf(), trigger.id, { status: 'disabled' })],
  ['deleted', () => triggers.remove(actorOf(), trigger.id)],
  ['deleted, its subscriptions not yet', deleteTriggerAlone],
  ['unsubscribed from the vehicle', () => subscriptions.remove(actorOf(), trigger.id, [vehicle])],
])('a chunk whose trigger was %s since is a conflict and writes nothing', async (_, change) => {
  const chunk = await firingChunk();
  await change();
  expect(await chunks.commit(chunk)).toEqual({ kind: 'conflict', with: 'trigger' });
  await nothingWritten(0n);
});

test('a disabled trigger does not fire even under its latest revision', async () => {
  await triggers.update(actorOf(), trigger.id, { status: 'disabled' });
  const chunk = await firingChunk({ indexSeq: -1n });
  const latest = chunk.states.map((state) => ({ ...state, revision: 2 }));
  expect(await chunks.commit({ ...chunk, states: latest })).toEqual({ kind: 'conflict', with: 'trigger' });
});

test('a trigger that failed goes on firing, under its revision from before', async () => {
  const chunk = await firingChunk({ indexSeq: -1n });
  await database.pool.query(`update triggers set status = 'failed' where id = $1`, [trigger.id]);
  expect((await chunks.commit(chunk)).kind).toBe('ok');
});

test('whoever listens gets what a chunk tells, in the same commit, but a firing only once', async () => {
  const listening = newTrigger();
  await triggers.create(actorOf(), listening);
  const [own, other] = [trigger.endpointId, listening.endpoint.id];
  await database.pool.query(`update endpoints set enabled_events = '{*}' where id = any ($1)`, [[own, other]]);
  const notice = {
    ...{ eventId: newLogId(), type: 'condition.failed', license: LICENSE, triggerId: trigger.id, vehicle },
    payload: '{}',
  };
  const chunk = await firingChunk({ logEvents: [notice, { ...notice, eventId: newLogId() }] });
  const result = await chunks.commit(chunk);
  expect(result.kind === 'ok' && result.rung.toSorted()).toEqual([own, other].sort());
  const firing = chunk.firings[0]!;
  const notices = chunk.logEvents!.map(({ eventId }) => eventId);
  const queued = (await rows('select endpoint_id, event_id from outbox where endpoint_id = any ($1)', [
    [own, other],
  ])) as { endpoint_id: string; event_id: string }[];
  const at = (endpointId: string) => queued.filter((row) => row.endpoint_id === endpointId).map((row) => row.event_id);
  expect([at(own).sort(), at(other).sort()]).toEqual([
    [firing.eventId, ...notices].sort(),
    [firing.eventId, ...notices].sort(),
  ]);
  // The same chunk again is fenced, and so queues nothing.
  expect(await chunks.commit(chunk)).toEqual({ kind: 'fenced' });
  expect(await rows('select 1 from outbox where endpoint_id = $1', [other])).toHaveLength(3);
  await database.pool.query(`update endpoints set enabled_events = '{}'`);
});

test('a change of another trigger is no conflict', async () => {
  const chunk = await firingChunk();
  await triggers.create(actorOf(), newTrigger());
  expect((await chunks.commit(chunk)).kind).toBe('ok');
});

test('of a hundred races for one position, each has exactly one winner and one effect', async () => {
  let position = await chunks.open(topic, 0, 0n);
  for (let race = 0; race < 100; race++) {
    const offset = BigInt(race + 1);
    const rivals = await Promise.all(
      [1, 2].map(async () =>
        chunks.commit({ ...(await firingChunk({ position, nextOffset: offset })), ...stateAfter(race) }),
      ),
    );
    expect(rivals.map((rival) => rival.kind).sort()).toEqual(['fenced', 'ok']);
    const winner = rivals.find((rival) => rival.kind === 'ok')!;
    if (winner.kind === 'ok') position = winner.position;
  }
  expect(await rows('select count(*)::int as n from outbox where endpoint_id = $1', [trigger.endpointId])).toEqual([
    { n: 100 },
  ]);
  expect(await states.get(trigger.id, vehicle)).toMatchObject({ version: 100, sequence: 100 });
});

test('of two partitions that write the same new state at once, one is a conflict', async () => {
  const rivals = await Promise.all([0, 1].map((partition) => firingChunk({ partition })));
  const results = await Promise.all(rivals.map((chunk) => chunks.commit(chunk)));
  expect(results.map((result) => result.kind).sort()).toEqual(['conflict', 'ok']);
  expect(results).toContainEqual({ kind: 'conflict', with: 'state' });
  expect(await states.get(trigger.id, vehicle)).toMatchObject({ version: 1 });
});

test('states are locked in one order, however a chunk lists them, so that partitions never deadlock', async () => {
  const [low, middle, high] = [1, 2, 3].map(vehicleOf) as [string, string, string];
  const chunk = await firingChunk({ firings: [] });
  const listed = [high, middle, low].map((each) => ({ ...chunk.states[0]!, vehicle: each }));
  await chunks.commit({ ...chunk, states: listed });
  const next = {
    ...(await firingChunk({ firings: [] })),
    states: listed.map((state) => ({ ...state, expectedVersion: 1 })),
  };
  const result = await database.session(async (other) => {
    await other.query('begin');
    await lockState(other, middle);
    const committing = chunks.commit(next);
    await someoneWaits(database);
    await expect(lockState(database.pool, low)).rejects.toThrow('could not obtain lock');
    await lockState(database.pool, high);
    await other.query('rollback');
    return committing;
  });
  expect(result.kind).toBe('ok');
});

test('a chunk that is refused does not cost its connection', async () => {
  const single = await Database.open({ ...testSettings(server.url), dataPoolSize: 1 });
  const backend = async () => (await single.pool.query<{ pid: number }>('select pg_backend_pid() as pid')).rows[0]!.pid;
  const before = await backend();
  const store = new ChunkStore(single);
  const chunk = await firingChunk();
  await store.commit(chunk);
  const other = { ...(await firingChunk({ partition: 1 })), firings: [] };
  const refusals = [
    await store.commit(other),
    await store.commit({ ...other, states: [], firings: chunk.firings }).catch((error: Error) => error.name),
  ];
  const after = await backend();
  await single.close();
  expect(refusals).toEqual([{ kind: 'conflict', with: 'state' }, 'DuplicateEvent']);
  expect(after).toBe(before);
});

test('an event that is on record already is an error that names the place', async () => {
  const chunk = await firingChunk();
  await chunks.commit(chunk);
  const again = { ...(await firingChunk({ partition: 1 })), ...stateAfter(1), firings: chunk.firings };
  const failed = chunks.commit(again);
  await expect(failed).rejects.toThrow(DuplicateEvent);
  await expect(failed).rejects.toThrow(`${topic}/1, epoch 0, up to offset 10`);
  expect(await chunks.open(topic, 1, 0n)).toMatchObject({ version: 0n });
});

test('a position moves to the next life of its topic together with the event that says so', async () => {
  const position = await chunks.open(topic, 0, 100n);
  const reset = { type: 'stream.reset' as const, payload: { from: '100' } };
  const to = { logEpoch: 1, nextOffset: 3n };
  const after = { ...to, nextIndex: 0, version: 1n };
  expect(await chunks.move(topic, 0, position, to, reset)).toEqual({ kind: 'ok', position: after });
  expect(await chunks.move(topic, 0, position, to, reset)).toEqual({ kind: 'fenced' });
  expect(await chunks.open(topic, 0, 0n)).toEqual(after);
  const payload = JSON.stringify({ topic, partition: 0, from: '100' });
  expect(await rows('select type, license from events where payload = $1', [payload])).toEqual([
    { type: 'stream.reset', license: '' },
  ]);
});

test('states of many pairs load at once, absent ones left out', async () => {
  await chunks.commit(await firingChunk());
  const pairs = [vehicle, vehicleOf(9)].map((each) => ({ triggerId: trigger.id, vehicle: each }));
  const state = { version: 1, firedAtMs: FIRED_AT, sequence: 1, previous: READING };
  expect(await states.load(pairs)).toEqual(new Map([[`${trigger.id} ${vehicle}`, state]]));
  expect(await states.load([])).toEqual(new Map());
  expect(await states.get(trigger.id, vehicleOf(9))).toEqual(EMPTY_STATE);
  expect(await states.list(trigger.id, { limit: 5 })).toEqual([{ vehicle, state }]);
  expect(await states.list(trigger.id, { limit: 5, after: vehicle })).toEqual([]);
});

test('a state of the metric before counts as empty, also one that a chunk wrote while the metric changed', async () => {
  const late = await firingChunk();
  await triggers.update(actorOf(), trigger.id, { metricName: 'obdRunTime', metric: 'obdRunTime' });
  // As if the change had not been committed yet when the chunk looked.
  expect((await chunks.commit({ ...late, indexSeq: await seq() })).kind).toBe('ok');
  const empty = { version: 1, firedAtMs: undefined, sequence: 1, previous: undefined };
  expect(await states.get(trigger.id, vehicle)).toEqual(empty);
  expect(await states.list(trigger.id, { limit: 1 })).toEqual([{ vehicle, state: empty }]);
});

test('a trigger shows when it fired last', async () => {
  await chunks.commit(await firingChunk());
  expect((await triggers.get(LICENSE, trigger.id))?.lastFiredAt).toEqual(new Date(FIRED_AT));
});

/** A chunk in which the trigger fires for the first time, with what a test wants to be different. */
async function firingChunk(given: Partial<Chunk> = {}): Promise<Chunk> {
  const partition = given.partition ?? 0;
  const eventId = newLogId();
  return {
    topic,
    partition,
    position: await chunks.open(topic, partition, 0n),
    nextOffset: 10n,
    nextIndex: 0,
    indexSeq: await seq(),
    ...stateAfter(0),
    firings: [
      {
        ...{ eventId, license: LICENSE, triggerId: trigger.id, vehicle, payload: '{"b":1,"a":2}' },
        ...{ deliveryId: newLogId(), endpointId: trigger.endpointId },
      },
    ],
    deadLetters: [],
    ...given,
  };
}

async function at(partition: number): Promise<Position> {
  return (await chunks.positions(topic, [partition])).get(partition)!;
}

function stateAfter(firings: number): Pick<Chunk, 'states'> {
  const previous = encodeReading(READING);
  const sequence = firings + 1;
  const key = { triggerId: trigger.id, vehicle };
  return { states: [{ ...key, expectedVersion: firings, revision: 1, firedAtMs: FIRED_AT, previous, sequence }] };
}

async function lockState(connection: Pick<Database['pool'], 'query'>, of: string): Promise<void> {
  const sql = 'select 1 from states where trigger_id = $1 and vehicle = $2 for update nowait';
  await connection.query(sql, [trigger.id, of]);
}

/** The first of a deletion's transactions, see `TriggerStore.remove`. */
async function deleteTriggerAlone(): Promise<void> {
  await database.pool.query('update triggers set deleted_at = now() where id = $1', [trigger.id]);
  await database.pool.query('update index_head set seq = seq + 1');
}

async function nothingWritten(version: bigint): Promise<void> {
  expect((await chunks.open(topic, 0, 0n)).version).toBe(version);
  expect(await rows('select * from outbox where endpoint_id = $1', [trigger.endpointId])).toEqual([]);
  expect(await rows(`select * from events where trigger_id = $1 and type = 'trigger.fired'`, [trigger.id])).toEqual([]);
  expect(await rows('select * from states where trigger_id = $1 and sequence > 0', [trigger.id])).toEqual([]);
}

async function seq(): Promise<bigint> {
  const { rows: heads } = await database.pool.query<{ seq: string }>('select seq from index_head');
  return BigInt(heads[0]!.seq);
}

async function rows(sql: string, values: unknown[] = []): Promise<unknown[]> {
  return (await database.pool.query<Record<string, unknown>>(sql, values)).rows;
}
