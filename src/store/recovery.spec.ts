import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createTestDatabase, someoneWaits, type TestDatabase, testSettings } from '../../test/support/database.js';
import { addAttempt, addEvent, addPending, addSettled } from '../../test/support/log-rows.js';
import { actorOf, LICENSE, newTrigger, OTHER_LICENSE, UNLIMITED } from '../../test/support/triggers.js';
import { Database } from './database.js';
import { newLogId } from './log-id.js';
import { DeliveryQueue, QUEUE_START } from './queue.js';
import { Recovery, type RecoverRange } from './recovery.js';
import { RECOVER_BATCH } from './sql/recover-deliveries.js';
import { TriggerStore } from './triggers.js';

const NOW_MS = Date.now();
const HOUR_MS = 3_600_000;

let server: TestDatabase;
let database: Database;
let recovery: Recovery;
let queue: DeliveryQueue;
/** Each test has one, with an endpoint of its own. */
let trigger: { id: string; endpointId: string };

beforeAll(async () => {
  server = await createTestDatabase();
  database = await Database.open({ ...testSettings(server.url), controlPoolSize: 10 });
  recovery = new Recovery(database);
  queue = new DeliveryQueue(database);
});
afterAll(async () => {
  await database.close();
  await server.drop();
});
beforeEach(async () => {
  await database.pool.query('truncate outbox, deliveries, attempts, events, senders, endpoint_leases');
  const created = await new TriggerStore(database, UNLIMITED).create(actorOf(), newTrigger());
  if (created.kind !== 'created') throw new Error(created.kind);
  trigger = created.trigger;
  await database.pool.query('truncate events');
});

const range = (given: Partial<RecoverRange> = {}): RecoverRange => ({
  ...{ triggerId: trigger.id, endpointId: trigger.endpointId, sinceMs: NOW_MS - HOUR_MS, untilMs: NOW_MS + HOUR_MS },
  statuses: ['failed', 'held'],
  ...given,
});

const firing = (ms = NOW_MS) => addEvent(database.pool, { id: newLogId(ms), triggerId: trigger.id });

async function settled(status: string, given: Parameters<typeof addSettled>[2] = {}): Promise<string> {
  const event = given.event ?? (await firing());
  return (await addSettled(database.pool, status, { endpointId: trigger.endpointId, ...given, event })).id;
}

async function rows(sql: string): Promise<Record<string, unknown>[]> {
  return (await database.pool.query<Record<string, unknown>>(sql)).rows;
}

const queued = async () => (await rows('select id from outbox order by due_at, id')).map(({ id }) => id);
const onRecord = async () => (await rows('select id from deliveries order by id')).map(({ id }) => id);
const told = () => rows(`select type, payload::json->>'count' as count from events where type like 'delivery.%'`);

test.each(['failed', 'held', 'cancelled'])(
  'a %s delivery is queued again under its id, with its attempts',
  async (status) => {
    const createdAt = new Date(NOW_MS - 5 * HOUR_MS);
    const id = await settled(status, { attempts: 6, createdAt });
    expect(await recovery.resend(actorOf(), id)).toEqual({ kind: 'queued', id });
    expect(await onRecord()).toEqual([]);
    expect(
      await rows(
        "select id, attempt, round, created_at, due_at <= now() as due, queued_at > now() - interval '5 s' as anew from outbox",
      ),
    ).toEqual([{ id, attempt: 6, round: 6, created_at: createdAt, due: true, anew: true }]);
    expect(await told()).toEqual([{ type: 'delivery.resent', count: null }]);
  },
);

test.each<[string, (id: string) => Promise<unknown>]>([
  ['sent again', (id) => recovery.resend(actorOf(), id)],
  ['recovered', () => recovery.recover(actorOf(), range())],
])('no number is given twice when an attempt came in late for what is %s', async (_, queueAgain) => {
  const id = await settled('failed', { attempts: 2 });
  for (const number of [1, 2, 3]) await addAttempt(database.pool, id, { number });
  await queueAgain(id);
  expect(await rows('select attempt, round from outbox')).toEqual([{ attempt: 3, round: 3 }]);
});

test('however often and at once it is asked for, one delivery is queued', async () => {
  const id = await settled('failed');
  const answers = await Promise.all(Array.from({ length: 8 }, () => recovery.resend(actorOf(), id)));
  expect(new Set(answers.map((answer) => JSON.stringify(answer)))).toEqual(
    new Set([JSON.stringify({ kind: 'queued', id })]),
  );
  expect([await queued(), await told()]).toEqual([[id], [{ type: 'delivery.resent', count: null }]]);
});

test('a delivery that arrived is sent as a new one, once however many ask at once', async () => {
  const id = await settled('delivered');
  const answers = await Promise.all(Array.from({ length: 8 }, () => recovery.resend(actorOf(), id)));
  const [newId] = await queued();
  expect(new Set(answers.map((answer) => answer.kind === 'queued' && answer.id))).toEqual(new Set([newId]));
  expect([await onRecord(), (await queued()).length]).toEqual([[id], 1]);
  expect(newId).not.toBe(id);
});

test('a pending delivery becomes due; one that is due already stays as the sender knows it', async () => {
  const later = (
    await addPending(database.pool, { endpointId: trigger.endpointId, event: await firing(), dueInSeconds: 60 })
  ).id;
  expect(await recovery.resend(actorOf(), later)).toEqual({ kind: 'queued', id: later });
  expect(await rows('select due_at <= now() as due from outbox')).toEqual([{ due: true }]);
  const before = await rows('select due_at from outbox');
  expect(await recovery.resend(actorOf(), later)).toEqual({ kind: 'queued', id: later });
  expect([await rows('select due_at from outbox'), (await told()).length]).toEqual([before, 1]);
});

test('what is sent at this moment is settled as if nobody had asked', async () => {
  const event = await firing();
  const { id } = await addPending(database.pool, { endpointId: trigger.endpointId, event });
  const token = await queue.startSender();
  await queue.lease(token, 1);
  const [delivery] = await queue.fetch([{ endpointId: trigger.endpointId, ...QUEUE_START, limit: 1 }]);
  await recovery.resend(actorOf(), id);
  await queue.settle(token, [{ delivery: delivery!, outcome: 'delivered' }]);
  expect([await queued(), await onRecord()]).toEqual([[], [id]]);
});

test('a resend that meets the settling of the same delivery finds where it went', async () => {
  const event = await firing();
  const { id } = await addPending(database.pool, { endpointId: trigger.endpointId, event, dueInSeconds: 60 });
  const { resending } = await database.session(async (settling) => {
    await settling.query('begin');
    await settling.query('delete from outbox where id = $1', [id]);
    await addSettled(settling, 'failed', { endpointId: trigger.endpointId, event });
    const result = recovery.resend(actorOf(), id);
    await Promise.race([result, someoneWaits(database)]);
    await settling.query('commit');
    return { resending: result };
  });
  expect(await resending).toEqual({ kind: 'queued', id });
  expect([await queued(), await onRecord()]).toEqual([[id], []]);
});

test.each<[string, string, object]>([
  ['the endpoint is not active', `update endpoints set status = 'gone'`, { kind: 'not_active', status: 'gone' }],
  ['the endpoint was deleted', 'delete from endpoints', { kind: 'endpoint_deleted' }],
  ['the webhook was deleted', 'update triggers set deleted_at = now()', { kind: 'trigger_deleted' }],
  ['the event is no longer on record', 'delete from events', { kind: 'event_gone' }],
  ['it was a test', 'update deliveries set is_test = true', { kind: 'test' }],
])('nothing is sent again when %s', async (_case, change, expected) => {
  const id = await settled('failed');
  await database.pool.query(change);
  expect(await recovery.resend(actorOf(), id)).toEqual(expected);
  expect([await queued(), await onRecord()]).toEqual([[], [id]]);
});

test("another license's delivery is as unknown as none", async () => {
  const id = await settled('failed');
  expect(await recovery.resend(actorOf(OTHER_LICENSE), id)).toEqual({ kind: 'not_found' });
  expect(await recovery.resend(actorOf(), randomUUID())).toEqual({ kind: 'not_found' });
});

test('what did not arrive in a time is queued again, oldest first, and told once', async () => {
  const wanted: string[] = [];
  for (const minutes of [3, 1, 2])
    wanted.push(await settled(minutes === 2 ? 'held' : 'failed', { event: await firing(NOW_MS - minutes * 60_000) }));
  await settled('failed', { createdAt: new Date(NOW_MS - 2 * HOUR_MS) });
  await settled('cancelled');
  await settled('delivered');
  await settled('failed', { isTest: true });
  await settled('failed', { endpointId: randomUUID() });
  expect(await recovery.count(LICENSE, range())).toBe(3);
  expect(await queued()).toEqual([]);
  expect(await recovery.recover(actorOf(), range())).toBe(3);
  expect(await queued()).toEqual([wanted[0], wanted[2], wanted[1]]);
  expect(await told()).toEqual([{ type: 'delivery.recovered', count: '3' }]);
  expect([await recovery.count(LICENSE, range()), await recovery.recover(actorOf(), range())]).toEqual([0, 0]);
  expect(await told()).toHaveLength(1);
});

test('what listens hears once that deliveries were recovered, also when that breaks off', async () => {
  const listening = randomUUID();
  await database.pool.query(
    `insert into endpoints (id, license, url, secret, enabled_events, created_at, updated_at)
     values ($1, $2, '', '', '{delivery.recovered}', now(), now())`,
    [listening, LICENSE],
  );
  const [first] = await manyHeld(6_000);
  await database.pool.query(
    `alter table outbox add constraint breaks check (endpoint_id <> '${trigger.endpointId}' or id <= '${first}') not valid`,
  );
  try {
    await expect(recovery.recover(actorOf(), range())).rejects.toThrow('breaks');
  } finally {
    await database.pool.query('alter table outbox drop constraint breaks');
  }
  const heard = `select e.type, e.payload::json->>'count' as count from outbox o join events e on e.id = o.event_id
    where o.endpoint_id = '${listening}'`;
  expect(await rows(heard)).toEqual([{ type: 'delivery.recovered', count: '5000' }]);
  expect(await recovery.recover(actorOf(), range())).toBe(1_000);
  expect(await rows(heard)).toHaveLength(2);
  await database.pool.query('delete from endpoints where id = $1', [listening]);
});

test('an event that its endpoint got meanwhile, or that is gone, is left out', async () => {
  const event = await firing();
  await settled('delivered', { event });
  await settled('failed', { event, id: newLogId() });
  const gone = await settled('failed');
  await database.pool.query('delete from events where id = (select event_id from deliveries where id = $1)', [gone]);
  expect([await recovery.count(LICENSE, range()), await recovery.recover(actorOf(), range())]).toEqual([0, 0]);
});

test('numbers are recovered in batches, and by two at once each one once', async () => {
  await manyHeld(12_000);
  expect(await recovery.count(LICENSE, range())).toBe(12_000);
  const [one, two] = await Promise.all([recovery.recover(actorOf(), range()), recovery.recover(actorOf(), range())]);
  expect(one + two).toBe(12_000);
  expect(await rows('select count(distinct id)::int as ids, count(*)::int as all from outbox')).toEqual([
    { ids: 12_000, all: 12_000 },
  ]);
  expect(await onRecord()).toEqual([]);
  const ordered = await rows('select id from outbox order by due_at, id');
  expect(ordered.length).toBe(12_000);
});

/** So many deliveries that are held; the last id of each batch but the last. */
async function manyHeld(count: number): Promise<string[]> {
  await database.pool.query(
    `with firing as (
       insert into events (id, type, license, trigger_id, payload)
       select gen_random_uuid(), 'trigger.fired', $1, $2, '{}' from generate_series(1, $4::int) returning id
     )
     insert into deliveries (id, event_id, endpoint_id, status, attempts, created_at, settled_at, license, trigger_id)
     select delivery_id_v1(id, $3), id, $3, 'held', 0, now(), now(), $1, $2 from firing`,
    [LICENSE, trigger.id, trigger.endpointId, count],
  );
  const ids = (await onRecord()) as string[];
  return ids.filter((_, place) => (place + 1) % RECOVER_BATCH === 0);
}
