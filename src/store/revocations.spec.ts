import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase, testSettings } from '../../test/support/database.js';
import { actorOf, LICENSE, newTrigger, OTHER_LICENSE, vehicleOf, UNLIMITED } from '../../test/support/triggers.js';
import { Database } from './database.js';
import { databaseNowMs } from './database-time.js';
import { newLogId } from './log-id.js';
import { type AppliedTrigger, type Leaving, type Left, RevocationStore } from './revocations.js';
import { SubscriptionStore } from './subscriptions.js';
import { TriggerStore } from './triggers.js';

let server: TestDatabase;
let database: Database;
let triggers: TriggerStore;
let subscriptions: SubscriptionStore;
let revocations: RevocationStore;
let lastVehicle = 0;

beforeAll(async () => {
  server = await createTestDatabase();
  database = await Database.open(testSettings(server.url));
  triggers = new TriggerStore(database, UNLIMITED);
  subscriptions = new SubscriptionStore(database, UNLIMITED);
  revocations = new RevocationStore(database);
});
afterAll(async () => {
  await database.close();
  await server.drop();
});

test('the triggers of a vehicle are those of one license that live, with what they read', async () => {
  const vehicle = vehicleOf(++lastVehicle);
  const [kept, deleted, foreign] = [
    await applied(vehicle),
    await applied(vehicle),
    await applied(vehicle, OTHER_LICENSE),
  ];
  await triggers.remove(actorOf(), deleted);
  expect(await revocations.triggersOf(LICENSE, vehicle)).toEqual([
    { triggerId: kept, metricKind: 'signal', metric: 'speed', subscribedAt: expect.any(Date) },
  ]);
  expect((await revocations.triggersOf(OTHER_LICENSE, vehicle)).map((one) => one.triggerId)).toEqual([foreign]);
});

test('a vehicle is taken from the triggers that are named, which forget it; from those of the license alone', async () => {
  const [vehicle, other] = [vehicleOf(++lastVehicle), vehicleOf(++lastVehicle)];
  const named = [await applied(vehicle), await applied(vehicle)].sort();
  const [unnamed, foreign] = [await applied(vehicle), await applied(vehicle, OTHER_LICENSE)];
  await subscriptions.add(actorOf(), named[0]!, [other]);
  for (const id of [...named, unnamed, foreign]) await remember(id, vehicle);
  await remember(named[0]!, other);
  const before = await seq();
  expect(await revoke(vehicle, [...named, foreign])).toBe(2);
  expect(await subscriptions.vehicles(named[0]!)).toEqual([other]);
  expect(await subscriptions.vehicles(unnamed)).toEqual([vehicle]);
  expect(await subscriptions.vehicles(foreign)).toEqual([vehicle]);
  expect(await states()).toEqual(
    [
      ...named.map((id) => ({ trigger_id: id, vehicle, version: '8', fired_at: null, previous: null, sequence: '5' })),
      ...[
        [unnamed, vehicle],
        [foreign, vehicle],
        [named[0], other],
      ].map(([id, which]) => ({
        ...{ trigger_id: id, vehicle: which, version: '7', fired_at: expect.any(Date), previous: '{}', sequence: '5' },
      })),
    ].sort((a, b) => (`${a.trigger_id} ${a.vehicle}` < `${b.trigger_id} ${b.vehicle}` ? -1 : 1)),
  );
  expect(await log(vehicle)).toEqual([{ count: 2, webhookIds: named, vehicle }]);
  const { rows: changes } = await database.pool.query(
    'select kind, trigger_id, vehicle from index_changes where seq > $1 order by n',
    [before],
  );
  expect(changes).toEqual(named.map((id) => ({ kind: 'unsubscribed', trigger_id: id, vehicle })));
});

test('very many triggers are taken a thousand at a time, each with a place in the index and a log event', async () => {
  const vehicle = vehicleOf(++lastVehicle);
  const model = await applied(vehicle);
  const ids = Array.from({ length: 1_200 }, () => randomUUID());
  await database.pool.query(
    `insert into triggers
     select (jsonb_populate_record(t, jsonb_build_object('id', i, 'name_key', i))).*
     from triggers t, unnest($2::text[]) i where t.id = $1`,
    [model, ids],
  );
  await database.pool.query(
    `insert into subscriptions select (jsonb_populate_record(s, jsonb_build_object('trigger_id', i))).*
     from subscriptions s, unnest($2::text[]) i where s.trigger_id = $1`,
    [model, ids],
  );
  const before = await seq();
  expect(await revoke(vehicle, ids)).toBe(1_200);
  expect(await seq()).toBe(before + 2);
  const counts = (await log(vehicle)).map((event) => (event as { count: number }).count);
  expect(counts.sort()).toEqual([1_000, 200]);
  expect(await revocations.triggersOf(LICENSE, vehicle)).toHaveLength(1);
});

test('what was taken already leaves no trace, also when two notice it at once', async () => {
  const vehicle = vehicleOf(++lastVehicle);
  const ids = [await applied(vehicle), await applied(vehicle)];
  const subscribed = await subscribedTo(vehicle, ids);
  const counts = await Promise.all(
    [subscribed, subscribed.toReversed(), subscribed].map((each) => revocations.revokeVehicle(LICENSE, vehicle, each)),
  );
  expect(counts.sort()).toEqual([0, 0, 2]);
  const before = await seq();
  expect(await revocations.revokeVehicle(LICENSE, vehicle, subscribed)).toBe(0);
  expect(await revocations.revokeVehicle(LICENSE, vehicle, [])).toBe(0);
  expect([await seq(), (await log(vehicle)).length]).toEqual([before, 1]);
});

test('a vehicle that was subscribed anew since stays, and so does its state', async () => {
  const vehicle = vehicleOf(++lastVehicle);
  const id = await applied(vehicle);
  const judged = await revocations.triggersOf(LICENSE, vehicle);
  await subscriptions.remove(actorOf(), id, [vehicle]);
  await database.pool.query('select pg_sleep(0.002)');
  await subscriptions.add(actorOf(), id, [vehicle]);
  expect(await revocations.revokeVehicle(LICENSE, vehicle, judged)).toBe(0);
  expect(await subscriptions.vehicles(id)).toEqual([vehicle]);
  expect(await log(vehicle)).toEqual([]);
});

describe('vehicles that leave by themselves', () => {
  const leaving = (triggerId: string, vehicles: string[], given: Partial<Leaving> = {}): Leaving => ({
    ...{ license: LICENSE, triggerId, revision: 1, vehicles, eventId: newLogId(), countBefore: 0 },
    ...{ subscribedUntil: new Date(databaseNowMs() + 1_000), ...given },
  });
  const nothing = () => Promise.resolve();

  test('are forgotten, and told of together, page after page', async () => {
    const [one, other, third] = [1, 2, 3].map(() => vehicleOf(++lastVehicle)) as [string, string, string];
    const id = await applied(one);
    await subscriptions.add(actorOf(), id, [other, third]);
    for (const vehicle of [one, third]) await remember(id, vehicle);
    const eventId = newLogId();
    const first = await revocations.revokeVehicles(leaving(id, [one], { eventId }), nothing);
    expect(first).toEqual({ kind: 'ok', vehicles: [one] });
    expect(await log(one)).toEqual([{ by: 'autoSubscribe', count: 1, webhookIds: [id], vehicle: one }]);
    const absent = vehicleOf(++lastVehicle);
    await revocations.revokeVehicles(leaving(id, [other, absent], { eventId, countBefore: 1 }), nothing);
    const { rows } = await database.pool.query('select payload, vehicle, trigger_id from events where id = $1', [
      eventId,
    ]);
    expect(rows).toEqual([{ payload: expect.any(String), vehicle: null, trigger_id: id }]);
    expect(JSON.parse(rows[0].payload as string)).toEqual({ by: 'autoSubscribe', count: 2, webhookIds: [id] });
    expect(await subscriptions.vehicles(id)).toEqual([third]);
    const fired = await database.pool.query(
      'select vehicle, fired_at is null as is_empty from states where trigger_id = $1',
      [id],
    );
    expect(new Map(fired.rows.map((row) => [row.vehicle, row.is_empty]))).toEqual(
      new Map([
        [one, true],
        [third, false],
      ]),
    );
  });

  test.each<[what: string, kind: Left['kind'], given: Partial<Leaving>]>([
    ['were subscribed later', 'ok', { subscribedUntil: new Date(0) }],
    ['were judged for another revision', 'changed', { revision: 2 }],
    ["are another license's", 'not_found', { license: OTHER_LICENSE }],
  ])('stay when they %s, without a trace', async (_what, kind, given) => {
    const vehicle = vehicleOf(++lastVehicle);
    const id = await applied(vehicle);
    const before = await seq();
    expect((await revocations.revokeVehicles(leaving(id, [vehicle], given), nothing)).kind).toBe(kind);
    expect([await subscriptions.vehicles(id), await log(vehicle), await seq()]).toEqual([[vehicle], [], before]);
  });

  test('stay when what is recorded with it fails', async () => {
    const vehicle = vehicleOf(++lastVehicle);
    const id = await applied(vehicle);
    const lost = () => Promise.reject(new Error('lost'));
    await expect(revocations.revokeVehicles(leaving(id, [vehicle]), lost)).rejects.toThrow('lost');
    expect(await subscriptions.vehicles(id)).toEqual([vehicle]);
  });
});

async function subscribedTo(vehicle: string, ids: string[]): Promise<AppliedTrigger[]> {
  const all = await Promise.all([LICENSE, OTHER_LICENSE].map((license) => revocations.triggersOf(license, vehicle)));
  return all.flat().filter(({ triggerId }) => ids.includes(triggerId));
}

/** As soon as it was seen. */
async function revoke(vehicle: string, ids: string[]): Promise<number> {
  return revocations.revokeVehicle(LICENSE, vehicle, await subscribedTo(vehicle, ids));
}

async function applied(vehicle: string, license = LICENSE): Promise<string> {
  const trigger = newTrigger();
  await triggers.create(actorOf(license), trigger);
  await subscriptions.add(actorOf(license), trigger.id, [vehicle]);
  return trigger.id;
}

async function remember(triggerId: string, vehicle: string): Promise<void> {
  await database.pool.query(
    `insert into states (trigger_id, vehicle, version, revision, fired_at, previous, sequence)
     values ($1, $2, 7, 1, now(), '{}', 5)`,
    [triggerId, vehicle],
  );
}

async function states(): Promise<unknown[]> {
  const { rows } = await database.pool.query<object>(
    'select trigger_id, vehicle, version, fired_at, previous, sequence from states order by trigger_id, vehicle',
  );
  return rows;
}

async function log(vehicle: string): Promise<unknown[]> {
  const { rows } = await database.pool.query<{ payload: string }>(
    `select payload from events where type = 'subscription.revoked' and license = $1 and vehicle = $2`,
    [LICENSE, vehicle],
  );
  return rows.map(({ payload }) => JSON.parse(payload) as unknown);
}

async function seq(): Promise<number> {
  return Number((await database.pool.query('select seq from index_head')).rows[0].seq);
}
