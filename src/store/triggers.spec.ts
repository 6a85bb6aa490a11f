import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase, testSettings } from '../../test/support/database.js';
import { actorOf, LICENSE, newTrigger, OTHER_LICENSE, vehicleOf, UNLIMITED } from '../../test/support/triggers.js';
import { Database } from './database.js';
import { CANCEL_BATCH } from './sql/given-up.js';
import { SubscriptionStore } from './subscriptions.js';
import { sweepDeletedTriggers } from './trigger-remains.js';
import { type NewTrigger, type TriggerChange, TriggerStore } from './triggers.js';

let server: TestDatabase;
let database: Database;
let triggers: TriggerStore;

beforeAll(async () => {
  server = await createTestDatabase();
  database = await Database.open(testSettings(server.url));
  triggers = new TriggerStore(database, UNLIMITED);
});
afterAll(async () => {
  await database.close();
  await server.drop();
});

test('a trigger is read back as it was created', async () => {
  const trigger = newTrigger({ displayName: 'Too fast' });
  const result = await triggers.create(actorOf(), trigger);
  const { endpoint, ...registered } = trigger;
  const found = {
    ...registered,
    license: LICENSE,
    endpointId: endpoint.id,
    targetUrl: endpoint.url,
    verifiedAt: endpoint.verifiedAt,
    statusReason: null,
    revision: 1,
    failureCount: 0,
    lastDeliveredAt: null,
  };
  expect(result).toMatchObject({ kind: 'created', trigger: found });
  const counted = { lastFiredAt: null, subscriptionCount: 0 };
  expect(await triggers.find(LICENSE, trigger.id)).toMatchObject(found);
  expect(await triggers.get(LICENSE, trigger.id)).toEqual({
    ...(await triggers.find(LICENSE, trigger.id)),
    ...counted,
  });
});

test('triggers are listed by id in pages, without the deleted and without those of others', async () => {
  const license = licenseOf(3);
  const ids = (await Promise.all([1, 2, 3, 4].map(() => created(license)))).map((trigger) => trigger.id).sort();
  await created();
  await triggers.remove(actorOf(license), ids[1]!);
  const listed = async (page?: { limit: number; after?: string }) =>
    (await triggers.list(license, page)).map((trigger) => trigger.id);
  expect(await listed()).toEqual([ids[0], ids[2], ids[3]]);
  expect(await listed({ limit: 2 })).toEqual([ids[0], ids[2]]);
  expect(await listed({ limit: 2, after: ids[2]! })).toEqual([ids[3]]);
});

test.each([undefined, '', '  '])('a trigger named %p is named after its id', async (displayName) => {
  const trigger = await created(LICENSE, displayName === undefined ? {} : { displayName });
  expect((await triggers.get(LICENSE, trigger.id))?.displayName).toBe(trigger.id);
});

test.each([
  ['the same name', 'Harsh braking', 'Harsh braking'],
  ['another case', 'Overspeed', 'OVERSPEED'],
  ['another case beyond ASCII', 'Übertempo', 'ÜBERTEMPO'],
])('%s is a duplicate in a license, until the trigger is deleted', async (_, first, second) => {
  const { id } = await created(LICENSE, { displayName: first });
  expect(await triggers.create(actorOf(), newTrigger({ displayName: second }))).toEqual({ kind: 'duplicate_name' });
  expect((await triggers.create(actorOf(OTHER_LICENSE), newTrigger({ displayName: second }))).kind).toBe('created');
  await triggers.remove(actorOf(), id);
  expect((await triggers.create(actorOf(), newTrigger({ displayName: second }))).kind).toBe('created');
});

test('a name is taken in any letter case, but not by the trigger itself, another license or a deleted one', async () => {
  const { id } = await created(LICENSE, { displayName: 'Niedrig: ÖL' });
  const isTaken = (exceptId?: string) => triggers.isNameTaken(LICENSE, 'niedrig: öl', exceptId);
  expect(await isTaken()).toBe(true);
  expect(await isTaken(randomUUID())).toBe(true);
  expect(await isTaken(id)).toBe(false);
  expect(await triggers.isNameTaken(OTHER_LICENSE, 'niedrig: öl')).toBe(false);
  await triggers.remove(actorOf(), id);
  expect(await isTaken()).toBe(false);
});

test('an update to a name that is taken changes nothing', async () => {
  await created(LICENSE, { displayName: 'Taken' });
  const { id } = await created();
  expect(await triggers.update(actorOf(), id, { displayName: 'taken', cooldownSeconds: 9 })).toEqual({
    kind: 'duplicate_name',
  });
  expect(await triggers.get(LICENSE, id)).toMatchObject({ revision: 1, cooldownSeconds: 30 });
});

test.each<[string, TriggerChange, object]>([
  ['cool-down', { cooldownSeconds: 0 }, { cooldownSeconds: 0 }],
  ['status', { status: 'disabled' }, { status: 'disabled' }],
  ['name to none', { displayName: null }, { displayName: expect.stringMatching(/^[0-9a-f-]{36}$/) }],
  [
    'target',
    { target: { url: 'https://example.org/', verifiedAt: new Date(5) } },
    { targetUrl: 'https://example.org/', verifiedAt: new Date(5) },
  ],
])('an update of the %s changes that and raises the revision', async (_, change, expected) => {
  const { id } = await created(LICENSE, { displayName: randomUUID() });
  const found = await triggers.find(LICENSE, id);
  const result = await triggers.update(actorOf(), id, change);
  expect(result).toEqual({
    kind: 'updated',
    trigger: { ...found, ...expected, revision: 2, updatedAt: expect.any(Date) },
  });
});

test('an empty update changes nothing', async () => {
  const { id } = await created();
  const before = await triggers.find(LICENSE, id);
  const head = await seq();
  expect(await triggers.update(actorOf(), id, { displayName: undefined })).toEqual({
    kind: 'updated',
    trigger: before,
  });
  expect([await seq(), await logOf(id)]).toEqual([head, ['webhook.created']]);
});

test('an update that expects another revision is stale', async () => {
  const { id } = await created();
  expect(await triggers.update(actorOf(), id, { cooldownSeconds: 1 }, { revision: 2 })).toEqual({ kind: 'stale' });
  expect((await triggers.update(actorOf(), id, { cooldownSeconds: 1 }, { revision: 1 })).kind).toBe('updated');
});

test("another license's trigger is as unknown as one that never was", async () => {
  const { id } = await created();
  for (const [license, unknown] of [
    [OTHER_LICENSE, id],
    [LICENSE, randomUUID()],
  ] as const) {
    expect(await triggers.get(license, unknown)).toBeUndefined();
    expect(await triggers.find(license, unknown)).toBeUndefined();
    expect(await triggers.update(actorOf(license), unknown, { cooldownSeconds: 1 })).toEqual({ kind: 'not_found' });
    expect(await triggers.remove(actorOf(license), unknown)).toBe(false);
  }
  expect(await triggers.get(LICENSE, id)).toMatchObject({ revision: 1 });
});

test.each<[TriggerChange, boolean]>([
  [{ metricName: 'obdRunTime', metric: 'obdRunTime' }, true],
  [{ metricName: 'vss.speed', service: 'signals' }, false],
  [{ condition: 'valueNumber > 1', normalizedCondition: 'valueNumber > 1.0' }, false],
])('an update by %j empties states: %p', async (change, empties) => {
  const { id } = await created();
  await database.pool.query(
    `insert into states (trigger_id, vehicle, version, revision, fired_at, previous, sequence)
     values ($1, 'v', 7, 1, now(), '{}', 5)`,
    [id],
  );
  await triggers.update(actorOf(), id, change);
  const { rows } = await database.pool.query(
    'select version, fired_at, previous, sequence from states where trigger_id = $1',
    [id],
  );
  const kept = { version: '7', fired_at: expect.any(Date), previous: '{}', sequence: '5' };
  expect(rows).toEqual([empties ? { version: '8', fired_at: null, previous: null, sequence: '5' } : kept]);
});

test('a deleted trigger leaves no subscription, endpoint or pending delivery', async () => {
  const { id, endpointId } = await created();
  await new SubscriptionStore(database, UNLIMITED).add(actorOf(), id, [vehicleOf(1), vehicleOf(2)]);
  await queue(endpointId, 3);
  expect(await triggers.remove(actorOf(), id)).toBe(true);
  expect(await triggers.get(LICENSE, id)).toBeUndefined();
  expect(await triggers.remove(actorOf(), id)).toBe(false);
  expect(await count('subscriptions', 'trigger_id', id)).toBe(0);
  expect(await count('endpoints', 'id', endpointId)).toBe(0);
  expect(await count('outbox', 'endpoint_id', endpointId)).toBe(0);
  const { rows } = await database.pool.query('select distinct status from deliveries where endpoint_id = $1', [
    endpointId,
  ]);
  expect(rows).toEqual([{ status: 'cancelled' }]);
});

test('a batch of pending deliveries that are on record already is not the last one', async () => {
  const { id, endpointId } = await created();
  await database.pool.query(
    `insert into outbox (endpoint_id, due_at, id, event_id)
     select $1, now(), gen_random_uuid(), gen_random_uuid() from generate_series(1, $2)`,
    [endpointId, CANCEL_BATCH + 1],
  );
  await database.pool.query(
    `insert into deliveries (id, event_id, endpoint_id, status, attempts, created_at, settled_at)
     select id, event_id, endpoint_id, 'delivered', 1, now(), now() from outbox
     where endpoint_id = $1 order by due_at, id limit 1`,
    [endpointId],
  );
  await triggers.remove(actorOf(), id);
  expect(await count('outbox', 'endpoint_id', endpointId)).toBe(0);
});

test('what is committed for a trigger after its deletion is swept later', async () => {
  const { id, endpointId } = await created();
  await triggers.remove(actorOf(), id);
  await queue(endpointId, 1);
  await sweepDeletedTriggers(database);
  expect(await count('outbox', 'endpoint_id', endpointId)).toBe(1);
  await database.pool.query(`update triggers set deleted_at = deleted_at - interval '1 minute' where id = $1`, [id]);
  expect(await sweepDeletedTriggers(database)).toBeGreaterThan(0);
  expect(await isSwept(id)).toBe(true);
  expect(await count('outbox', 'endpoint_id', endpointId)).toBe(0);
  expect(await count('endpoint_leases', 'endpoint_id', endpointId)).toBe(0);
});

test('a deleted trigger is not done with while a sender settles one of its deliveries', async () => {
  const { id, endpointId } = await created();
  await queue(endpointId, 2);
  await database.session(async (sender) => {
    await sender.query('begin');
    await sender.query('select 1 from outbox where endpoint_id = $1 limit 1 for update', [endpointId]);
    await triggers.remove(actorOf(), id);
    await database.pool.query(`update triggers set deleted_at = deleted_at - interval '1 minute' where id = $1`, [id]);
    await sweepDeletedTriggers(database);
    expect(await isSwept(id)).toBe(false);
    expect(await count('outbox', 'endpoint_id', endpointId)).toBe(1);
    await sender.query('commit');
  });
  await sweepDeletedTriggers(database);
  expect(await isSwept(id)).toBe(true);
  expect(await count('outbox', 'endpoint_id', endpointId)).toBe(0);
});

test('every change leaves one log event with who asked and one place in the sequence', async () => {
  const before = await seq();
  const { id } = await created();
  const actor = actorOf();
  await triggers.update(actor, id, { cooldownSeconds: 1 });
  await triggers.update(actor, id, { status: 'disabled', cooldownSeconds: 2 });
  await triggers.update(actor, id, { status: 'enabled' });
  await triggers.remove(actor, id);
  expect(await logOf(id)).toEqual([
    'webhook.created',
    'webhook.updated',
    'webhook.disabled',
    'webhook.enabled',
    'webhook.deleted',
  ]);
  expect(await seq()).toBe(before + 5);
  const { rows } = await database.pool.query(
    'select license, payload from events where trigger_id = $1 order by id desc',
    [id],
  );
  expect(rows[0].license).toBe(LICENSE);
  expect(JSON.parse(rows[0].payload)).toMatchObject({
    actor: { license: LICENSE, keyId: 'key-1' },
    requestId: actor.requestId,
  });
});

function licenseOf(digit: number): string {
  return `0x${String(digit).repeat(40)}`;
}

async function created(license = LICENSE, given: Partial<NewTrigger> = {}) {
  const result = await triggers.create(actorOf(license), newTrigger(given));
  if (result.kind !== 'created') throw new Error(result.kind);
  return result.trigger;
}

async function queue(endpointId: string, rows: number): Promise<void> {
  await database.pool.query(
    `insert into outbox (endpoint_id, due_at, id, event_id)
     select $1, now() + interval '1 h', gen_random_uuid(), gen_random_uuid() from generate_series(1, $2)`,
    [endpointId, rows],
  );
}

async function count(table: string, column: string, value: string): Promise<number> {
  const sql = `select 1 from ${table} where ${column} = $1`;
  return (await database.pool.query(sql, [value])).rowCount ?? 0;
}

async function isSwept(id: string): Promise<boolean> {
  return (
    (await database.pool.query('select 1 from triggers where id = $1 and swept_at is not null', [id])).rowCount === 1
  );
}

async function seq(): Promise<number> {
  return Number((await database.pool.query('select seq from index_head')).rows[0].seq);
}

async function logOf(triggerId: string): Promise<string[]> {
  const { rows } = await database.pool.query<{ type: string }>(
    'select type from events where trigger_id = $1 order by id',
    [triggerId],
  );
  return rows.map((row) => row.type);
}
