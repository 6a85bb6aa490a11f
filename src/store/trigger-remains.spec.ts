import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase, testSettings } from '../../test/support/database.js';
import { actorOf, LICENSE, newTrigger, vehicleOf, UNLIMITED } from '../../test/support/triggers.js';
import { Database } from './database.js';
import { newLogId } from './log-id.js';
import { removeRemains } from './trigger-remains.js';
import { TriggerStore } from './triggers.js';

let server: TestDatabase;
let database: Database;

beforeAll(async () => {
  server = await createTestDatabase();
  database = await Database.open(testSettings(server.url));
});
afterAll(async () => {
  await database.close();
  await server.drop();
});

test('at an endpoint that others share only its own firings are cancelled; endpoint and lease stay', async () => {
  const endpointId = await newEndpoint();
  const [id, other] = [randomUUID(), randomUUID()];
  const own = [await queue(endpointId, id), await queue(endpointId, id)];
  const kept = [await queue(endpointId, other), await queue(endpointId, id, 'webhook.updated')];
  await removeRemains(database, { id, endpointId, ownsEndpoint: false });
  expect(
    (await rows<{ id: string }>('select id from outbox where endpoint_id = $1', [endpointId])).map(idOf).sort(),
  ).toEqual(kept.sort());
  expect(
    await rows('select id, status, license, trigger_id, vehicle from deliveries where endpoint_id = $1 order by id', [
      endpointId,
    ]),
  ).toEqual(
    own.sort().map((each) => ({
      ...{ id: each, status: 'cancelled', license: LICENSE, trigger_id: id, vehicle: vehicleOf(1) },
    })),
  );
  expect(await rows('select 1 from endpoint_leases where endpoint_id = $1', [endpointId])).toHaveLength(1);
  expect(await told(endpointId)).toEqual([{ license: LICENSE, trigger_id: id, payload: { count: 2 } }]);
});

test('that deliveries were cancelled is told once, and not at all where none were', async () => {
  const [endpointId, listening] = [await newEndpoint(), await newEndpoint(['delivery.cancelled'])];
  await listenTo(endpointId);
  const id = randomUUID();
  for (let n = 0; n < 3; n++) await queue(endpointId, id);
  for (let n = 0; n < 2; n++) await removeRemains(database, { id, endpointId, ownsEndpoint: true });
  expect(await told(endpointId)).toEqual([{ license: LICENSE, trigger_id: null, payload: { count: 3 } }]);
  expect(await rows('select 1 from outbox where endpoint_id = $1', [listening])).toHaveLength(1);
  expect(await rows('select 1 from outbox where endpoint_id = $1', [endpointId])).toEqual([]);
});

test('a deleted trigger says what was cancelled with it', async () => {
  const triggers = new TriggerStore(database, UNLIMITED);
  const trigger = newTrigger();
  await triggers.create(actorOf(), trigger);
  await queue(trigger.endpoint.id, trigger.id);
  await triggers.remove(actorOf(), trigger.id);
  expect(await told(trigger.endpoint.id)).toEqual([{ license: LICENSE, trigger_id: null, payload: { count: 1 } }]);
});

async function newEndpoint(enabledEvents: string[] = []): Promise<string> {
  const id = randomUUID();
  await database.pool.query(
    `insert into endpoints (id, license, url, secret, is_shared, enabled_events, created_at, updated_at)
     values ($1, $2, '', '', true, $3, now(), now())`,
    [id, LICENSE, enabledEvents],
  );
  await database.pool.query('insert into endpoint_leases (endpoint_id, license) values ($1, $2)', [id, LICENSE]);
  return id;
}

async function listenTo(id: string): Promise<void> {
  await database.pool.query(`update endpoints set enabled_events = '{*}' where id = $1`, [id]);
}

async function queue(endpointId: string, triggerId: string, type = 'trigger.fired'): Promise<string> {
  const [id, eventId] = [newLogId(), newLogId()];
  await database.pool.query(
    `insert into events (id, type, license, trigger_id, vehicle, payload) values ($1, $2, $3, $4, $5, '{}')`,
    [eventId, type, LICENSE, triggerId, vehicleOf(1)],
  );
  await database.pool.query('insert into outbox (endpoint_id, due_at, id, event_id) values ($1, now(), $2, $3)', [
    ...[endpointId, id, eventId],
  ]);
  return id;
}

async function told(endpointId: string): Promise<unknown[]> {
  const events = await rows<{ payload: string }>(
    `select license, trigger_id, payload from events where type = 'delivery.cancelled' and endpoint_id = $1`,
    [endpointId],
  );
  return events.map((event) => ({ ...event, payload: JSON.parse(event.payload) as unknown }));
}

async function rows<Row extends object>(sql: string, values: unknown[] = []): Promise<Row[]> {
  return (await database.pool.query<Row>(sql, values)).rows;
}

function idOf({ id }: { id: string }): string {
  return id;
}
