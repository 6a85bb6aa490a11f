import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createTestDatabase, someoneWaits, type TestDatabase, testSettings } from '../../test/support/database.js';
import { actorOf, LICENSE, newTrigger, OTHER_LICENSE, vehicleOf } from '../../test/support/triggers.js';
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
  triggers = new TriggerStore(database);
  subscriptions = new SubscriptionStore(database);
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
  });
  expect(await subscriptions.vehicles(id)).toEqual([vehicleOf(1), vehicleOf(2), vehicleOf(3)]);
  expect(await subscriptions.vehicles(id, { limit: 1, after: vehicleOf(1) })).toEqual([vehicleOf(2)]);
});

test('unsubscribing counts what was subscribed', async () => {
  const id = await created();
  await subscriptions.add(actorOf(), id, [1, 2, 3].map(vehicleOf));
  expect(await subscriptions.remove(actorOf(), id, [2, 4].map(vehicleOf))).toEqual({ kind: 'ok', removed: 1 });
  expect(await subscriptions.removeAll(actorOf(), id)).toEqual({ kind: 'ok', removed: 2 });
  expect(await subscriptions.removeAll(actorOf(), id)).toEqual({ kind: 'ok', removed: 0 });
  expect(await subscriptions.vehicles(id)).toEqual([]);
});

test('a long list goes in thousands, with one log event that counts all', async () => {
  const id = await created();
  const vehicles = Array.from({ length: 2_500 }, (_, n) => vehicleOf(n));
  const before = await seq();
  const result = await subscriptions.add(actorOf(), id, vehicles);
  expect(result).toMatchObject({ kind: 'ok', added: vehicles });
  expect(await seq()).toBe(before + 3);
  expect(await subscriptions.removeAll(actorOf(), id)).toEqual({ kind: 'ok', removed: 2_500 });
  expect(await seq()).toBe(before + 6);
  expect(await logOf(id)).toEqual([
    ['subscription.created', 2_500],
    ['subscription.deleted', 2_500],
  ]);
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
    expect(await subscriptions.removeAll(actor, unknown)).toEqual({ kind: 'not_found' });
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

async function created(license = LICENSE): Promise<string> {
  const trigger = newTrigger();
  await triggers.create(actorOf(license), trigger);
  return trigger.id;
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
