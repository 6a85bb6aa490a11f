import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { EngineWorld, newTopic, process, speedRecord } from '../../test/support/engine-world.js';
import { actorOf, LICENSE, newTrigger, OTHER_LICENSE, vehicleOf } from '../../test/support/triggers.js';
import { Metrics } from '../observability/metrics.js';
import { Recovery } from '../store/recovery.js';
import type { PendingCount } from '../store/pending-deliveries.js';
import type { EngineOptions } from './engine.js';
import type { PartitionEngine } from './partition-engine.js';
import { COUNT_OWED_MAX_MS, PendingLimit } from './pending-limit.js';

let world: EngineWorld;
beforeEach(async () => (world = await EngineWorld.create()));
afterEach(() => world.close());

/** Nobody has a limit of its own. */
const limits = () => Promise.resolve(new Map<string, number>());
const [flooding, quiet] = [vehicleOf(1), vehicleOf(2)];

async function opened(options: Partial<EngineOptions> = {}): Promise<PartitionEngine> {
  return world.open(await world.engine(options), newTopic());
}

async function rows<Row extends object>(sql: string, values: unknown[] = []): Promise<Row[]> {
  return (await world.database.pool.query<Row>(sql, values)).rows;
}

const idsIn = async (table: 'outbox' | 'deliveries') =>
  (await rows<{ id: string }>(`select id from ${table} order by id`)).map(({ id }) => id);

describe('a license with too many pending deliveries', () => {
  test('fires on, with its deliveries held; the others do not notice, and its owner is told once a minute', async () => {
    const endpoint = newTrigger().endpoint;
    const id = await world.trigger('valueNumber != previousValueNumber', { endpoint }, [flooding]);
    const other = await world.trigger('valueNumber > 0', {}, [quiet], actorOf(OTHER_LICENSE));
    const metrics = new Metrics();
    let nowMs = 0;
    const partition = await opened({ metrics, now: () => nowMs, limits: { pendingDeliveries: 3 } });
    await process(partition, [speedRecord(0, flooding, [1, 2, 3, 4, 5]), speedRecord(1, quiet, [1, 2, 3])]);
    world.rung.length = 0;
    await process(partition, [speedRecord(2, flooding, [6])]);

    expect((await world.firings(id)).map(({ sequence, value }) => [sequence, value])).toEqual(
      [1, 2, 3, 4, 5, 6].map((n) => [n, n]),
    );
    expect(await rows('select endpoint_id from outbox where endpoint_id = $1', [endpoint.id])).toHaveLength(3);
    expect(await world.firings(other)).toHaveLength(3);
    expect(await world.count('outbox')).toBe(6);
    const held = { status: 'held', last_error: 'pending_limit', attempts: 0, is_test: false };
    const whose = { license: LICENSE, trigger_id: id, vehicle: flooding, endpoint_id: endpoint.id };
    expect(await rows('select * from deliveries')).toEqual(
      [1, 2, 3].map(() => expect.objectContaining({ ...held, ...whose })),
    );
    expect(world.rung).toEqual([]);
    expect(await metrics.registry.metrics()).toContain('tripline_pending_limit_held_total 3');

    const notices = () =>
      rows<{ license: string; payload: string }>(`select license, payload from events where type = 'quota.exceeded'`);
    const payload = JSON.stringify({ limit: 'pendingDeliveries', most: 3, held: 2 });
    expect(await notices()).toEqual([{ license: LICENSE, payload }]);
    nowMs = 60_000;
    await process(partition, [speedRecord(3, flooding, [7])]);
    expect(await notices()).toHaveLength(2);
  });

  test('queues again once senders made room, and recovers what was held, under the ids it had', async () => {
    const endpoint = newTrigger().endpoint;
    await world.trigger('valueNumber > 0', { endpoint }, [flooding]);
    const partition = await opened({ limits: { pendingDeliveries: 2, pendingLookMs: 5 } });
    await process(partition, [speedRecord(0, flooding, [1, 2, 3, 4])]);
    const sent = await idsIn('outbox');
    expect(sent).toHaveLength(2);
    await rows('delete from outbox');
    for (let offset = 1; (await world.count('outbox')) === 0; offset++) {
      await process(partition, [speedRecord(offset, flooding, [1])]);
    }
    const [held, queued] = [await idsIn('deliveries'), await idsIn('outbox')];
    const times = { sinceMs: Date.now() - 60_000, untilMs: Date.now() + 60_000 };
    const range = { endpointId: endpoint.id, statuses: ['held'] as const, ...times };
    expect(await new Recovery(world.database).recover(actorOf(), range)).toBe(held.length);
    expect(await idsIn('outbox')).toEqual([...held, ...queued].sort());
    expect(await idsIn('deliveries')).toEqual([]);
    const events = await rows<{ id: string }>(
      `select event_id as id from outbox union select event_id from deliveries`,
    );
    expect(events).toHaveLength(held.length + queued.length);
  });

  test('is held at its own limit, known before anything fires; one that is changed counts after the next look', async () => {
    const own = (most: number) =>
      rows(
        `insert into license_quotas (license, name, most) values ($1, 'pendingDeliveries', $2)
         on conflict (license, name) do update set most = excluded.most`,
        [LICENSE, most],
      );
    await own(2);
    await world.trigger('valueNumber > 0', {}, [flooding]);
    await world.trigger('valueNumber > 0', {}, [quiet], actorOf(OTHER_LICENSE));
    const partition = await opened({ limits: { pendingDeliveries: 4, pendingLookMs: 5 } });
    await process(partition, [speedRecord(0, flooding, [1, 2, 3, 4, 5]), speedRecord(1, quiet, [1, 2, 3, 4, 5])]);
    expect([await world.count('outbox'), await world.count('deliveries')]).toEqual([2 + 4, 3 + 1]);
    const told = await rows<{ payload: string }>(
      `select payload from events where type = 'quota.exceeded' order by license = $1 desc`,
      [LICENSE],
    );
    expect(told.map(({ payload }) => JSON.parse(payload) as object)).toEqual([
      { limit: 'pendingDeliveries', most: 2, held: 3 },
      { limit: 'pendingDeliveries', most: 4, held: 1 },
    ]);
    await own(1_000);
    for (let offset = 2; (await world.count('outbox')) === 6; offset++) {
      await process(partition, [speedRecord(offset, flooding, [1])]);
    }
    const held = await world.count('deliveries');
    await process(partition, [speedRecord(1_000_000, flooding, [1, 2, 3, 4, 5])]);
    expect(await world.count('deliveries')).toBe(held);
  });

  test('has the copies of listeners held with the rest, but they hear of the limit', async () => {
    const endpoint = newTrigger().endpoint;
    await world.trigger('valueNumber > 1000', { endpoint });
    await world.trigger('valueNumber > 0', {}, [flooding]);
    await rows(`update endpoints set enabled_events = '{trigger.fired,quota.exceeded}' where id = $1`, [endpoint.id]);
    const partition = await opened({ limits: { pendingDeliveries: 2 } });
    await process(partition, [speedRecord(0, flooding, [1, 2, 3, 4, 5])]);
    const of = (table: string) =>
      rows<{ type: string }>(
        `select e.type from ${table} q join events e on e.id = q.event_id where q.endpoint_id = $1 order by e.type`,
        [endpoint.id],
      ).then((found) => found.map(({ type }) => type));
    expect(await of('outbox')).toEqual(['quota.exceeded', 'trigger.fired', 'trigger.fired']);
    expect(await of('deliveries')).toEqual(['trigger.fired', 'trigger.fired', 'trigger.fired']);
    expect(await rows(`select distinct status, last_error, license, vehicle from deliveries`)).toEqual([
      { status: 'held', last_error: 'pending_limit', license: LICENSE, vehicle: flooding },
    ]);
  });

  test('is found by an engine that queued nothing of it', async () => {
    await world.trigger('valueNumber > 0', {}, [flooding]);
    const limits = { pendingDeliveries: 3, pendingLookMs: 5 };
    await process(await opened({ limits }), [speedRecord(0, flooding, [1, 2, 3])]);
    const partition = await opened({ limits });
    for (let offset = 0; (await world.count('deliveries')) === 0; offset++) {
      await process(partition, [speedRecord(offset, flooding, [1])]);
    }
    expect(await world.count('outbox')).toBeGreaterThan(3);
  });

  test.each<[string, () => Promise<never>]>([
    ['does not answer', () => new Promise(() => undefined)],
    ['fails', () => Promise.reject(new Error('away'))],
  ])('is limited by what its engine queued when the count %s, and no chunk waits', async (_, count) => {
    await world.trigger('valueNumber > 0', {}, [flooding]);
    const partition = await opened({ pending: { count, limits }, limits: { pendingDeliveries: 3, pendingLookMs: 1 } });
    const records = [0, 1, 2, 3, 4].map((offset) => speedRecord(offset, flooding, [1]));
    for (const record of records) expect(await process(partition, [record])).toMatchObject({ answer: 'ok' });
    expect([await world.count('outbox'), await world.count('deliveries')]).toEqual([3, 2]);
  });
});

describe('the count of what is pending', () => {
  test('is of each license alone, up to the limit', async () => {
    await world.trigger('valueNumber > 0', {}, [flooding]);
    await world.trigger('valueNumber > 0', {}, [flooding]);
    await world.trigger('valueNumber > 0', {}, [quiet], actorOf(OTHER_LICENSE));
    await process(await opened(), [speedRecord(0, flooding, [1, 2, 3]), speedRecord(1, quiet, [1])]);
    const licenses = [LICENSE, OTHER_LICENSE, '0x3333333333333333333333333333333333333333'];
    const count = async (most: number) =>
      [...(await world.pending.count(licenses, most)).values()].map(({ pending }) => pending);
    expect(await count(100)).toEqual([6, 1, 0]);
    expect(await count(6)).toEqual([6, 1, 0]);
    expect(await count(4)).toEqual([4, 1, 0]);
  });

  test('is made again while a license is at its limit, though nothing fires', async () => {
    let pending = 5;
    const count = (licenses: readonly string[]) =>
      Promise.resolve(new Map(licenses.map((license) => [license, { pending, most: 5 }])));
    const onError = (error: unknown) => expect(error).toBeUndefined();
    const limit = new PendingLimit({ most: 5, lookMs: 1, pending: { count, limits }, now: () => 0, onError });
    limit.fired('a', 1);
    while (limit.left('a') > 0) await new Promise(setImmediate);
    for (let turn = 0; turn < 100; turn++) await new Promise(setImmediate);
    pending = 3;
    while (limit.left('a') !== 2) await new Promise(setImmediate);
  });

  test('of one license that cannot be counted keeps no other from being counted', async () => {
    const pending = new Map([...'abcdefg'].map((license) => [license, { pending: 1, most: 10 }]));
    const asked: string[] = [];
    const count = (licenses: readonly string[]) => {
      asked.push(licenses.join(''));
      return licenses.includes('b') ? Promise.reject(new Error('too long')) : Promise.resolve(pending);
    };
    const errors: unknown[] = [];
    const onError = (error: unknown) => errors.push(error);
    const limit = new PendingLimit({ most: 10, lookMs: 1, pending: { count, limits }, now: () => 0, onError });
    for (const license of 'abcdefg') limit.fired(license, 5);
    while ([...'acdefg'].some((license) => limit.left(license) !== 9)) await new Promise(setImmediate);
    expect(limit.left('b')).toBe(5);
    expect(asked.slice(0, 2)).toEqual(['abcde', 'fg']);
    expect(asked.slice(2).every((some) => some.length === 1)).toBe(true);
    expect(errors).not.toEqual([]);
  });

  test('when it is missing for five minutes, leaves what was queued since out of it', () => {
    const count = () => new Promise<never>(() => undefined);
    const onError = (error: unknown) => expect(error).toBeUndefined();
    let nowMs = 0;
    const limit = new PendingLimit({ most: 10, lookMs: 1, pending: { count, limits }, now: () => nowMs, onError });
    limit.fired('a', 20);
    nowMs = COUNT_OWED_MAX_MS;
    limit.fired('a', 1);
    expect(limit.left('a')).toBe(0);
    nowMs += 1;
    expect(limit.left('a')).toBe(10);
    limit.fired('a', 1);
    expect(limit.left('a')).toBe(10);
  });

  test('does not forget what was queued while it was made', async () => {
    let answer: ((counts: Map<string, PendingCount>) => void) | undefined;
    let asked = () => undefined as void;
    const isAsked = () => new Promise<void>((resolve) => (asked = resolve));
    const count = () => {
      const counts = new Promise<Map<string, PendingCount>>((resolve) => (answer = resolve));
      asked();
      return counts;
    };
    const onError = (error: unknown) => expect(error).toBeUndefined();
    const limit = new PendingLimit({ most: 100, lookMs: 1, pending: { count, limits }, now: () => 0, onError });
    const first = isAsked();
    limit.fired('a', 30);
    await first;
    limit.fired('a', 5);
    expect(limit.left('a')).toBe(65);
    const second = isAsked();
    answer!(new Map([['a', { pending: 10, most: 100 }]]));
    await second;
    expect(limit.left('a')).toBe(85);
    answer!(new Map([['a', { pending: 0, most: 100 }]]));
    while (limit.left('a') !== 100) await new Promise(setImmediate);
  });
});
