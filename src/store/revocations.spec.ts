import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase, testSettings } from '../../test/support/database.js';
import { actorOf, LICENSE, newTrigger, OTHER_LICENSE, vehicleOf } from '../../test/support/triggers.js';
import { Database } from './database.js';
import { RevocationStore } from './revocations.js';
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
  triggers = new TriggerStore(database);
  subscriptions = new SubscriptionStore(database);
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
    { triggerId: kept, metricKind: 'signal', metric: 'speed' },
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
  expect(await revocations.revokeVehicle(LICENSE, vehicle, [...named, foreign])).toBe(2);
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
  expect(await revocations.revokeVehicle(LICENSE, vehicle, ids)).toBe(1_200);
  expect(await seq()).toBe(before + 2);
  const counts = (await log(vehicle)).map((event) => (event as { count: number }).count);
  expect(counts.sort()).toEqual([1_000, 200]);
  expect(await revocations.triggersOf(LICENSE, vehicle)).toHaveLength(1);
});

test('what was taken already leaves no trace, also when two notice it at once', async () => {
  const vehicle = vehicleOf(++lastVehicle);
  const ids = [await applied(vehicle), await applied(vehicle)];
  const counts = await Promise.all(
    [ids, ids.toReversed(), ids].map((each) => revocations.revokeVehicle(LICENSE, vehicle, each)),
  );
  expect(counts.sort()).toEqual([0, 0, 2]);
  const before = await seq();
  expect(await revocations.revokeVehicle(LICENSE, vehicle, ids)).toBe(0);
  expect(await revocations.revokeVehicle(LICENSE, vehicle, [])).toBe(0);
  expect([await seq(), (await log(vehicle)).length]).toEqual([before, 1]);
});

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
