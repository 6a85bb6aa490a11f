import { afterAll, afterEach, beforeAll, expect, jest, test } from '@jest/globals';
import { createTestDatabase, testSettings, type TestDatabase } from '../../test/support/database.js';
import { actorOf, newTrigger, vehicleOf, UNLIMITED } from '../../test/support/triggers.js';
import { Database } from './database.js';
import { Housekeeping } from './housekeeping.js';
import { DAY_MS, newLogId } from './log-id.js';
import type { SecretSealing } from './secret-renewal.js';
import { TriggerStore } from './triggers.js';

let testDatabase: TestDatabase;
let database: Database;
const warnings: object[] = [];
const told: object[] = [];
const log = {
  warn: (fields: object) => void warnings.push(fields),
  info: (fields: object) => void told.push(fields),
};

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  database = await Database.open(testSettings(testDatabase.url));
});

afterAll(async () => {
  await database?.close();
  await testDatabase?.drop();
});

afterEach(() => void jest.useRealTimers());

async function count(sql: string, values: unknown[] = []): Promise<number> {
  const { rows } = await database.pool.query<{ n: number }>(`select count(*)::int as n from ${sql}`, values);
  return rows[0]!.n;
}

/** The machine's clock steps, and nothing else changes. */
function setClock(nowMs: number): void {
  jest.useFakeTimers({
    now: nowMs,
    doNotFake: [
      ...(['hrtime', 'nextTick', 'performance', 'queueMicrotask', 'setImmediate', 'clearImmediate'] as const),
      ...(['setInterval', 'clearInterval', 'setTimeout', 'clearTimeout'] as const),
    ],
  });
}

async function keepHouse(secrets?: SecretSealing): Promise<void> {
  const housekeeping = new Housekeeping({ database, retentionDays: 3, log, ...(secrets ? { secrets } : {}) });
  await housekeeping.start();
  await housekeeping.stop();
}

test('a run makes days ahead, and sweeps what deleted triggers, old dead letters and old changes leave', async () => {
  const triggers = new TriggerStore(database, UNLIMITED);
  const trigger = newTrigger();
  await triggers.create(actorOf(), trigger);
  await database.pool.query(
    `insert into states (trigger_id, vehicle, version, revision, fired_at, previous, sequence)
     values ($1, $2, 1, 1, now(), '{}', 1)`,
    [trigger.id, vehicleOf(1)],
  );
  await triggers.remove(actorOf(), trigger.id);
  await database.pool.query(`update triggers set deleted_at = now() - interval '1 hour' where id = $1`, [trigger.id]);
  await database.pool.query(
    `insert into dead_letters (topic, partition, record_offset, reason, detail, excerpt, suppressed, created_at)
     values ('t', 0, 1, 'not_json', '', '', 0, now() - interval '4 days')`,
  );
  await database.pool.query(`update index_changes set at = now() - interval '25 hours'`);

  await keepHouse();

  expect(warnings).toEqual([]);
  expect(await count(`pg_inherits where inhparent = 'events'::regclass`)).toBeGreaterThan(7);
  expect(await count('states where trigger_id = $1', [trigger.id])).toBe(0);
  expect(await count('dead_letters')).toBe(0);
  expect(await count('index_changes')).toBe(0);
});

test('deliveries that were pending for longer than the log is kept are given up, and counted in the log', async () => {
  await database.pool.query(
    `insert into outbox (endpoint_id, due_at, id, event_id, queued_at)
     select gen_random_uuid(), now(), gen_random_uuid(), gen_random_uuid(), now() - interval '5 days'
     from generate_series(1, 2)`,
  );
  await keepHouse();
  expect(warnings.splice(0)).toEqual([{ deliveries: 2, retentionDays: 3 }]);
  expect(await count(`deliveries where last_error = 'expired'`)).toBe(2);
});

test.each([
  ['ahead', 60],
  ['behind', -60],
])('a process whose clock is sixty days %s drops nothing of the log, and what it writes is kept', async (_, days) => {
  const before = newLogId();
  await keepHouse();
  const daysMade = await count(`pg_inherits where inhparent = 'events'::regclass`);
  setClock(Date.now() + days * DAY_MS);
  const written = newLogId();
  await database.pool.query(
    `insert into events (id, type, license, payload) select id, 't', '', '' from unnest($1::uuid[]) id`,
    [[before, written]],
  );
  await keepHouse();
  expect(await count('events where id = any ($1)', [[before, written]])).toBe(2);
  expect(await count('events_default where id = any ($1)', [[before, written]])).toBe(0);
  expect(await count(`pg_inherits where inhparent = 'events'::regclass`)).toBe(daysMade);
  expect(warnings.splice(0)).toEqual([]);
});

test('what repeated requests were answered is forgotten after a day', async () => {
  await database.pool.query(
    `insert into idempotency_keys (license, route, key, fingerprint, created_at)
     select '', '', hours::text, '', now() - make_interval(hours => hours) from unnest(array[23, 25]) hours`,
  );
  await keepHouse();
  expect(await count('idempotency_keys')).toBe(1);
});

test('minutes of limits are forgotten when they are long over; one that is being taken from is not waited for', async () => {
  await database.pool.query(
    `insert into quota_windows (license, name, began_at, taken, was_refused)
     select license, 'requestsPerMinute', now() - age, 7, true
     from (values ('old', interval '2 hours'), ('taken', '2 hours'), ('current', '0')) as of (license, age)
     union all select n::text, 'requestsPerMinute', now() - interval '2 hours', 7, true from generate_series(1, 10000) n`,
  );
  await database.dataSource.transaction(async (manager) => {
    await manager.query(`select 1 from quota_windows where license = 'taken' for update`);
    await keepHouse();
  });
  expect(warnings.splice(0)).toEqual([]);
  const { rows } = await database.pool.query<{ license: string }>('select license from quota_windows order by license');
  expect(rows.map(({ license }) => license)).toEqual(['current', 'taken']);
});

test('secrets are sealed with the newest key, which is told once, and what cannot be opened each time', async () => {
  const trigger = newTrigger();
  await new TriggerStore(database, UNLIMITED).create(actorOf(), trigger);
  await new TriggerStore(database, UNLIMITED).create(actorOf(), newTrigger());
  const secrets: SecretSealing = {
    isCurrent: (sealed) => sealed === 'new',
    seal: () => 'new',
    open: (_, endpointId) => {
      if (endpointId !== trigger.endpoint.id) throw new Error('unknown key');
      return 'plain';
    },
  };
  for (let run = 0; run < 2; run++) await keepHouse(secrets);
  expect(told.splice(0)).toEqual([{ endpoints: 1 }]);
  expect(warnings.splice(0)).toEqual([{ endpoints: 1 }, { endpoints: 1 }]);
});

test('a chore that fails is told, and the others are done all the same', async () => {
  await database.pool.query('alter table dead_letters rename to dead_letters_away');
  await keepHouse();
  await database.pool.query('alter table dead_letters_away rename to dead_letters');
  expect(warnings).toEqual([expect.objectContaining({ chore: 'drop old dead letters' })]);
});
