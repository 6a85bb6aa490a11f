import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase, testSettings } from '../../test/support/database.js';
import { actorOf, LICENSE, newTrigger, OTHER_LICENSE, UNLIMITED } from '../../test/support/triggers.js';
import { AutoSyncStore, type SyncClaim, SyncLost } from './auto-syncs.js';
import { Database } from './database.js';
import { TriggerStore } from './triggers.js';

let server: TestDatabase;
let database: Database;
let triggers: TriggerStore;
let syncs: AutoSyncStore;

const DONE = { isFailed: false, nextMs: 30_000 };

beforeAll(async () => {
  server = await createTestDatabase();
  database = await Database.open(testSettings(server.url));
  triggers = new TriggerStore(database, UNLIMITED);
  syncs = new AutoSyncStore(database);
});
afterAll(async () => {
  await database.close();
  await server.drop();
});
beforeEach(async () => {
  for (const table of ['auto_syncs', 'triggers', 'events']) await database.pool.query(`delete from ${table}`);
});

/** A trigger whose vehicles join by themselves; its id. */
async function automatic(license = LICENSE): Promise<string> {
  const trigger = newTrigger({ autoSubscribe: true });
  await triggers.create(actorOf(license), trigger);
  return trigger.id;
}

/** As if so many ms had passed. */
async function later(ms: number): Promise<void> {
  await database.pool.query(
    `update auto_syncs set due_at = due_at - $1 * interval '1 ms', alive_until = alive_until - $1 * interval '1 ms',
       told_at = told_at - $1 * interval '1 ms'`,
    [ms],
  );
}

async function claimed(): Promise<SyncClaim> {
  const claim = await syncs.claim();
  if (claim === undefined) throw new Error('nothing is due');
  return claim;
}

const record = (claim: SyncClaim) => database.dataSource.transaction((manager) => syncs.record(manager, claim));

test('a license is due at once when a trigger is made that wants it, or is changed to', async () => {
  const plain = newTrigger();
  await triggers.create(actorOf(), plain);
  expect(await syncs.claim()).toBeUndefined();
  await triggers.update(actorOf(), plain.id, { autoSubscribe: true });
  const claim = await claimed();
  expect(claim).toMatchObject({ license: LICENSE, failures: 0, at: expect.any(Date) });
  expect(await syncs.triggerIds(LICENSE)).toEqual([plain.id]);
  expect((await triggers.get(LICENSE, plain.id))!.autoSubscribe).toBe(true);
});

test('one process at a time has a license, until its end; then it is due when it was said', async () => {
  await automatic();
  const claim = await claimed();
  expect(await syncs.claim()).toBeUndefined();
  await syncs.end(claim, DONE);
  expect(await syncs.claim()).toBeUndefined();
  await later(29_000);
  expect(await syncs.claim()).toBeUndefined();
  await later(1_000);
  expect((await claimed()).license).toBe(LICENSE);
});

test('many who look at once get one license each, those due longest first', async () => {
  await automatic();
  await later(5);
  await automatic(OTHER_LICENSE);
  const taken = await Promise.all([syncs.claim(), syncs.claim(), syncs.claim()]);
  expect(taken.map((one) => one?.license ?? '').sort()).toEqual(['', LICENSE, OTHER_LICENSE]);
  for (const one of taken) if (one) await syncs.giveBack(one);
  expect((await claimed()).license).toBe(LICENSE);
});

test('a holder that is not heard of loses the license, and changes nothing any more', async () => {
  await automatic();
  const lost = await claimed();
  await later(10_000);
  await syncs.keepAlive([lost]);
  await later(10_000);
  expect(await syncs.claim()).toBeUndefined();
  await later(5_000);
  const taken = await claimed();
  await expect(record(lost)).rejects.toThrow(SyncLost);
  await syncs.end(lost, { isFailed: true, nextMs: 0 });
  await syncs.giveBack(lost);
  await syncs.keepAlive([lost]);
  await record(taken);
  expect(await syncs.claim()).toBeUndefined();
});

test('what is given back is due as it was', async () => {
  await automatic();
  await syncs.giveBack(await claimed());
  expect(await claimed()).toMatchObject({ failures: 0 });
});

test('failures are counted until one succeeds, or somebody switches it on anew', async () => {
  const id = await automatic();
  const fail = async () => {
    const claim = await claimed();
    await syncs.end(claim, { isFailed: true, nextMs: 0 });
    await later(1);
    return claim.failures;
  };
  expect([await fail(), await fail()]).toEqual([0, 1]);
  await syncs.end(await claimed(), { isFailed: false, nextMs: 0 });
  await later(1);
  expect([await fail(), await fail()]).toEqual([0, 1]);
  for (const autoSubscribe of [false, true]) await triggers.update(actorOf(), id, { autoSubscribe });
  expect(await fail()).toBe(0);
});

test('what was switched on during a sync is not left to the next half minute', async () => {
  await automatic();
  const claim = await claimed();
  await later(5);
  await automatic();
  await syncs.end(claim, DONE);
  expect((await claimed()).license).toBe(LICENSE);
});

test('a license that wants it no more is forgotten, unless it wants it again at this moment', async () => {
  const id = await automatic();
  await triggers.update(actorOf(), id, { autoSubscribe: false });
  const claim = await claimed();
  expect(await syncs.triggerIds(LICENSE)).toEqual([]);
  await later(5);
  await automatic();
  await syncs.end(claim, DONE);
  const again = await claimed();
  for (const each of await syncs.triggerIds(LICENSE)) await triggers.remove(actorOf(), each);
  await syncs.end(again, DONE);
  expect((await database.pool.query('select 1 from auto_syncs')).rowCount).toBe(0);
});

test('a license is told once an hour that its limit keeps vehicles out', async () => {
  await automatic();
  const claim = await claimed();
  const told = { limit: 'subscriptions', most: 5 } as const;
  for (const ms of [0, 59 * 60_000, 60_000]) {
    await later(ms);
    await database.pool.query(`update auto_syncs set alive_until = now() + interval '1 hour'`);
    await syncs.tellOverQuota(claim, told);
  }
  const { rows } = await database.pool.query(`select license, payload from events where type = 'quota.exceeded'`);
  const event = { license: LICENSE, payload: JSON.stringify({ by: 'autoSubscribe', ...told }) };
  expect(rows).toEqual([event, event]);
  await expect(syncs.tellOverQuota({ ...claim, token: randomUUID() }, told)).rejects.toThrow(SyncLost);
});
