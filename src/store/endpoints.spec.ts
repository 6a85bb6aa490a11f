import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createTestDatabase, someoneWaits, type TestDatabase, testSettings } from '../../test/support/database.js';
import { actorOf, LICENSE, newTrigger, OTHER_LICENSE, UNLIMITED } from '../../test/support/triggers.js';
import { Database } from './database.js';
import { type EndpointChange, EndpointStore, type NewEndpoint, removeOrphans } from './endpoints.js';
import { newLogId } from './log-id.js';
import { sweepDeletedTriggers } from './trigger-remains.js';
import { type NewTrigger, TriggerStore } from './triggers.js';

let server: TestDatabase;
let database: Database;
let endpoints: EndpointStore;
let triggers: TriggerStore;

beforeAll(async () => {
  server = await createTestDatabase();
  database = await Database.open(testSettings(server.url));
  endpoints = new EndpointStore(database, UNLIMITED);
  triggers = new TriggerStore(database, UNLIMITED);
});
afterAll(async () => {
  await database.close();
  await server.drop();
});

async function shared(given: Partial<NewEndpoint> = {}, license = LICENSE): Promise<string> {
  const endpoint: NewEndpoint = {
    id: newLogId(),
    url: 'https://example.com/hook',
    secret: 'v1.k.n.c',
    verifiedAt: new Date(5),
    description: '',
    enabledEvents: [],
    status: 'active',
    ...given,
  };
  await endpoints.create(actorOf(license), endpoint);
  return endpoint.id;
}

/** A trigger that goes nowhere yet. */
function unplaced(): Omit<NewTrigger, 'endpoint'> {
  const { endpoint, ...trigger } = newTrigger();
  expect(endpoint.id).not.toBe(trigger.id);
  return trigger;
}

/** A trigger at a shared endpoint. */
async function sharing(sharedEndpointId: string): Promise<string> {
  const trigger = unplaced();
  expect(await triggers.create(actorOf(), { ...trigger, sharedEndpointId })).toMatchObject({ kind: 'created' });
  return trigger.id;
}

/** A trigger with an endpoint of its own. */
async function owning(): Promise<{ id: string; endpointId: string }> {
  const trigger = newTrigger();
  await triggers.create(actorOf(), trigger);
  return { id: trigger.id, endpointId: trigger.endpoint.id };
}

/** A firing that is to be delivered; gives the id of the delivery. */
async function queue(endpointId: string, triggerId: string, type = 'trigger.fired'): Promise<string> {
  const [event, delivery] = [newLogId(), newLogId()];
  await database.pool.query(
    `insert into events (id, type, license, trigger_id, payload) values ($1, $2, $3, $4, '{}')`,
    [...[event, type, LICENSE, triggerId]],
  );
  const sql = 'insert into outbox (endpoint_id, due_at, id, event_id) values ($1, now(), $2, $3)';
  await database.pool.query(sql, [endpointId, delivery, event]);
  return delivery;
}

async function pendingAt(endpointId: string): Promise<string[]> {
  const sql = 'select id from outbox where endpoint_id = $1 order by id';
  return (await database.pool.query<{ id: string }>(sql, [endpointId])).rows.map(({ id }) => id);
}

async function leaseOf(endpointId: string): Promise<Record<string, unknown> | undefined> {
  const sql = 'select * from endpoint_leases where endpoint_id = $1';
  return (await database.pool.query<Record<string, unknown>>(sql, [endpointId])).rows[0];
}

async function settle(endpointId: string): Promise<void> {
  await database.pool.query(`update endpoints set updated_at = now() - interval '1 h' where id = $1`, [endpointId]);
  await database.pool.query(
    `update endpoint_leases set last_attempt_at = now() - interval '1 h' where endpoint_id = $1`,
    [endpointId],
  );
}

test('an endpoint is read back as it was made, by its license alone', async () => {
  const id = await shared({ enabledEvents: ['*'], retry: '1s', headers: 'sealed', status: 'paused', description: 'x' });
  expect(await endpoints.get(LICENSE, id)).toMatchObject({
    ...{ id, isShared: true, enabledEvents: ['*'], retry: '1s', headers: 'sealed', status: 'paused', description: 'x' },
    ...{ profile: 'standard', timeoutSeconds: null, triggerCount: 0, triggerId: null, verifiedAt: new Date(5) },
  });
  expect(await endpoints.get(OTHER_LICENSE, id)).toBeUndefined();
  expect(await endpoints.update(actorOf(OTHER_LICENSE), id, () => ({ description: 'mine' }))).toBe('not_found');
  expect(await endpoints.remove(actorOf(OTHER_LICENSE), id)).toEqual({ kind: 'not_found' });
  expect(await endpoints.rotate(actorOf(OTHER_LICENSE), { endpointId: id }, { secret: 's', previousUntil: null })).toBe(
    false,
  );
  expect(await leaseOf(id)).toMatchObject({ license: LICENSE, failures: 0 });
});

describe('changing an endpoint', () => {
  test('it is decided from what is stored, while nobody else changes it', async () => {
    const id = await shared({ description: '' });
    const append = (letter: string) =>
      endpoints.update(actorOf(), id, ({ description }): EndpointChange => ({ description: description + letter }));
    await Promise.all(['a', 'b', 'c', 'd'].map(append));
    expect([...(await endpoints.get(LICENSE, id))!.description].sort()).toEqual(['a', 'b', 'c', 'd']);
  });

  test('what is thrown while deciding undoes everything', async () => {
    const id = await shared();
    const before = await endpoints.get(LICENSE, id);
    const refused = endpoints.update(actorOf(), id, () => {
      throw new Error('refused');
    });
    await expect(refused).rejects.toThrow('refused');
    expect(await endpoints.get(LICENSE, id)).toEqual(before);
  });

  test("a trigger's own is not changed as if it were shared", async () => {
    const { endpointId } = await owning();
    expect(await endpoints.update(actorOf(), endpointId, () => ({ description: 'x' }))).toBe('not_shared');
    expect(await endpoints.remove(actorOf(), endpointId)).toEqual({ kind: 'not_shared' });
  });

  test('a rotation or proof for a trigger counts only where the trigger sends to', async () => {
    const [{ id }, { endpointId }] = [await owning(), await owning()];
    const use = { endpointId, triggerId: id };
    const before = await endpoints.get(LICENSE, endpointId);
    expect(await endpoints.rotate(actorOf(), use, { secret: 's', previousUntil: null })).toBe(false);
    const proof = { url: 'https://example.com/hook', verifiedAt: new Date() };
    expect(await endpoints.verified(actorOf(), use, proof)).toBe(false);
    const moved = { ...proof, url: 'https://example.com/other' };
    expect(await endpoints.verified(actorOf(), { endpointId }, moved)).toBe(false);
    expect(await endpoints.get(LICENSE, endpointId)).toEqual(before);
  });

  test('an asymmetric key of a rotation before last never comes back to life', async () => {
    const id = await shared({ signingKey: 'first' });
    const later = new Date(Date.now() + 60_000);
    const keys = async () => {
      const sql = 'select signing_key, previous_signing_key from endpoints where id = $1';
      return (await database.pool.query<Record<string, unknown>>(sql, [id])).rows;
    };
    await endpoints.rotate(actorOf(), { endpointId: id }, { secret: 's', signingKey: 'second', previousUntil: later });
    expect(await keys()).toEqual([{ signing_key: 'second', previous_signing_key: 'first' }]);
    await endpoints.rotate(actorOf(), { endpointId: id }, { secret: 't', previousUntil: later });
    expect(await keys()).toEqual([{ signing_key: 'second', previous_signing_key: null }]);
  });
});

describe('deleting', () => {
  test('a trigger at a shared endpoint takes its own firings along, and nothing of others', async () => {
    const id = await shared();
    const [one, other] = [await sharing(id), await sharing(id)];
    const [, kept, news] = [await queue(id, one), await queue(id, other), await queue(id, one, 'webhook.failing')];
    expect(await triggers.remove(actorOf(), one)).toBe(true);
    expect(await pendingAt(id)).toEqual([kept, news].sort());
    expect(await endpoints.get(LICENSE, id)).toMatchObject({ triggerCount: 1 });
    await database.pool.query(`update triggers set deleted_at = now() - interval '1 h' where id = $1`, [one]);
    await sweepDeletedTriggers(database);
    expect(await leaseOf(id)).toBeDefined();
    expect(await pendingAt(id)).toEqual([kept, news].sort());
    const { rows } = await database.pool.query('select swept_at from triggers where id = $1', [one]);
    expect(rows[0]).toMatchObject({ swept_at: expect.any(Date) });
  });

  test('a shared endpoint cancels what is pending there; its lease row goes when nothing can come any more', async () => {
    const id = await shared();
    const delivery = await queue(id, randomUUID(), 'webhook.created');
    expect(await endpoints.remove(actorOf(), id)).toEqual({ kind: 'removed' });
    expect(await pendingAt(id)).toEqual([]);
    const { rows } = await database.pool.query('select status, license from deliveries where id = $1', [delivery]);
    expect(rows).toEqual([{ status: 'cancelled', license: LICENSE }]);
    await removeOrphans(database);
    expect(await leaseOf(id)).toBeDefined();
    await queue(id, randomUUID());
    await settle(id);
    await removeOrphans(database);
    expect([await leaseOf(id), await pendingAt(id)]).toEqual([undefined, []]);
  });

  test('an endpoint waits for a trigger that is just being made there, and stays for it', async () => {
    const id = await shared();
    const client = await database.pool.connect();
    try {
      await client.query('begin');
      await client.query('select 1 from endpoints where id = $1 for share', [id]);
      const removal = endpoints.remove(actorOf(), id);
      await someoneWaits(database);
      await client.query(`update triggers set endpoint_id = $1 where id = $2`, [id, (await owning()).id]);
      await client.query('commit');
      expect(await removal).toEqual({ kind: 'in_use', by: 1 });
    } finally {
      client.release();
    }
  });

  test('no trigger can be made at one that is gone', async () => {
    const id = await shared();
    await endpoints.remove(actorOf(), id);
    const trigger = unplaced();
    expect(await triggers.create(actorOf(), { ...trigger, sharedEndpointId: id })).toEqual({
      kind: 'endpoint_not_found',
    });
    expect(await triggers.find(LICENSE, trigger.id)).toBeUndefined();
  });
});

test("no trigger can be made at, or moved to, another license's endpoint or another trigger's own", async () => {
  const { id, endpointId } = await owning();
  const before = await triggers.find(LICENSE, id);
  const foreign = await shared({}, OTHER_LICENSE);
  for (const to of [foreign, (await owning()).endpointId, randomUUID()]) {
    const trigger = unplaced();
    const refused = { kind: 'endpoint_not_found' };
    expect(await triggers.create(actorOf(), { ...trigger, sharedEndpointId: to })).toEqual(refused);
    expect(await triggers.find(LICENSE, trigger.id)).toBeUndefined();
    const moveTo = { kind: 'shared', endpointId: to } as const;
    expect(await triggers.update(actorOf(), id, { moveTo, cooldownSeconds: 1 })).toEqual(refused);
  }
  expect(await triggers.find(LICENSE, id)).toEqual(before);
  expect(await endpoints.get(LICENSE, endpointId)).toMatchObject({ triggerCount: 1 });
});

describe('an endpoint that its trigger has left', () => {
  test('stays while something is pending there, and then goes with its lease row', async () => {
    const { id, endpointId } = await owning();
    const pending = await queue(endpointId, id);
    const to = await shared();
    await triggers.update(actorOf(), id, { moveTo: { kind: 'shared', endpointId: to } });
    expect(await triggers.find(LICENSE, id)).toMatchObject({ endpointId: to, ownsEndpoint: false });
    await settle(endpointId);
    await removeOrphans(database);
    expect([await pendingAt(endpointId), (await endpoints.get(LICENSE, endpointId))?.status]).toEqual([
      [pending],
      'active',
    ]);
    await database.pool.query('delete from outbox where id = $1', [pending]);
    await removeOrphans(database);
    expect([await endpoints.get(LICENSE, endpointId), await leaseOf(endpointId)]).toEqual([undefined, undefined]);
    expect(await endpoints.get(LICENSE, to)).toMatchObject({ triggerCount: 1 });
  });

  test('stays as long as a firing from before may still be on its way', async () => {
    const { id, endpointId } = await owning();
    await triggers.update(actorOf(), id, { moveTo: { kind: 'shared', endpointId: await shared() } });
    await removeOrphans(database);
    expect(await endpoints.get(LICENSE, endpointId)).toMatchObject({ isShared: false, triggerId: null });
  });

  test('endpoints in use are no orphans, however old', async () => {
    const [{ endpointId }, id] = [await owning(), await shared()];
    await settle(endpointId);
    await settle(id);
    await removeOrphans(database);
    expect(await endpoints.get(LICENSE, endpointId)).toBeDefined();
    expect(await endpoints.get(LICENSE, id)).toBeDefined();
  });
});

describe('listening', () => {
  test('an endpoint hears of what it listens to, and nothing about itself', async () => {
    const id = await shared({ enabledEvents: ['endpoint.*', 'secret.*'] }, OTHER_LICENSE);
    await endpoints.update(actorOf(OTHER_LICENSE), id, () => ({ description: 'x' }));
    await endpoints.rotate(actorOf(OTHER_LICENSE), { endpointId: id }, { secret: 's', previousUntil: null });
    expect(await pendingAt(id)).toEqual([]);
    await shared({}, OTHER_LICENSE);
    expect(await pendingAt(id)).toHaveLength(1);
  });
});
