import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { EngineWorld, newTopic, process, speedRecord } from '../../test/support/engine-world.js';
import { blocksOver } from '../../test/support/database-minute.js';
import { QuotaMinutes } from '../../test/support/quota-minutes.js';
import { actorOf, vehicleOf } from '../../test/support/triggers.js';
import { Metrics } from '../observability/metrics.js';
import type { Chunk, FiringRow } from '../store/chunks.js';
import { emptyResult, type ChunkResult } from './chunk-evaluation.js';
import type { EngineOptions } from './engine.js';
import { FiringQuota } from './firing-quota.js';
import type { PartitionEngine } from './partition-engine.js';
import type { Chunks } from './stores.js';

let world: EngineWorld;
beforeAll(async () => (world = await EngineWorld.create()));
afterAll(() => world.close());

let number = 0;
const retryDelays = { firstMs: 1, mostMs: 1 };

/** A trigger of a license of its own that fires for every speed above 0 of a vehicle of its own. */
async function newFiring(): Promise<{ id: string; license: string; vehicle: string }> {
  const vehicle = vehicleOf(++number);
  const license = `0x${String(number).padStart(40, '3')}`;
  const id = await world.trigger('valueNumber > 0', {}, [vehicle], actorOf(license));
  return { id, license, vehicle };
}

async function opened(options: Partial<EngineOptions> = {}): Promise<PartitionEngine> {
  return world.open(await world.engine({ retryDelays, ...options }), newTopic());
}

async function firedTimes(triggerId: string): Promise<number> {
  return (await world.firings(triggerId)).length;
}

const ones = (count: number) => Array.from({ length: count }, () => 1);

/** The store, with other answers to some commits than it gives, the first being number 1. */
function commits(answer: (number: number, chunk: Chunk) => ReturnType<Chunks['commit']> | undefined): Chunks {
  let count = 0;
  const chunks = Object.create(world.chunks) as Chunks;
  chunks.commit = (chunk) => answer(++count, chunk) ?? world.chunks.commit(chunk);
  return chunks;
}

describe('the limit on firings of a minute', () => {
  test('is exact over engines that fire at the same time, and none of it is lost', async () => {
    const most = 40;
    const { id, license } = await newFiring();
    const first = await world.quotaBlocks(most);
    const engines = await Promise.all(
      [first, blocksOver(world.database, most)].map((quotaBlocks) =>
        world.engine({ quotaBlocks, limits: { firings: 3 } }),
      ),
    );
    const vehicles = Array.from({ length: 6 }, () => vehicleOf(++number));
    await world.subscriptions.add(actorOf(license), id, vehicles);
    const partitions = await Promise.all(
      vehicles.map((_, place) => world.open(engines[place % 2]!, newTopic(), { partition: 0 })),
    );
    const work = partitions.map((partition, place) =>
      process(
        partition,
        ones(4).map((_, offset) => speedRecord(offset, vehicles[place]!, ones(5))),
      ),
    );
    expect((await Promise.all(work)).map(({ answer }) => answer)).toEqual(vehicles.map(() => 'ok'));
    expect(await firedTimes(id)).toBe(most);
  });

  test('is asked about once for a whole chunk, for those alone that fire, and not while something is held', async () => {
    const firing = [await newFiring(), await newFiring()];
    const quiet = await newFiring();
    const minutes = new QuotaMinutes(100, 3);
    const partition = await opened({ quotaBlocks: minutes.blocks() });
    const report = (offset: number) => [
      speedRecord(offset, firing[0]!.vehicle, ones(2)),
      speedRecord(offset + 1, firing[1]!.vehicle, ones(1)),
      speedRecord(offset + 2, quiet.vehicle, [0, 0]),
    ];
    await process(partition, report(0));
    await process(partition, report(3));
    expect(minutes.asked).toEqual([
      [
        { license: firing[0]!.license, name: 'firingsPerMinute', needed: 2 },
        { license: firing[1]!.license, name: 'firingsPerMinute', needed: 1 },
      ],
    ]);
    await process(partition, report(6));
    expect(minutes.asked.slice(1)).toEqual([[{ license: firing[0]!.license, name: 'firingsPerMinute', needed: 1 }]]);
    expect(await Promise.all([...firing, quiet].map(({ id }) => firedTimes(id)))).toEqual([6, 3, 0]);
  });

  test('that is used up is not asked about again until the minute is over', async () => {
    const { id, vehicle } = await newFiring();
    const minutes = new QuotaMinutes(3);
    const partition = await opened({ quotaBlocks: minutes.blocks() });
    for (let offset = 0; offset < 4; offset++) await process(partition, [speedRecord(offset, vehicle, ones(2))]);
    expect([await firedTimes(id), minutes.asked.length]).toEqual([3, 2]);
    minutes.nowMs = 60_000;
    await process(partition, [speedRecord(4, vehicle, ones(2))]);
    expect([await firedTimes(id), minutes.asked.length]).toEqual([5, 3]);
  });

  test('of one license throttles that one alone, in the middle of a chunk', async () => {
    const [flooding, other] = [await newFiring(), await newFiring()];
    const metrics = new Metrics();
    const partition = await opened({ metrics, quotaBlocks: new QuotaMinutes(4).blocks() });
    await process(partition, [
      speedRecord(0, flooding.vehicle, ones(3)),
      speedRecord(1, other.vehicle, ones(2)),
      speedRecord(2, flooding.vehicle, ones(3)),
      speedRecord(3, other.vehicle, ones(2)),
    ]);
    expect(await Promise.all([flooding, other].map(({ id }) => firedTimes(id)))).toEqual([4, 4]);
    expect(await metrics.registry.metrics()).toContain('tripline_evaluations_total{outcome="throttled"} 2');
  });

  test('is asked about once by all partitions that wait meanwhile, for what they need together', async () => {
    const minutes = new QuotaMinutes(6);
    const quota = new FiringQuota(minutes.blocks());
    const chunk = (license: string): ChunkResult => {
      const firings = ones(3).map(() => ({ license })) as FiringRow[];
      return { ...emptyResult({ offset: 0n, index: 0 }), firings };
    };
    const afford = (license: string) =>
      quota.afford(
        () => chunk(license),
        (refill) => refill(),
      );
    let answer: () => void = () => undefined;
    minutes.before = () => new Promise((resolve) => (answer = resolve));
    const first = afford('a');
    while (minutes.asked.length === 0) await new Promise(setImmediate);
    minutes.before = () => Promise.resolve();
    const others = ['b', 'b', 'c'].map(afford);
    answer();
    expect((await Promise.all([first, ...others])).map((chunk) => chunk?.firings.length)).toEqual([3, 3, 3, 3]);
    expect(minutes.asked.map((needs) => needs.map(({ license, needed }) => [license, needed]))).toEqual([
      [['a', 3]],
      [
        ['b', 6],
        ['c', 3],
      ],
    ]);
  });
});

describe('what a chunk would have fired', () => {
  /** The units that are still there afterwards, found by firing until it is too much. */
  async function unitsLeft(chunks: Chunks, most: number, vehicle: string, id: string): Promise<number> {
    const quotaBlocks = new QuotaMinutes(most).blocks();
    const engine = await world.engine({ chunks, quotaBlocks, retryDelays });
    const records = [speedRecord(0, vehicle, ones(4))];
    const answers = [await process(await world.open(engine, newTopic()), records)];
    const before = await firedTimes(id);
    answers.push(await process(await world.open(engine, newTopic()), [speedRecord(0, vehicle, ones(2 * most))]));
    expect(answers[1]!.answer).toBe('ok');
    return (await firedTimes(id)) - before;
  }

  test.each<[string, (number: number) => ReturnType<Chunks['commit']> | undefined, number]>([
    ['is spent when it was stored', () => undefined, 6],
    ['is given back when the partition is with somebody else', (n) => (n === 1 ? gone('fenced') : undefined), 10],
    ['is spent once when a conflict had it evaluated again', (n) => (n < 3 ? gone('conflict') : undefined), 6],
    [
      'stays spent when a commit had no answer and the next says that it is with somebody else: it may be stored',
      (n) => (n === 1 ? Promise.reject(new Error('connection lost')) : n === 2 ? gone('fenced') : undefined),
      6,
    ],
    ['is given back when the database refuses it', (n) => (n < 6 ? refused() : undefined), 10],
  ])('a reserved firing %s', async (_, answer, left) => {
    const { id, vehicle } = await newFiring();
    expect(await unitsLeft(commits(answer), 10, vehicle, id)).toBe(left);
  });

  test('is not given to the next minute', async () => {
    const { id, vehicle } = await newFiring();
    const minutes = new QuotaMinutes(3);
    const chunks = commits((n) => (n === 1 ? nextMinute().then(() => gone('fenced')) : undefined));
    const engine = await world.engine({ chunks, quotaBlocks: minutes.blocks() });
    const run = async (count: number) =>
      process(await world.open(engine, newTopic()), [speedRecord(0, vehicle, ones(count))]);
    const nextMinute = async () => {
      minutes.nowMs = 60_000;
      await run(1);
    };
    await run(3);
    expect(await firedTimes(id)).toBe(1);
    await run(9);
    expect(await firedTimes(id)).toBe(3);
  });

  test('waits while the database does not say what is left, and is not throttled', async () => {
    const { id, vehicle } = await newFiring();
    const minutes = new QuotaMinutes(3);
    minutes.before = () => (minutes.asked.length < 3 ? Promise.reject(new Error('away')) : Promise.resolve());
    const partition = await opened({ quotaBlocks: minutes.blocks() });
    expect(await process(partition, [speedRecord(0, vehicle, ones(2))])).toMatchObject({ answer: 'ok' });
    expect(await firedTimes(id)).toBe(2);
    minutes.before = () => Promise.reject(new Error('away'));
    minutes.nowMs = 60_000;
    let isLive = true;
    const abandoned = partition.process(
      [speedRecord(1, vehicle, ones(1))],
      () => isLive,
      () => Promise.resolve(),
    );
    while (minutes.asked.length < 5) await new Promise(setImmediate);
    isLive = false;
    expect(await abandoned).toBe('abandoned');
    expect(await firedTimes(id)).toBe(2);
  });
});

function gone(kind: 'fenced' | 'conflict'): ReturnType<Chunks['commit']> {
  return Promise.resolve(kind === 'fenced' ? { kind } : { kind, with: 'state' });
}

function refused(): Promise<never> {
  return Promise.reject(Object.assign(new Error('not storable'), { code: '22021' }));
}
