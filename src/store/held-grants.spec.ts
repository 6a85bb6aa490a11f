import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createTestDatabase, someoneWaits, type TestDatabase, testSettings } from '../../test/support/database.js';
import { actorOf, LICENSE, newTrigger, OTHER_LICENSE, UNLIMITED, vehicleOf } from '../../test/support/triggers.js';
import { Database } from './database.js';
import { GrantStore } from './grants.js';
import { SubscriptionStore } from './subscriptions.js';
import { TriggerStore } from './triggers.js';

const NEEDED = ['a', 'b'];
const [one, two, three, four] = [1, 2, 3, 4].map(vehicleOf) as [string, string, string, string];

let server: TestDatabase;
let database: Database;
let grants: GrantStore;
let subscriptions: SubscriptionStore;
let triggers: TriggerStore;
let id: string;

beforeAll(async () => {
  server = await createTestDatabase();
  database = await Database.open(testSettings(server.url));
  grants = new GrantStore(database);
  subscriptions = new SubscriptionStore(database, UNLIMITED);
  triggers = new TriggerStore(database, UNLIMITED);
});
afterAll(async () => {
  await database.close();
  await server.drop();
});
beforeEach(async () => {
  const trigger = newTrigger();
  id = trigger.id;
  await triggers.create(actorOf(), trigger);
  await grant(one, ['c', 'b', 'a']);
});

const grant = (vehicle: string, permissions: string[]) => grants.put(actorOf(), LICENSE, vehicle, permissions);
const subscribe = (...vehicles: string[]) =>
  subscriptions.add(actorOf(), id, vehicles, { revision: 1, grantsNeeded: NEEDED });
const change = (...vehicles: string[]) =>
  triggers.update(actorOf(), id, { cooldownSeconds: 5 }, { revision: 1, vehicles, grantsNeeded: NEEDED });
const revision = async () => (await triggers.find(LICENSE, id))?.revision;

describe('vehicles whose grants were withdrawn since they were judged', () => {
  beforeEach(async () => {
    await grant(two, ['a']);
    await grants.remove(actorOf(), LICENSE, three);
    await grants.put(actorOf(), OTHER_LICENSE, three, NEEDED);
    await grant(four, NEEDED);
  });

  test('are not subscribed, and named; the others are', async () => {
    await subscriptions.add(actorOf(), id, [four]);
    expect(await subscribe(three, one, two, four, three)).toEqual({
      kind: 'ok',
      added: [one],
      already: [four],
      overQuota: [],
      withoutGrant: [three, two],
    });
    expect(await subscriptions.vehicles(id)).toEqual([one, four]);
  });

  test.each([
    ['none', [one, four], 2],
    ['one', [one, two, four], 1],
  ])('keep a trigger from what it was judged for: of %s', async (_which, vehicles, expected) => {
    expect(await change(...vehicles)).toMatchObject({ kind: expected === 2 ? 'updated' : 'stale' });
    expect(await revision()).toBe(expected);
  });
});

describe.each([
  ['subscribing', () => subscribe(one), { withoutGrant: [one] }, () => subscriptions.vehicles(id), [one]],
  ['changing a trigger', () => change(one), { kind: 'stale' }, revision, 2],
] as const)('%s', (_what, write, refused, written, done) => {
  test.each([
    ['removal', 'delete from grants where license = $1 and vehicle = $2'],
    ['change', `update grants set permissions = '{a,c}' where license = $1 and vehicle = $2`],
  ])('waits for a %s of a grant that is under way, and then finds it', async (_which, sql) => {
    const { writing } = await database.session(async (withdrawal) => {
      await withdrawal.query('begin');
      await withdrawal.query(sql, [LICENSE, one]);
      const result = write();
      await Promise.race([result, someoneWaits(database)]);
      await withdrawal.query('commit');
      return { writing: result };
    });
    expect(await writing).toMatchObject(refused);
  });

  test.each([
    ['removal', async () => void (await grants.remove(actorOf(), LICENSE, one))],
    ['change', () => grant(one, ['a', 'c'])],
  ])('is waited for by a %s of a grant, after which it is to be seen', async (_which, withdraw) => {
    const { writing, seen } = await database.session(async (holder) => {
      await holder.query('begin');
      await holder.query('select 1 from index_head for update');
      const result = write();
      await someoneWaits(database);
      const after = withdraw().then<unknown>(written);
      await Promise.race([after, waiting(2)]);
      await holder.query('rollback');
      return { writing: result, seen: after };
    });
    expect(await seen).toEqual(done);
    expect(await writing).not.toMatchObject(refused);
  });
});

async function waiting(count: number): Promise<void> {
  const sql = `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
  while ((await database.pool.query(sql)).rowCount! < count);
}
