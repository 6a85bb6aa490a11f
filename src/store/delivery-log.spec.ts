import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase, testSettings } from '../../test/support/database.js';
import { addAttempt, addEvent, addPending, addSettled, type DeliveryRowFields } from '../../test/support/log-rows.js';
import { LICENSE, OTHER_LICENSE, vehicleOf } from '../../test/support/triggers.js';
import { readLog } from './by-index.js';
import { Database } from './database.js';
import { DeliveryLog, type DeliveryFilter } from './delivery-log.js';
import { newLogId } from './log-id.js';
import { listSettled } from './sql/delivery-log.js';

const DAY_MS = 86_400_000;
const NOW_MS = Date.now();

let server: TestDatabase;
let database: Database;
let log: DeliveryLog;
let endpointId: string;

beforeAll(async () => {
  server = await createTestDatabase();
  database = await Database.open(testSettings(server.url));
  log = new DeliveryLog(database);
});
afterAll(async () => {
  await database.close();
  await server.drop();
});
beforeEach(async () => {
  await database.pool.query('truncate outbox, deliveries, attempts, events, endpoints');
  endpointId = await endpointOf(LICENSE);
});

async function endpointOf(license: string): Promise<string> {
  const id = randomUUID();
  await database.pool.query(
    `insert into endpoints (id, license, url, secret, created_at, updated_at) values ($1, $2, 'https://x.example', 's', now(), now())`,
    [id, license],
  );
  return id;
}

/** Listed without any filter but the license's, unless given. */
async function listed(filter: Partial<DeliveryFilter> = {}): Promise<string[]> {
  return (await log.list({ license: LICENSE, limit: 100, ...filter })).map(({ id }) => id);
}

const eventAt = (ms: number, license = LICENSE) => addEvent(database.pool, { id: newLogId(ms), license });

test('what waits and what is settled come in one list, newest first, and each once', async () => {
  const all: DeliveryRowFields[] = [];
  for (let n = 0; n < 6; n++) {
    const given = { endpointId, event: await eventAt(NOW_MS - n * 60_000) };
    all.push(await (n % 2 === 0 ? addPending(database.pool, given) : addSettled(database.pool, 'failed', given)));
  }
  expect(await listed()).toEqual(all.map(({ id }) => id));
});

test('pages follow one another without a gap', async () => {
  for (let n = 0; n < 7; n++) {
    const given = { endpointId, event: await eventAt(NOW_MS - n * 60_000) };
    await (n < 3 ? addPending(database.pool, given) : addSettled(database.pool, 'delivered', given));
  }
  const whole = await listed();
  const first = await listed({ limit: 4 });
  expect([...first, ...(await listed({ limit: 4, before: first.at(-1)! }))]).toEqual(whole);
});

test('a pending delivery says when it is tried next, and what its last attempt came to', async () => {
  const event = await addEvent(database.pool, { triggerId: randomUUID(), vehicle: vehicleOf(1) });
  const { id } = await addPending(database.pool, { endpointId, event, attempts: 2, dueInSeconds: 60 });
  await addAttempt(database.pool, id, { number: 1, statusCode: 404 });
  await addAttempt(database.pool, id, { number: 2, statusCode: 503 });
  expect(await log.list({ license: LICENSE, limit: 1 })).toEqual([
    {
      ...{ id, eventId: event.id, eventType: 'trigger.fired', endpointId, triggerId: event.triggerId },
      ...{ vehicle: vehicleOf(1), status: 'pending', attempts: 2, isTest: false, settledAt: null },
      ...{ lastStatusCode: 503, lastError: 'answered', dueAt: expect.any(Date), createdAt: expect.any(Date) },
    },
  ]);
});

test('the list is narrowed by webhook, endpoint, vehicle, status and time', async () => {
  const triggerId = randomUUID();
  const other = await endpointOf(LICENSE);
  const event = await addEvent(database.pool, { id: newLogId(NOW_MS - 60_000), triggerId, vehicle: vehicleOf(7) });
  const pending = (await addPending(database.pool, { endpointId, event })).id;
  const held = (await addSettled(database.pool, 'held', { endpointId: other, event })).id;
  const plain = (await addSettled(database.pool, 'delivered', { endpointId, event: await eventAt(NOW_MS - DAY_MS) }))
    .id;
  const waits = (await addPending(database.pool, { endpointId: other, event: await eventAt(NOW_MS - DAY_MS) })).id;
  const sorted = async (filter: Partial<DeliveryFilter>) => (await listed(filter)).sort();
  expect(await sorted({ triggerId })).toEqual([pending, held].sort());
  expect(await sorted({ vehicle: vehicleOf(7) })).toEqual([pending, held].sort());
  expect(await sorted({ endpointId })).toEqual([pending, plain].sort());
  expect(await sorted({ statuses: ['pending'] })).toEqual([pending, waits].sort());
  expect(await sorted({ statuses: ['held', 'failed'] })).toEqual([held]);
  expect(await sorted({ statuses: ['delivered', 'pending'], endpointId: other })).toEqual([waits]);
  expect(await sorted({ sinceMs: NOW_MS - 3_600_000 })).toEqual([pending, held].sort());
  expect(await sorted({ untilMs: NOW_MS - 3_600_000 })).toEqual([plain, waits].sort());
});

test("another license's deliveries are neither listed nor shown", async () => {
  const foreign = await endpointOf(OTHER_LICENSE);
  const event = await eventAt(NOW_MS, OTHER_LICENSE);
  const triggerId = randomUUID();
  const waiting = await addPending(database.pool, { endpointId: foreign, event });
  const settled = await addSettled(database.pool, 'failed', {
    endpointId: foreign,
    event: await addEvent(database.pool, { license: OTHER_LICENSE, triggerId }),
  });
  expect([...(await listed()), ...(await listed({ triggerId })), ...(await listed({ endpointId: foreign }))]).toEqual(
    [],
  );
  expect([await log.get(LICENSE, waiting.id), await log.get(LICENSE, settled.id)]).toEqual([undefined, undefined]);
  expect((await log.get(OTHER_LICENSE, waiting.id))?.delivery.status).toBe('pending');
});

test('what waits for an endpoint that was deleted with its webhook is still listed', async () => {
  const deleted = randomUUID();
  await database.pool.query(
    `insert into triggers (id, license, status, service, metric_name, metric_kind, metric, value_kind, condition,
       normalized_condition, cooldown_seconds, display_name, name_key, description, endpoint_id, created_at, updated_at, deleted_at)
     values ($1, $2, 'enabled', 's', 'm', 'signal', 'm', 'number', 'true', 'true', 0, 'n', 'n', '', $3, now(), now(), now())`,
    [randomUUID(), LICENSE, deleted],
  );
  const { id } = await addPending(database.pool, { endpointId: deleted });
  expect(await listed()).toEqual([id]);
});

test('one delivery comes with its event and its latest attempts', async () => {
  const { id, event } = await addSettled(database.pool, 'failed', { endpointId, attempts: 60 });
  for (let number = 1; number <= 60; number++) await addAttempt(database.pool, id, { number });
  const detail = await log.get(LICENSE, id);
  expect(detail).toMatchObject({ delivery: { id, attempts: 60 }, event: { id: event.id, payload: event.payload } });
  expect(detail!.attempts.map(({ number }) => number)).toEqual(Array.from({ length: 50 }, (_, n) => n + 11));
  await database.pool.query('delete from events');
  expect(await log.get(LICENSE, id)).toMatchObject({ event: undefined, delivery: { eventType: null } });
});

test('the first page of a large log is read by its index alone', async () => {
  const question = { isOfTrigger: false, isOfVehicle: false, isUndelivered: false, isExact: false };
  const values = [LICENSE, null, '00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff'];
  for (const isUndelivered of [false, true]) {
    const plan = await readLog(database, (manager) =>
      manager.query<{ 'QUERY PLAN': string }[]>(`explain ${listSettled({ ...question, isUndelivered })}`, [
        ...[...values, null, null, null, 50],
      ]),
    );
    const text = plan.map((row) => row['QUERY PLAN']).join('\n');
    expect(text).not.toMatch(/Seq Scan|Bitmap/);
    expect(text).toMatch(/Index Scan Backward using deliveries_/);
  }
});
