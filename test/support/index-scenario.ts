import { expect } from '@jest/globals';
import { Database } from '../../src/store/database.js';
import { IndexLog } from '../../src/store/index-log.js';
import { createTestDatabase, testSettings } from './database.js';
import { IndexFollower } from './index-follower.js';
import { type FleetSize, IndexWriters, writeFleet } from './index-writers.js';
import { random } from './random.js';
import { TcpProxy } from './tcp-proxy.js';
import { vehicleOf } from './triggers.js';

/**
 * Writers change triggers and subscriptions while two engines process records. One engine loses its database twice, for a
 * fifth of the changes each; the second time, the changes that it has not seen are pruned before it is back. In the end
 * both indexes are what the tables say, and each record that was produced after a change was decided under it.
 */
export async function followWhileWritersChange(given: {
  size: FleetSize;
  changes: number;
  writers: number;
  seed: number;
}): Promise<void> {
  const { size, changes, writers: atOnce, seed } = given;
  const test = await createTestDatabase();
  const database = await Database.open({ ...testSettings(test.url), controlPoolSize: atOnce });
  await writeFleet(database, size);
  const proxy = await TcpProxy.start(Number(new URL(test.url).port));
  const followers = [await IndexFollower.start(test.url), await IndexFollower.start(urlThrough(proxy, test.url))];
  const writers = new IndexWriters(database, size, followers, random(seed));
  try {
    const write = (share: number) => writers.write(share * changes, atOnce);
    await write(0.2);
    proxy.cut();
    await write(0.4);
    proxy.heal();
    await write(0.6);
    await writers.processed();
    expect(followers.map(({ reloads }) => reloads)).toEqual([0, 0]);
    proxy.cut();
    await write(0.8);
    await database.dataSource.query(`update index_changes set at = at - interval '2 days'`);
    await new IndexLog(database).prune(24);
    proxy.heal();
    await write(1);
    await writers.processed();
    expect(followers[1]!.reloads).toBe(1);
    for (const follower of followers) await expectAsTables(follower, database, writers);
    await expectDecidedUnderTheirChanges(database, writers);
  } finally {
    for (const follower of followers) await follower.close();
    await proxy.stop();
    await database.close();
    await test.drop();
  }
}

function urlThrough(proxy: TcpProxy, url: string): string {
  const through = new URL(url);
  through.port = String(proxy.port);
  return through.href;
}

/** Compares every vehicle: its enabled triggers, and of which revision they are. */
async function expectAsTables(follower: IndexFollower, database: Database, writers: IndexWriters): Promise<void> {
  const { index } = follower;
  await index.refresh();
  const rows = await database.dataSource.query<{ vehicle: string; triggers: string }[]>(
    `select s.vehicle, string_agg(t.id || ' ' || t.revision, ',' order by t.id) as triggers
     from subscriptions s join triggers t on t.id = s.trigger_id
     where t.deleted_at is null and t.status <> 'disabled' group by s.vehicle`,
  );
  const stored = new Map(rows.map(({ vehicle, triggers }) => [vehicle, triggers]));
  const wrong: object[] = [];
  for (let n = 0; n < writers.vehicles; n++) {
    const vehicle = vehicleOf(n);
    const found = index
      .triggersOf(vehicle, 'signal', 'speed')
      .map(({ trigger }) => `${trigger.id} ${trigger.revision}`);
    const indexed = found.sort().join(',');
    const wanted = stored.get(vehicle) ?? '';
    if (indexed !== wanted) wrong.push({ vehicle, indexed, wanted });
  }
  expect(wrong.slice(0, 3)).toEqual([]);
  const live = await database.dataSource.query<{ triggers: number; subscriptions: number }[]>(
    `select (select count(*) from triggers where deleted_at is null)::int as triggers,
       (select count(*) from subscriptions)::int as subscriptions`,
  );
  expect(index.size).toMatchObject(live[0]!);
  expect(index.size.subscriptions).toBe(writers.subscriptionCount);
}

async function expectDecidedUnderTheirChanges(database: Database, { probes }: IndexWriters): Promise<void> {
  const rows = await database.dataSource.query<{ fired: string }[]>(
    `select (payload::json #>> '{data,signal,value}') || ' ' || trigger_id as fired from events where type = 'trigger.fired'`,
  );
  const fired = rows.map((row) => row.fired);
  const unique = new Set(fired);
  expect(fired.length).toBe(unique.size);
  expect(probes.filter(({ value, triggerId, fires }) => unique.has(`${value} ${triggerId}`) !== fires)).toEqual([]);
  // Both answers must have been asked for, or nothing was shown.
  const wanted = probes.filter(({ fires }) => fires).length;
  expect(wanted).toBeGreaterThan(probes.length / 10);
  expect(probes.length - wanted).toBeGreaterThan(probes.length / 10);
}
