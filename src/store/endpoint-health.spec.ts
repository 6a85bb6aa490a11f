import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createTestDatabase, someoneWaits, type TestDatabase, testSettings } from '../../test/support/database.js';
import { actorOf, LICENSE, newTrigger, UNLIMITED } from '../../test/support/triggers.js';
import { Database } from './database.js';
import { EndpointHealthStore } from './endpoint-health.js';
import type { AilingEndpoint } from './settlement.js';
import { TriggerStore } from './triggers.js';

const URL_SENT_TO = newTrigger().endpoint.url;

let server: TestDatabase;
let database: Database;
let health: EndpointHealthStore;
let triggers: TriggerStore;
/** Each test has an endpoint, with a trigger that has it of its own. */
let endpointId: string;
let triggerId: string;

beforeAll(async () => {
  server = await createTestDatabase();
  database = await Database.open({ ...testSettings(server.url), controlPoolSize: 8 });
  health = new EndpointHealthStore(database);
  triggers = new TriggerStore(database, UNLIMITED);
});
afterAll(async () => {
  await database.close();
  await server.drop();
});
beforeEach(async () => {
  const trigger = newTrigger();
  await triggers.create(actorOf(), trigger);
  [endpointId, triggerId] = [trigger.endpoint.id, trigger.id];
  await database.pool.query(
    `update endpoint_leases set failures = 7, failing_since = '2026-01-01Z', failed_firings = 3, last_error = 'no',
       pause_until = now() where endpoint_id = $1`,
    [endpointId],
  );
});

test('the owner is warned of each stage once, whoever notices it', async () => {
  for (const percent of [50, 50, 75, 50, 90, 90] as const) {
    await Promise.all([1, 2].map(() => health.warn(ailing(), percent, '120 h')));
  }
  const events = await log();
  expect(events.map(({ type, trigger_id: about }) => [type, about])).toEqual(
    [50, 75, 90].map(() => ['webhook.failing', triggerId]),
  );
  expect(events.map(({ payload }) => payload)).toEqual(
    [50, 75, 90].map((percent) => ({
      ...{ endpointId, percent, limit: '120 h', failures: 7 },
      ...{ failingSince: '2026-01-01T00:00:00.000Z', lastError: 'no' },
    })),
  );
});

test('nobody is warned when something arrived meanwhile, or the endpoint is gone', async () => {
  await database.pool.query('update endpoint_leases set failures = 0, warned = 0 where endpoint_id = $1', [endpointId]);
  await health.warn(ailing(), 50, '120 h');
  await health.warn({ ...ailing(), endpointId: randomUUID() }, 50, '120 h');
  expect(await log()).toEqual([]);
});

test.each([
  ['no trigger', 0, [null]],
  ['more triggers than are named', 150, 100],
])('a warning about an endpoint with %s', async (_, count, expected) => {
  const shared = await newShared(count);
  await database.pool.query('update endpoint_leases set failures = 1 where endpoint_id = $1', [shared]);
  await health.warn({ ...ailing(), endpointId: shared }, 50, '120 h');
  const about = (await log(shared)).map((event) => event.trigger_id);
  expect(typeof expected === 'number' ? about.length : about).toEqual(expected);
});

test('what listens hears of a warning, but not the endpoint that it is about', async () => {
  const listening = await newShared(0);
  await listen(listening, ['webhook.failing']);
  await listen(endpointId, ['*']);
  await health.warn(ailing(), 50, '120 h');
  expect(await rows('select endpoint_id from outbox where endpoint_id = any ($1)', [[listening, endpointId]])).toEqual([
    { endpoint_id: listening },
  ]);
  await listen(listening, []);
});

test.each([
  ['failed', ['webhook.failed']],
  ['gone', ['endpoint.gone', 'webhook.failed']],
] as const)('an endpoint that is given up as %s fails with its trigger, once', async (status, types) => {
  const before = await triggerRow();
  const results = await Promise.all([1, 2, 3].map(() => health.giveUp(endpointId, URL_SENT_TO, status, 'why')));
  expect(results.sort()).toEqual([false, false, true]);
  expect(await endpointRow()).toMatchObject({ status, status_reason: 'why' });
  expect(await triggerRow()).toEqual({ ...before, status: 'failed', status_reason: 'why' });
  const events = await log();
  expect(events.map(({ type }) => type).sort()).toEqual(types);
  for (const { payload } of events) expect(payload).toEqual({ endpointId, reason: 'why' });
});

test.each(['paused', 'failed', 'gone'])('an endpoint that is %s is not given up', async (status) => {
  await database.pool.query('update endpoints set status = $2 where id = $1', [endpointId, status]);
  expect(await health.giveUp(endpointId, URL_SENT_TO, 'failed', 'why')).toBe(false);
  expect(await health.giveUp(randomUUID(), URL_SENT_TO, 'failed', 'why')).toBe(false);
  expect([await triggerRow(), await log()]).toMatchObject([{ status: 'enabled' }, []]);
});

test.each(['failed', 'gone'] as const)('an endpoint with another URL by now is not given up as %s', async (status) => {
  await triggers.update(actorOf(), triggerId, { target: { url: 'https://new.example/', verifiedAt: new Date() } });
  await database.pool.query('update endpoint_leases set failures = 7 where endpoint_id = $1', [endpointId]);
  expect(await health.giveUp(endpointId, URL_SENT_TO, status, 'why')).toBe(false);
  expect([await endpointRow(), await triggerRow()]).toMatchObject([{ status: 'active' }, { status: 'enabled' }]);
});

test.each([
  ['failed', false],
  ['gone', true],
] as const)('what arrives before an endpoint is given up wins, unless that is %s', async (status, isGivenUp) => {
  const { giving } = await database.session(async (settling) => {
    await settling.query('begin');
    await settling.query('update endpoint_leases set failures = 0 where endpoint_id = $1', [endpointId]);
    const result = health.giveUp(endpointId, URL_SENT_TO, status, 'why');
    await Promise.race([result, someoneWaits(database)]);
    await settling.query('commit');
    return { giving: result };
  });
  expect(await giving).toBe(isGivenUp);
  expect([await endpointRow(), await triggerRow()]).toMatchObject(
    isGivenUp ? [{ status }, { status: 'failed' }] : [{ status: 'active' }, { status: 'enabled' }],
  );
});

test('engines are not told of an endpoint that is given up: its triggers go on firing', async () => {
  const before = await rows('select seq from index_head');
  await health.giveUp(endpointId, URL_SENT_TO, 'failed', 'why');
  expect(await rows('select seq from index_head')).toEqual(before);
});

test('all enabled triggers of a shared endpoint fail, the first hundred by name', async () => {
  const shared = await newShared(150);
  await database.pool.query(
    `update triggers set status = 'disabled' where id = (select max(id::text)::uuid from triggers where endpoint_id = $1)`,
    [shared],
  );
  expect(await health.giveUp(shared, URL_SENT_TO, 'failed', 'why')).toBe(true);
  expect(
    await rows(
      'select status, count(*)::int as n from triggers where endpoint_id = $1 group by status order by status',
      [shared],
    ),
  ).toEqual([
    { status: 'disabled', n: 1 },
    { status: 'failed', n: 149 },
  ]);
  expect(await log(shared)).toHaveLength(100);
});

test('that a shared endpoint without triggers is given up is on record too', async () => {
  const [failed, gone] = [await newShared(0), await newShared(0)];
  await health.giveUp(failed, URL_SENT_TO, 'failed', 'why');
  await health.giveUp(gone, URL_SENT_TO, 'gone', 'why');
  expect([await log(failed), await log(gone)]).toMatchObject([
    [{ type: 'webhook.failed', trigger_id: null }],
    [{ type: 'endpoint.gone', trigger_id: null }],
  ]);
});

test('an endpoint begins anew as if nothing had failed', async () => {
  await health.warn(ailing(), 90, '120 h');
  await health.giveUp(endpointId, URL_SENT_TO, 'gone', 'why');
  await triggers.update(actorOf(), triggerId, { status: 'enabled' });
  expect(await endpointRow()).toMatchObject({ status: 'active', status_reason: null });
  expect(await rows('select * from endpoint_leases where endpoint_id = $1', [endpointId])).toEqual([
    expect.objectContaining({
      ...{ failures: 0, failing_since: null, failed_firings: 0, warned: 0, last_error: null, pause_until: null },
    }),
  ]);
});

test('giving up waits for a change of the trigger that has not reached the endpoint yet', async () => {
  const { giving } = await database.session(async (change) => {
    await change.query('begin');
    await change.query('select 1 from triggers where id = $1 for update', [triggerId]);
    const result = health.giveUp(endpointId, URL_SENT_TO, 'failed', 'why');
    await Promise.race([result, someoneWaits(database)]);
    await change.query(`update endpoints set description = 'changed' where id = $1`, [endpointId]);
    await change.query('update endpoint_leases set warned = 0 where endpoint_id = $1', [endpointId]);
    await change.query('commit');
    return { giving: result };
  });
  expect(await giving).toBe(true);
  expect(await triggerRow()).toMatchObject({ status: 'failed' });
});

test('senders that give up and warn while owners switch on and off never block each other for good', async () => {
  for (let round = 0; round < 15; round++) {
    await Promise.all([
      health.giveUp(endpointId, URL_SENT_TO, 'failed', 'why'),
      triggers.update(actorOf(), triggerId, { status: 'enabled' }),
      health.warn(ailing(), 90, '120 h'),
      triggers.update(actorOf(), triggerId, { status: 'disabled' }),
      health.giveUp(endpointId, URL_SENT_TO, 'gone', 'why'),
      triggers.update(actorOf(), triggerId, { status: 'enabled' }),
    ]);
    await triggers.update(actorOf(), triggerId, { status: 'enabled' });
    expect([await endpointRow(), await triggerRow()]).toMatchObject([{ status: 'active' }, { status: 'enabled' }]);
  }
});

function ailing(): AilingEndpoint {
  return { endpointId, failures: 7, failedFirings: 3, failingForMs: 1, warned: 0, lastError: 'no' };
}

/** A shared endpoint with so many triggers. */
async function newShared(count: number): Promise<string> {
  const id = randomUUID();
  await database.pool.query(
    `insert into endpoints (id, license, url, secret, is_shared, created_at, updated_at)
     values ($1, $2, $3, '', true, now(), now())`,
    [id, LICENSE, URL_SENT_TO],
  );
  await database.pool.query('insert into endpoint_leases (endpoint_id, license, failures) values ($1, $2, 1)', [
    id,
    LICENSE,
  ]);
  await database.pool.query(
    `insert into triggers (id, license, status, service, metric_name, metric_kind, metric, value_kind, condition,
       normalized_condition, cooldown_seconds, display_name, name_key, description, endpoint_id, created_at, updated_at)
     select gen_random_uuid(), $2, 'enabled', '', '', 'signal', '', 'number', '', '', 0, '', gen_random_uuid()::text, '',
       $1, now(), now() from generate_series(1, $3)`,
    [id, LICENSE, count],
  );
  return id;
}

async function listen(id: string, names: string[]): Promise<void> {
  await database.pool.query('update endpoints set enabled_events = $2 where id = $1', [id, names]);
}

async function endpointRow(): Promise<unknown> {
  return (await rows('select status, status_reason from endpoints where id = $1', [endpointId]))[0];
}

async function triggerRow(): Promise<object> {
  return (await rows('select status, status_reason, revision from triggers where id = $1', [triggerId]))[0]!;
}

/** What the log says of an endpoint's health. */
async function log(of = endpointId) {
  const found = await rows<{ type: string; trigger_id: string | null; payload: string }>(
    `select type, trigger_id, payload from events
     where endpoint_id = $1 and type in ('webhook.failing', 'webhook.failed', 'endpoint.gone') order by id`,
    [of],
  );
  return found.map((event) => ({ ...event, payload: JSON.parse(event.payload) as unknown }));
}

async function rows<Row extends object>(sql: string, values: unknown[] = []): Promise<Row[]> {
  return (await database.pool.query<Row>(sql, values)).rows;
}
