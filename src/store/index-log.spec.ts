import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createTestDatabase, someoneWaits, type TestDatabase, testSettings } from '../../test/support/database.js';
import { actorOf, LICENSE, newTrigger, vehicleOf, UNLIMITED } from '../../test/support/triggers.js';
import type { Trigger } from '../core/trigger.js';
import { inChange } from './change.js';
import { Database } from './database.js';
import { type IndexChange, IndexLog } from './index-log.js';
import { APPEND_INDEX_CHANGES } from './sql/append-index-changes.js';
import { READ_INDEX_CHANGES } from './sql/read-index-changes.js';
import { SubscriptionStore } from './subscriptions.js';
import { TriggerStore } from './triggers.js';

let server: TestDatabase;
let database: Database;
let triggers: TriggerStore;
let subscriptions: SubscriptionStore;
let log: IndexLog;

beforeAll(async () => {
  server = await createTestDatabase();
  database = await Database.open(testSettings(server.url));
  triggers = new TriggerStore(database, UNLIMITED);
  subscriptions = new SubscriptionStore(database, UNLIMITED);
  log = new IndexLog(database);
});
afterAll(async () => {
  await database.close();
  await server.drop();
});

test('changes name what engines need, in order; a deleted trigger is gone without a word of its subscriptions', async () => {
  const start = await log.load(nothing);
  const trigger = newTrigger({ displayName: 'Too fast' });
  const { id } = trigger;
  await triggers.create(actorOf(), trigger);
  await subscriptions.add(actorOf(), id, [vehicleOf(1), vehicleOf(2)]);
  await subscriptions.remove(actorOf(), id, [vehicleOf(2)]);
  const { displayName, service, metricName, metricKind, metric, valueKind, condition, normalizedCondition } = trigger;
  const whole: Trigger = {
    ...{
      id,
      license: LICENSE,
      revision: 1,
      status: 'enabled',
      cooldownMs: 30_000,
      maxSampleAgeMs: null,
      endpointId: trigger.endpoint.id,
    },
    ...{
      displayName: displayName!,
      service,
      metricName,
      metricKind,
      metric,
      valueKind,
      condition,
      normalizedCondition,
    },
  };
  const changes = [
    { kind: 'trigger', id, trigger: whole },
    { kind: 'subscribed', triggerId: id, vehicle: vehicleOf(1) },
    { kind: 'subscribed', triggerId: id, vehicle: vehicleOf(2) },
    { kind: 'unsubscribed', triggerId: id, vehicle: vehicleOf(2) },
  ];
  expect(await log.since(start)).toEqual({ kind: 'changes', head: start + 3n, changes, more: false });
  await triggers.remove(actorOf(), id);
  expect(await log.since(start + 3n)).toEqual({
    kind: 'changes',
    head: start + 4n,
    changes: [{ kind: 'trigger', id, trigger: undefined }],
    more: false,
  });
});

test('a reader sees every change of four writers in order without a gap, and none that was rolled back', async () => {
  const start = await log.load(nothing);
  const committed = new Set<string>();
  let writing = 4;
  const writers = Array.from({ length: writing }, (_, writer) =>
    (async () => {
      for (let n = 0; n < 40; n++) {
        const key = `${writer}/${n}`;
        if (await append(key, n % 5 === 4)) committed.add(key);
      }
      writing--;
    })(),
  );
  const seen: string[] = [];
  let at = start;
  for (;;) {
    const isLast = writing === 0;
    const page = await log.since(at);
    if (page.kind === 'gap') throw new Error(`a gap after ${at}`);
    // Two rows a change: a change that is seen in part would make the count odd.
    expect(page.changes.length).toBe(2 * Number(page.head - at));
    for (const change of page.changes) if (change.kind === 'subscribed') seen.push(change.vehicle);
    at = page.head;
    if (isLast) break;
  }
  await Promise.all(writers);
  expect(at - start).toBe(BigInt(committed.size));
  expect(seen.length).toBe(committed.size);
  expect(new Set(seen)).toEqual(committed);
  for (let writer = 0; writer < 4; writer++) {
    const own = seen.filter((key) => key.startsWith(`${writer}/`)).map((key) => Number(key.split('/')[1]));
    expect(own).toEqual(own.toSorted((a, b) => a - b));
  }
});

test('what was loaded and followed is what the tables say, however load and writers interleave', async () => {
  const contents = new Contents();
  const loaded = log.load(contents);
  const kept: string[] = [];
  for (let n = 0; n < 12; n++) {
    const trigger = newTrigger();
    await triggers.create(actorOf(), trigger);
    await subscriptions.add(
      actorOf(),
      trigger.id,
      Array.from({ length: 700 }, (_, i) => vehicleOf(i + n)),
    );
    if (n % 3 === 0) await subscriptions.remove(actorOf(), trigger.id, await subscriptions.vehicles(trigger.id));
    if (n % 3 === 1) await triggers.remove(actorOf(), trigger.id);
    else kept.push(trigger.id);
  }
  let at = await loaded;
  let pages = 0;
  for (let more = true; more; pages++) {
    const page = await log.since(at);
    if (page.kind === 'gap') throw new Error('a gap');
    for (const change of page.changes) contents.apply(change);
    ({ head: at, more } = page);
  }
  expect(pages).toBeGreaterThan(1);
  expect([...contents.triggers].sort()).toEqual(await column(`select id as v from triggers where deleted_at is null`));
  expect([...contents.triggers]).toEqual(expect.arrayContaining(kept));
  expect([...contents.subscriptions].sort()).toEqual(
    await column(`select trigger_id || ' ' || vehicle collate "C" as v from subscriptions order by 1`),
  );
  const again = new Contents();
  expect(await log.load(again)).toBe(at);
  expect(again.subscriptions).toEqual(contents.subscriptions);
});

test('a change is never cut in two by a page', async () => {
  const start = await log.load(nothing);
  for (let n = 0; n < 6; n++) await append(randomUUID(), false, 1_999);
  for (const [from, more] of [
    [0n, true],
    [2n, true],
    [4n, false],
  ] as const) {
    const page = await log.since(start + from);
    expect(page).toMatchObject({ kind: 'changes', head: start + from + 2n, more });
    expect(page.kind === 'changes' && page.changes.length).toBe(4_000);
  }
});

test('one change that is larger than a page is read whole, and the reader gets on', async () => {
  const start = await log.load(nothing);
  await append('before', false);
  await append('large', false, 5_000);
  await append('after', false);
  const seen: number[] = [];
  for (let at = start; ;) {
    const page = await log.since(at);
    if (page.kind === 'gap') throw new Error(`a gap after ${at}`);
    expect(page.head > at || !page.more).toBe(true);
    seen.push(page.changes.length);
    at = page.head;
    if (!page.more) break;
  }
  expect(seen).toEqual([2, 5_001, 2]);
});

test('what one transaction publishes takes several numbers of a thousand, seen together', async () => {
  const start = await log.load(nothing);
  const ids = Array.from({ length: 2_500 }, () => randomUUID());
  await inChange(database, undefined, (change) => {
    change.publish(ids.map((triggerId) => ({ kind: 'unsubscribed', triggerId, vehicle: 'v' })));
    return Promise.resolve();
  });
  const page = await log.since(start);
  expect(page).toMatchObject({ kind: 'changes', head: start + 3n, more: false });
  expect(
    page.kind === 'changes' && page.changes.map((change) => change.kind !== 'trigger' && change.triggerId),
  ).toEqual(ids);
});

test('a load holds what there was at its place in the sequence, and nothing that was committed while it ran', async () => {
  const contents = new Contents();
  const early = newTrigger();
  const late = newTrigger();
  await triggers.create(actorOf(), early);
  const place = await log.load(nothing);
  const loading = await database.session(async (writer) => {
    await writer.query('begin');
    await writer.query('lock table triggers in access exclusive mode');
    // The load has its place in the sequence and waits for the table, whose next row is written now.
    const load = log.load(contents);
    await someoneWaits(database);
    await writer.query(
      `insert into triggers select (jsonb_populate_record(t, jsonb_build_object('id', $2::text, 'name_key', $2::text))).*
       from triggers t where id = $1`,
      [early.id, late.id],
    );
    await writer.query(APPEND_INDEX_CHANGES, [['trigger'], [late.id], [null]]);
    await writer.query('commit');
    return { load };
  });
  expect(await loading.load).toBe(place);
  expect([contents.triggers.has(early.id), contents.triggers.has(late.id)]).toEqual([true, false]);
  expect(await log.since(place)).toMatchObject({ kind: 'changes', changes: [{ kind: 'trigger', id: late.id }] });
});

test('changes that were pruned are a gap to whoever has not seen them', async () => {
  const start = await log.load(nothing);
  await append('old', false);
  await database.pool.query(`update index_changes set at = at - interval '3 hours'`);
  await append('new', false);
  expect(await log.prune(2)).toBeGreaterThan(0);
  expect(await log.since(start)).toEqual({ kind: 'gap' });
  expect(await log.since(start + 1n)).toMatchObject({ kind: 'changes', head: start + 2n });
  await database.pool.query(`update index_changes set at = at - interval '3 hours'`);
  await log.prune(2);
  expect(await log.since(start + 1n)).toEqual({ kind: 'gap' });
  expect(await log.since(start + 2n)).toEqual({ kind: 'changes', head: start + 2n, changes: [], more: false });
});

test('many old changes are forgotten in several statements, each of whole numbers of the sequence', async () => {
  const start = await log.load(nothing);
  for (let n = 0; n < 8; n++) await append('old', false, 2_999);
  await database.pool.query(`update index_changes set at = at - interval '3 hours'`);
  await append('new', false, 2_999);
  // A reader between two statements finds whole numbers or a gap.
  const [reader, pruned] = [new AbortController(), log.prune(2).finally(() => reader.abort())];
  while (!reader.signal.aborted) {
    const { rows } = await database.pool.query(
      'select 1 from index_changes group by seq having count(*) % 3000 <> 0 limit 1',
    );
    expect(rows).toEqual([]);
  }
  expect(await pruned).toBeGreaterThanOrEqual(24_000);
  expect(await log.since(start + 7n)).toEqual({ kind: 'gap' });
  expect(await log.since(start + 8n)).toMatchObject({ kind: 'changes', head: start + 9n });
});

test('a place that the sequence never reached is a gap', async () => {
  expect(await log.since((await log.load(nothing)) + 1n)).toEqual({ kind: 'gap' });
});

test('an error of a handler ends the load', async () => {
  await triggers.create(actorOf(), newTrigger());
  const failing = { ...nothing, trigger: () => fail('full') };
  await expect(log.load(failing)).rejects.toThrow('full');
});

describe('with a million changes on record', () => {
  beforeAll(async () => {
    await database.pool.query('truncate index_changes');
    // In parts: followers of the log wait for the oldest transaction of the server, whoever's it is.
    for (let part = 0; part < 20; part++) {
      await database.pool.query(
        `insert into index_changes (seq, n, kind, trigger_id, vehicle)
         select h.seq + 1 + i / 1000, i % 1000, 'subscribed', md5(i::text)::uuid, 'v' || i
         from index_head h, generate_series($1::int, $1::int + 49999) i`,
        [part * 50_000],
      );
    }
    await database.pool.query('update index_head set seq = seq + 1000');
    await database.pool.query('analyze index_changes');
  });

  test.each([
    ['nothing is new: one look into its index', 0, 1, 20],
    ['one change is: its rows', 1, 1_000, 100],
    ['all of them are: one page', 1_000, 5_001, 400],
  ])('a read reads little when %s', async (_, behind, rows, pagesMax) => {
    const { plan, pages } = await explained(behind);
    expect(plan['Actual Rows']).toBe(rows);
    expect(pages).toBeLessThan(pagesMax);
  });
});

/** What the read of changes does for a reader who is so many behind, and how many pages of tables and indexes it takes. */
async function explained(behind: number): Promise<{ plan: { 'Actual Rows': number }; pages: number }> {
  return database.session(async (client) => {
    const head = await client.query<{ seq: string }>('select seq from index_head');
    await client.query(`prepare one_read as ${READ_INDEX_CHANGES.text}`);
    try {
      const seq = BigInt(head.rows[0]!.seq) - BigInt(behind);
      // As after its fifth use, when the plan is made once for all values.
      await client.query('set plan_cache_mode = force_generic_plan');
      const { rows } = await client.query<{ 'QUERY PLAN': [{ Plan: Record<string, number> }] }>(
        `explain (analyze, buffers, format json) execute one_read (${seq})`,
      );
      const plan = rows[0]!['QUERY PLAN'][0].Plan as { 'Actual Rows': number } & Record<string, number>;
      return { plan, pages: plan['Shared Hit Blocks']! + plan['Shared Read Blocks']! };
    } finally {
      await client.query('deallocate one_read; reset plan_cache_mode');
    }
  });
}

const nothing = { trigger: () => undefined, vehicle: () => undefined };

function fail(message: string): never {
  throw new Error(message);
}

/** What an engine holds after loading and following. */
class Contents {
  readonly triggers = new Set<string>();
  readonly subscriptions = new Set<string>();

  trigger = ({ id }: { id: string }): void => void this.triggers.add(id);
  vehicle = (vehicle: string, triggerIds: string): void => {
    for (const id of triggerIds.split(',')) this.subscriptions.add(`${id} ${vehicle}`);
  };

  apply(change: IndexChange): void {
    if (change.kind === 'trigger') {
      if (change.trigger !== undefined) return this.trigger(change.trigger);
      this.triggers.delete(change.id);
      for (const key of this.subscriptions) if (key.startsWith(change.id)) this.subscriptions.delete(key);
    } else if (change.kind === 'subscribed') this.vehicle(change.vehicle, change.triggerId);
    else this.subscriptions.delete(`${change.triggerId} ${change.vehicle}`);
  }
}

/** A change as the control plane makes it, its end delayed by up to 2 ms. */
async function append(key: string, rollsBack: boolean, rows = 1): Promise<boolean> {
  const id = randomUUID();
  const kinds = ['trigger', ...Array.from({ length: rows }, () => 'subscribed')];
  const appended = database.dataSource.transaction(async (manager) => {
    await manager.query('select pg_sleep(random() * 0.002)');
    await manager.query(APPEND_INDEX_CHANGES, [
      kinds,
      kinds.map(() => id),
      kinds.map((kind, n) => (n === 0 ? null : key)),
    ]);
    await manager.query('select pg_sleep(random() * 0.002)');
    if (rollsBack) throw new Error('rolled back');
  });
  return appended.then(
    () => true,
    () => false,
  );
}

async function column(sql: string): Promise<string[]> {
  const { rows } = await database.pool.query<{ v: string }>(sql);
  return rows.map((row) => row.v).sort();
}
