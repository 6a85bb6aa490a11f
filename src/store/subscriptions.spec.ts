import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createTestDatabase, someoneWaits, type TestDatabase, testSettings } from '../../test/support/database.js';
import { actorOf, LICENSE, newTrigger, OTHER_LICENSE, vehicleOf, UNLIMITED } from '../../test/support/triggers.js';
import { Database } from './database.js';
import { SubscriptionStore } from './subscriptions.js';
import { TriggerStore } from './triggers.js';

let server: TestDatabase;
let database: Database;
let triggers: TriggerStore;
let subscriptions: SubscriptionStore;

beforeAll(async () => {
  server = await createTestDatabase();
  database = await Database.open(testSettings(server.url));
  triggers = new TriggerStore(database, UNLIMITED);
  subscriptions = new SubscriptionStore(database, UNLIMITED);
});
afterAll(async () => {
  await database.close();
  await server.drop();
});

test('subscribing names what is new and what was subscribed already, each once, in the order asked for', async () => {
  const id = await created();
  await subscriptions.add(actorOf(), id, [vehicleOf(2)]);
  const vehicles = [vehicleOf(3), vehicleOf(2), vehicleOf(1), vehicleOf(3)];
  expect(await subscriptions.add(actorOf(), id, vehicles)).toEqual({
    kind: 'ok',
    added: [vehicleOf(3), vehicleOf(1)],
    already: [vehicleOf(2)],
    overQuota: [],
    withoutGrant: [],
  });
  expect(await subscriptions.vehicles(id)).toEqual([vehicleOf(1), vehicleOf(2), vehicleOf(3)]);
  expect(await subscriptions.vehicles(id, { limit: 1, after: vehicleOf(1) })).toEqual([vehicleOf(2)]);
});

test('unsubscribing counts what was subscribed', async () => {
  const id = await created();
  await subscriptions.add(actorOf(), id, [1, 2, 3].map(vehicleOf));
  expect(await subscriptions.remove(actorOf(), id, [2, 4].map(vehicleOf))).toEqual({ kind: 'ok', removed: 1 });
  expect(await removeAll(id)).toEqual({ kind: 'ok', removed: 2 });
  expect(await removeAll(id)).toEqual({ kind: 'ok', removed: 0 });
  expect(await subscriptions.vehicles(id)).toEqual([]);
});

test('a long list goes in thousands, with one log event that counts all', async () => {
  const id = await created();
  const vehicles = Array.from({ length: 2_500 }, (_, n) => vehicleOf(n));
  const before = await seq();
  const result = await subscriptions.add(actorOf(), id, vehicles);
  expect(result).toMatchObject({ kind: 'ok', added: vehicles });
  expect(await seq()).toBe(before + 3);
  expect(await removeAll(id)).toEqual({ kind: 'ok', removed: 2_500 });
  expect(await seq()).toBe(before + 6);
  expect(await logOf(id)).toEqual([
    ['subscription.created', 2_500],
    ['subscription.deleted', 2_500],
  ]);
});

test('who listens is told of a bulk call once, when all of it is done, with the number of all', async () => {
  const id = await created();
  const listening = await newListener(['subscription.*']);
  const vehicles = Array.from({ length: 2_100 }, (_, n) => vehicleOf(10_000 + n));
  // The last thousand changes nothing.
  await subscriptions.add(actorOf(), id, vehicles.slice(2_000));
  await subscriptions.add(actorOf(), id, vehicles);
  await subscriptions.remove(actorOf(), id, vehicles);
  await subscriptions.add(actorOf(), id, []);
  await removeAll(id);
  expect(await newsOf(listening)).toEqual([
    ['subscription.created', 100],
    ['subscription.created', 2_000],
    ['subscription.deleted', 2_100],
  ]);
});

test('the log event of one vehicle names it, that of many does not, also when the first of its thousands was one', async () => {
  const id = await created();
  const vehicles = Array.from({ length: 1_010 }, (_, n) => vehicleOf(30_000 + n));
  await subscriptions.add(actorOf(), id, vehicles.slice(1, 1_000));
  await subscriptions.add(actorOf(), id, vehicles);
  await subscriptions.remove(actorOf(), id, vehicles.slice(0, 1));
  const { rows } = await database.pool.query(
    `select vehicle from events where trigger_id = $1 and type like 'subscription.%' order by xid`,
    [id],
  );
  expect(rows).toEqual([{ vehicle: null }, { vehicle: null }, { vehicle: vehicles[0] }]);
});

test('who listens is told of what was done before a bulk call failed', async () => {
  const id = await created();
  const listening = await newListener(['subscription.created']);
  const vehicles = Array.from({ length: 1_001 }, (_, n) => (n < 1_000 ? vehicleOf(20_000 + n) : 'a \0 in it'));
  await expect(subscriptions.add(actorOf(), id, vehicles)).rejects.toThrow();
  expect(await newsOf(listening)).toEqual([['subscription.created', 1_000]]);
});

test('a call that changes nothing is not logged and moves no sequence', async () => {
  const id = await created();
  await subscriptions.add(actorOf(), id, [vehicleOf(1)]);
  const before = await seq();
  await subscriptions.add(actorOf(), id, [vehicleOf(1)]);
  await subscriptions.remove(actorOf(), id, [vehicleOf(2)]);
  expect([await seq(), await logOf(id)]).toEqual([before, [['subscription.created', 1]]]);
});

test("a vehicle's subscriptions are those of one license's living triggers", async () => {
  const [kept, deleted, foreign] = [await created(), await created(), await created(OTHER_LICENSE)];
  const vehicle = vehicleOf(77);
  for (const [license, id] of [
    [LICENSE, kept],
    [LICENSE, deleted],
    [OTHER_LICENSE, foreign],
  ] as const) {
    await subscriptions.add(actorOf(license), id, [vehicle]);
  }
  await triggers.remove(actorOf(), deleted);
  expect(await subscriptions.ofVehicle(LICENSE, vehicle)).toEqual([
    { triggerId: kept, vehicle, createdAt: expect.any(Date), description: 'too fast' },
  ]);
  expect(await subscriptions.ofVehicle(LICENSE, vehicleOf(78))).toEqual([]);
});

test.each([[[]], [[vehicleOf(1)]]])("another license's trigger is unknown (%j)", async (vehicles) => {
  const id = await created();
  await subscriptions.add(actorOf(), id, [vehicleOf(1)]);
  for (const unknown of [id, randomUUID()]) {
    const actor = actorOf(OTHER_LICENSE);
    expect(await subscriptions.add(actor, unknown, vehicles)).toEqual({ kind: 'not_found' });
    expect(await subscriptions.remove(actor, unknown, vehicles)).toEqual({ kind: 'not_found' });
  }
  expect(await subscriptions.vehicles(id)).toEqual([vehicleOf(1)]);
});

test.each(['add', 'remove'] as const)(
  'to %s waits for a deletion under way, and then finds the trigger gone',
  async (call) => {
    const id = await created();
    await subscriptions.add(actorOf(), id, [vehicleOf(1)]);
    const { calling } = await database.session(async (deletion) => {
      await deletion.query('begin');
      await deletion.query('update triggers set deleted_at = now() where id = $1', [id]);
      const result = subscriptions[call](actorOf(), id, [vehicleOf(1), vehicleOf(2)]);
      await Promise.race([result, someoneWaits(database)]);
      await deletion.query('commit');
      return { calling: result };
    });
    expect(await calling).toEqual({ kind: 'not_found' });
  },
);

test('vehicles judged for another revision of the trigger are not subscribed', async () => {
  const id = await created();
  await triggers.update(actorOf(), id, { cooldownSeconds: 5 });
  expect(await subscriptions.add(actorOf(), id, [vehicleOf(1)], { revision: 1 })).toEqual({
    kind: 'changed',
    added: [],
  });
  expect(await subscriptions.vehicles(id)).toEqual([]);
  expect(await subscriptions.add(actorOf(), id, [vehicleOf(1)], { revision: 2 })).toMatchObject({ kind: 'ok' });
});

test.each([
  ['all of its vehicles', [1, 2], 'updated'],
  ['also one that has gone', [1, 2, 3], 'updated'],
  ['one of its vehicles alone', [1], 'stale'],
  ['none', [], 'stale'],
])('a trigger for which %s were judged: %j is %s', async (_which, judged, kind) => {
  const id = await created();
  await subscriptions.add(actorOf(), id, [1, 2].map(vehicleOf));
  const expected = { revision: 1, vehicles: judged.map(vehicleOf) };
  expect(await triggers.update(actorOf(), id, { cooldownSeconds: 5 }, expected)).toMatchObject({ kind });
  expect((await triggers.get(LICENSE, id))?.revision).toBe(kind === 'updated' ? 2 : 1);
});

test('a change with judged vehicles is refused as any other', async () => {
  const [id, other] = [await created(), await created()];
  const judged = { revision: 1, vehicles: [] };
  const update = (license: string, change: object, revision = 1) =>
    triggers.update(actorOf(license), id, change, { ...judged, revision });
  expect(await update(LICENSE, { cooldownSeconds: 5 }, 2)).toEqual({ kind: 'stale' });
  expect(await update(OTHER_LICENSE, { cooldownSeconds: 5 })).toEqual({ kind: 'not_found' });
  expect(await update(LICENSE, { displayName: other })).toEqual({ kind: 'duplicate_name' });
});

test('a change with judged vehicles waits for a vehicle that is being subscribed, and then finds it', async () => {
  const id = await created();
  const { changing } = await database.session(async (subscribing) => {
    await subscribing.query('begin');
    await subscribing.query('select 1 from triggers where id = $1 for no key update', [id]);
    const result = triggers.update(actorOf(), id, { cooldownSeconds: 5 }, { revision: 1, vehicles: [] });
    await Promise.race([result, someoneWaits(database)]);
    await subscribing.query('insert into subscriptions (trigger_id, vehicle, created_at) values ($1, $2, now())', [
      id,
      vehicleOf(1),
    ]);
    await subscribing.query('commit');
    return { changing: result };
  });
  expect(await changing).toEqual({ kind: 'stale' });
});

async function created(license = LICENSE): Promise<string> {
  const trigger = newTrigger();
  await triggers.create(actorOf(license), trigger);
  return trigger.id;
}

async function removeAll(id: string): ReturnType<SubscriptionStore['remove']> {
  return subscriptions.remove(actorOf(), id, await subscriptions.vehicles(id));
}

async function newListener(names: string[]): Promise<string> {
  const id = randomUUID();
  await database.pool.query(
    `insert into endpoints (id, license, url, secret, enabled_events, created_at, updated_at)
     values ($1, $2, '', '', $3, now(), now())`,
    [id, LICENSE, names],
  );
  return id;
}

async function newsOf(endpointId: string): Promise<[string, number][]> {
  const { rows } = await database.pool.query(
    `select e.type, e.payload from outbox o join events e on e.id = o.event_id where o.endpoint_id = $1 order by e.id`,
    [endpointId],
  );
  return rows.map((row) => [row.type, JSON.parse(row.payload).count]);
}

async function seq(): Promise<number> {
  return Number((await database.pool.query('select seq from index_head')).rows[0].seq);
}

async function logOf(triggerId: string): Promise<[string, number][]> {
  const { rows } = await database.pool.query(
    `select type, payload from events where trigger_id = $1 and type like 'subscription.%' order by id`,
    [triggerId],
  );
  return rows.map((row) => [row.type, JSON.parse(row.payload).count]);
}
