import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase, testSettings } from '../../../test/support/database.js';
import { LICENSE, OTHER_LICENSE } from '../../../test/support/triggers.js';
import { deliveryId } from '../../core/event-id.js';
import { Database } from '../database.js';
import { newLogId } from '../log-id.js';
import { QUEUE_FOR_LISTENERS } from './queue-for-listeners.js';

let server: TestDatabase;
let database: Database;
/** Of these triggers, `speed` is on a signal and `braking` on an event. */
let speed: string;
let braking: string;

beforeAll(async () => {
  server = await createTestDatabase();
  database = await Database.open(testSettings(server.url));
});
afterAll(async () => {
  await database.close();
  await server.drop();
});
beforeEach(async () => {
  await database.pool.query('truncate outbox, endpoints, triggers');
  speed = await newTrigger('signal', 'speed');
  braking = await newTrigger('event', 'behavior.harshBraking');
});

test('the database computes the ids of deliveries as core does', async () => {
  const pairs = Array.from({ length: 200 }, (_, n) => ({
    event: n % 2 === 0 ? newLogId(Math.floor((2 ** 48 - 1) * (n / 200))) : randomUUID(),
    endpoint: randomUUID(),
  }));
  const { rows } = await database.pool.query<{ id: string }>(
    'select delivery_id_v1(e, p) as id from unnest($1::uuid[], $2::uuid[]) u (e, p)',
    [pairs.map(({ event }) => event), pairs.map(({ endpoint }) => endpoint)],
  );
  expect(rows.map(({ id }) => id)).toEqual(pairs.map(({ event, endpoint }) => deliveryId(event, endpoint)));
});

test.each<[names: string[], heard: string[]]>([
  [['*'], ['speed', 'braking', 'created', 'failed', 'key']],
  [['trigger.*'], ['speed', 'braking']],
  [['webhook.*'], ['created']],
  [['api_key.*'], ['key']],
  [['trigger.fired'], ['speed', 'braking']],
  [['delivery.failed'], ['failed']],
  [['trigger.fired:telemetry.signals'], ['speed']],
  [['trigger.fired:telemetry.events'], ['braking']],
  [['trigger.fired:telemetry.signals/speed'], ['speed']],
  [['trigger.fired:telemetry.events/behavior.harshBraking'], ['braking']],
  [['trigger.fired:telemetry.events/speed'], []],
  [['trigger.fired:telemetry.signals/powertrainRange'], []],
  [['trigger', 'trigger.f', 'webhook', 'fired'], []],
  [
    ['*', 'trigger.*', 'trigger.fired', 'trigger.fired:telemetry.signals'],
    ['speed', 'braking', 'created', 'failed', 'key'],
  ],
  [[], []],
])('who listens to %j hears of %j, each once', async (names, heard) => {
  const listening = await newEndpoint(names);
  const events = {
    speed: { type: 'trigger.fired', triggerId: speed },
    braking: { type: 'trigger.fired', triggerId: braking },
    created: { type: 'webhook.created', triggerId: speed },
    failed: { type: 'delivery.failed', triggerId: braking },
    key: { type: 'api_key.created', triggerId: null },
  };
  const { ids, rung } = await queue(Object.values(events));
  const named = Object.keys(events).filter((_, place) => heard.includes(Object.keys(events)[place]!));
  const place = (name: string) => ids[Object.keys(events).indexOf(name)]!;
  expect((await queued()).map((row) => row.event_id).sort()).toEqual(named.map(place).sort());
  expect(rung).toEqual(heard.length === 0 ? [] : [listening]);
});

test('a firing whose trigger is not on record is one of no service', async () => {
  await newEndpoint(['trigger.fired:telemetry.signals']);
  const general = await newEndpoint(['trigger.fired']);
  expect((await queue([{ type: 'trigger.fired', triggerId: randomUUID() }])).rung).toEqual([general]);
});

test('an endpoint hears nothing of itself, and nothing of another license', async () => {
  const [about, listening] = [await newEndpoint(['*']), await newEndpoint(['*'])];
  const foreign = await newEndpoint(['*'], OTHER_LICENSE);
  const operators = await newEndpoint(['*'], '');
  const { rung } = await queue([
    { type: 'endpoint.updated', except: about },
    { type: 'webhook.updated', license: OTHER_LICENSE },
  ]);
  expect(rung.sort()).toEqual([listening, foreign].sort());
  expect((await queued()).map((row) => row.endpoint_id)).not.toContain(operators);
  expect((await queued()).length).toBe(2);
});

test('what is queued has its computed id and is due at once; endpoints of the last events have nobody that is left out', async () => {
  const [a, b] = [await newEndpoint(['*']), await newEndpoint(['*'])];
  // As a chunk gives them: the firings' endpoints, which are fewer than the events.
  const ids = [newLogId(), newLogId()];
  const { rows } = await database.pool.query<{ rung: string[] }>(QUEUE_FOR_LISTENERS, [
    ...[ids, ['trigger.fired', 'condition.failed'], [LICENSE, LICENSE], [speed, speed], [a]],
  ]);
  expect(rows[0]!.rung.sort()).toEqual([a, b].sort());
  expect(await queued()).toEqual(
    [
      { endpoint_id: b, event_id: ids[0], id: deliveryId(ids[0]!, b), is_due: true, attempt: 0, round: 0 },
      { endpoint_id: a, event_id: ids[1], id: deliveryId(ids[1]!, a), is_due: true, attempt: 0, round: 0 },
      { endpoint_id: b, event_id: ids[1], id: deliveryId(ids[1]!, b), is_due: true, attempt: 0, round: 0 },
    ].sort((left, right) => (left.id < right.id ? -1 : 1)),
  );
});

test.each([
  ['before there is any endpoint', 0, false],
  ['with many that listen to nothing', 5_000, false],
  ['with many that listen to nothing, when statistics know', 5_000, true],
])('that nobody listens costs one look at an index, %s', async (_, endpoints, isAnalyzed) => {
  await database.pool.query('truncate endpoints');
  await database.pool.query('analyze endpoints');
  await database.pool.query(
    `insert into endpoints (id, license, url, secret, created_at, updated_at)
     select gen_random_uuid(), $1, '', '', now(), now() from generate_series(1, $2)`,
    [LICENSE, endpoints],
  );
  if (isAnalyzed) await database.pool.query('analyze endpoints');
  const fresh = await Database.open({ ...testSettings(server.url), dataPoolSize: 1 });
  await fresh.pool.query('begin');
  // More often than the tries after which a plan is kept.
  for (let n = 0; n < 8; n++) {
    const event = [[newLogId()], ['trigger.fired'], [LICENSE], [speed], [null]];
    await fresh.pool.query(QUEUE_FOR_LISTENERS, event);
  }
  const { rows: read } = await fresh.pool.query(
    `select relname, seq_scan::int, idx_tup_fetch::int from pg_stat_xact_user_tables where relname = 'endpoints'`,
  );
  await fresh.pool.query('rollback');
  await fresh.close();
  expect(read).toEqual([{ relname: 'endpoints', seq_scan: 0, idx_tup_fetch: 0 }]);
});

test('one listener among many endpoints is found without reading the others, whatever statistics say', async () => {
  await database.pool.query('truncate endpoints');
  await database.pool.query('analyze endpoints');
  await database.pool.query(
    `insert into endpoints (id, license, url, secret, created_at, updated_at)
     select gen_random_uuid(), $1, '', '', now(), now() from generate_series(1, 5000)`,
    [LICENSE],
  );
  const listening = await newEndpoint(['*']);
  const fresh = await Database.open({ ...testSettings(server.url), dataPoolSize: 1 });
  await fresh.pool.query('begin');
  for (let n = 0; n < 8; n++) {
    const ids = Array.from({ length: 10 }, () => newLogId());
    const same = <T>(value: T) => ids.map(() => value);
    const arrays = [ids, same('trigger.fired'), same(LICENSE), same(speed), same(null)];
    const { rows } = await fresh.pool.query<{ rung: string[] }>(QUEUE_FOR_LISTENERS, arrays);
    expect(rows).toEqual([{ rung: [listening] }]);
  }
  const { rows: read } = await fresh.pool.query<{ tuples: number }>(
    `select seq_tup_read::int + idx_tup_fetch::int as tuples from pg_stat_xact_user_tables where relname = 'endpoints'`,
  );
  await fresh.pool.query('rollback');
  await fresh.close();
  expect(read[0]!.tuples).toBeLessThan(200);
});

async function newTrigger(kind: 'signal' | 'event', metric: string): Promise<string> {
  const id = randomUUID();
  await database.pool.query(
    `insert into triggers (id, license, status, service, metric_name, metric_kind, metric, value_kind, condition,
       normalized_condition, cooldown_seconds, display_name, name_key, description, endpoint_id, created_at, updated_at)
     values ($1, $2, 'enabled', '', $4, $3, $4, 'number', '', '', 0, '', gen_random_uuid()::text, '', gen_random_uuid(), now(), now())`,
    [id, LICENSE, kind, metric],
  );
  return id;
}

async function newEndpoint(enabledEvents: string[], license = LICENSE): Promise<string> {
  const id = randomUUID();
  await database.pool.query(
    `insert into endpoints (id, license, url, secret, enabled_events, created_at, updated_at)
     values ($1, $2, '', '', $3, now(), now())`,
    [id, license, enabledEvents],
  );
  return id;
}

interface Happening {
  type: string;
  license?: string;
  triggerId?: string | null;
  except?: string;
}

async function queue(events: readonly Happening[]): Promise<{ ids: string[]; rung: string[] }> {
  const ids = events.map(() => newLogId());
  const { rows } = await database.pool.query<{ rung: string[] }>(QUEUE_FOR_LISTENERS, [
    ids,
    events.map(({ type }) => type),
    events.map(({ license = LICENSE }) => license),
    events.map(({ triggerId = null }) => triggerId),
    events.map(({ except = null }) => except),
  ]);
  return { ids, rung: rows[0]!.rung };
}

async function queued() {
  const { rows } = await database.pool.query<{ id: string; endpoint_id: string; event_id: string }>(
    'select endpoint_id, event_id, id, due_at <= now() as is_due, attempt, round from outbox order by id',
  );
  return rows;
}
