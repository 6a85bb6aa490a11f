import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { EngineWorld, newTopic, process, speedRecord } from '../../test/support/engine-world.js';
import { random } from '../../test/support/random.js';
import { actorOf, vehicleOf } from '../../test/support/triggers.js';
import type { Log } from '../observability/log.js';
import { silentLog } from '../observability/log.js';
import type { EngineOptions } from './engine.js';
import { partitionOf } from './murmur2.js';
import type { PartitionEngine } from './partition-engine.js';
import type { SourceRecord } from './record.js';

let world: EngineWorld;
beforeAll(async () => (world = await EngineWorld.create()));
afterAll(() => world.close());

let tokenId = 1;
const newVehicle = () => vehicleOf(tokenId++);

async function opened(options: Partial<EngineOptions> = {}, topic = newTopic()): Promise<PartitionEngine> {
  return world.open(await world.engine(options), topic);
}

const valuesOf = async (triggerId: string) => (await world.firings(triggerId)).map(({ value }) => value);

describe('a vehicle whose records have no key, over two processes', () => {
  const partitionCount = 2;
  const retryDelays = { firstMs: 1, mostMs: 1 };

  /** Each with a cache and an index of its own, and one partition of the topic. */
  async function twoProcesses(options: Partial<EngineOptions> = {}): Promise<PartitionEngine[]> {
    const topic = newTopic();
    const open = async (partition: number) =>
      world.open(await world.engine({ retryDelays, ...options }), topic, { partition, partitionCount });
    return [await open(0), await open(1)];
  }

  /** `value != previousValue`, one record after the other, in one process. */
  function serially(values: readonly number[]): number[] {
    const fired: number[] = [];
    for (const value of values) if (value !== (fired.at(-1) ?? 0)) fired.push(value);
    return fired;
  }

  test.each([1, 2, 3, 4])('fires as in one stream while its records come in turn (seed %i)', async (seed) => {
    const dice = random(seed);
    const vehicles = [newVehicle(), newVehicle(), newVehicle()];
    const id = await world.trigger('valueNumber != previousValueNumber', {}, vehicles);
    const partitions = await twoProcesses();
    const sent = new Map(vehicles.map((vehicle) => [vehicle, [] as number[]]));
    for (let offset = 0; offset < 60; offset++) {
      const vehicle = vehicles[dice.below(3)]!;
      const values = Array.from({ length: 1 + dice.below(3) }, () => dice.below(3));
      sent.get(vehicle)!.push(...values);
      await process(partitions[dice.below(2)]!, [speedRecord(offset, vehicle, values, { key: null })]);
    }
    const firings = await world.firings(id);
    for (const [vehicle, values] of sent) {
      const fired = firings.filter((firing) => firing.vehicle === vehicle).map(({ value }) => value);
      expect(fired).toEqual(serially(values));
    }
  });

  test('fires as in some one order while both work at the same time', async () => {
    const vehicle = newVehicle();
    const id = await world.trigger('valueNumber != previousValueNumber', {}, [vehicle]);
    const partitions = await twoProcesses({ limits: { records: 2 } });
    const records = Array.from({ length: 40 }, (_, i) => speedRecord(i, vehicle, [i % 2], { key: null }));
    const answers = await Promise.all(partitions.map((partition) => process(partition, records)));
    expect(answers.map(({ answer }) => answer)).toEqual(['ok', 'ok']);
    const firings = await world.firings(id);
    expect(firings.map(({ sequence }) => sequence)).toEqual(firings.map((_, i) => i + 1));
    expect(firings.map(({ value }) => value)).toEqual(firings.map((_, i) => (i + 1) % 2));
  });
});

describe('a vehicle that has a key in one process and none in another', () => {
  const partitionCount = 2;

  test.each([1, 2, 3, 4])('fires as in one stream while its records come in turn (seed %i)', async (seed) => {
    const dice = random(seed);
    const vehicle = newVehicle();
    const id = await world.trigger('valueNumber != previousValueNumber', {}, [vehicle]);
    const home = partitionOf(Buffer.from(vehicle), partitionCount);
    const topic = newTopic();
    const open = async (partition: number) => world.open(await world.engine(), topic, { partition, partitionCount });
    const [atHome, elsewhere] = [await open(home), await open(1 - home)];
    const values = Array.from({ length: 40 }, () => dice.below(2) + 1);
    for (const [offset, value] of values.entries()) {
      if (dice.below(2) === 0) await process(atHome, [speedRecord(offset, vehicle, [value])]);
      else await process(elsewhere, [speedRecord(offset, vehicle, [value], { key: null })]);
    }
    expect(await valuesOf(id)).toEqual(values.filter((value, i) => value !== (values[i - 1] ?? 0)));
  });
});

describe('a vehicle that is unsubscribed and subscribed again', () => {
  test.each(['in between', 'before the engine looks'])('goes on from what it remembered: %s', async (moment) => {
    const vehicle = newVehicle();
    const id = await world.trigger('valueNumber != previousValueNumber', { cooldownSeconds: 2 }, [vehicle]);
    const partition = await opened();
    await process(partition, [speedRecord(0, vehicle, [5])]);
    await world.subscriptions.remove(actorOf(), id, [vehicle]);
    if (moment === 'in between') await process(partition, [speedRecord(1, vehicle, [6])]);
    await world.subscriptions.add(actorOf(), id, [vehicle]);
    // The cool-down goes on from the first firing, and so does the comparison.
    await process(partition, [
      speedRecord(2, vehicle, [5]),
      speedRecord(3, vehicle, [5]),
      speedRecord(4, vehicle, [7]),
    ]);
    expect((await world.firings(id)).map(({ sequence, value }) => [sequence, value])).toEqual([
      [1, 5],
      [2, 7],
    ]);
  });

  test('in the middle of a chunk, goes on too', async () => {
    const vehicle = newVehicle();
    const id = await world.trigger('valueNumber != previousValueNumber', {}, [vehicle]);
    let commits = 0;
    const chunks = {
      positions: world.chunks.positions.bind(world.chunks),
      open: world.chunks.open.bind(world.chunks),
      move: world.chunks.move.bind(world.chunks),
      lately: world.chunks.lately.bind(world.chunks),
      commit: async (chunk: Parameters<typeof world.chunks.commit>[0]) => {
        if (++commits === 2) {
          await world.subscriptions.remove(actorOf(), id, [vehicle]);
          await world.subscriptions.add(actorOf(), id, [vehicle]);
        }
        return world.chunks.commit(chunk);
      },
    };
    const partition = await opened({ chunks });
    await process(partition, [speedRecord(0, vehicle, [5])]);
    await process(partition, [speedRecord(1, vehicle, [5, 6, 6])]);
    expect(await valuesOf(id)).toEqual([5, 6]);
  });
});

describe('an event that is on record already', () => {
  test('is reported as a defect and set aside, and the stream goes on', async () => {
    const vehicle = newVehicle();
    const id = await world.trigger('valueNumber > 0', {}, [vehicle]);
    const topic = newTopic();
    const records = [0, 1, 2].map((offset) => speedRecord(offset, vehicle, [offset + 1]));
    await process(await opened({}, topic), records.slice(0, 2));
    // As if a backup of positions were older than that of the log.
    await world.database.pool.query('delete from stream_positions where topic = $1', [topic]);
    const errors: { err?: unknown }[] = [];
    const log: Log = { ...silentLog, error: (fields) => void errors.push(fields), child: () => log };
    const partition = await opened({ log, retryDelays: { firstMs: 1, mostMs: 1 } }, topic);
    expect(await process(partition, records)).toMatchObject({ answer: 'ok' });
    expect(partition.nextOffset).toBe(3n);
    expect((await valuesOf(id)).sort()).toEqual([1, 2, 3]);
    expect((await world.deadLetters(topic)).map(({ offset, reason }) => [offset, reason])).toEqual([
      [0, 'not_storable'],
      [1, 'not_storable'],
    ]);
    expect(errors.length).toBeGreaterThan(0);
    expect(errors.every(({ err }) => err instanceof Error && err.name === 'DuplicateEvent')).toBe(true);
  });
});

describe('a clock that steps', () => {
  /** Lets a real ms pass: the engines here have their own clock. */
  const pass = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  const HOUR_MS = 3_600_000;

  async function withWallClock(work: (step: (ms: number) => void) => Promise<void>): Promise<void> {
    let offsetMs = 0;
    const real = Date.now.bind(Date);
    const clock = jest.spyOn(Date, 'now').mockImplementation(() => real() + offsetMs);
    try {
      await work((ms) => (offsetMs += ms));
    } finally {
      clock.mockRestore();
    }
  }

  test('back freezes no flush', () =>
    withWallClock(async (step) => {
      const vehicle = newVehicle();
      const topic = newTopic();
      const partition = await opened({ limits: { flushMs: 5 } }, topic);
      step(-HOUR_MS);
      await pass(10);
      await process(partition, [speedRecord(0, vehicle, [1])]);
      expect((await world.chunks.positions(topic, [0])).get(0)).toMatchObject({ nextOffset: 1n });
    }));

  test.each([HOUR_MS, -HOUR_MS])('by %i ms neither fills nor empties a budget', (stepMs) =>
    withWallClock(async (step) => {
      const vehicle = newVehicle();
      const id = await world.trigger('valueNumber > 0', {}, [vehicle]);
      const partition = await opened({ limits: { records: 1 }, quotaBlocks: await world.quotaBlocks(60) });
      const readings = Array.from({ length: 60 }, () => 1);
      await process(partition, [speedRecord(0, vehicle, readings)]);
      step(stepMs);
      await process(partition, [speedRecord(1, vehicle, readings)]);
      const fired = (await world.firings(id)).length;
      expect(fired).toBeGreaterThanOrEqual(60);
      expect(fired).toBeLessThan(120);
    }),
  );

  test('back leaves no condition without its notice, and forward repeats none', () =>
    withWallClock(async (step) => {
      const vehicle = newVehicle();
      await world.trigger('valueNumber > 0', {}, [vehicle]);
      const count = async () =>
        (await world.database.pool.query(`select 1 from events where type = 'trigger.throttled'`)).rowCount;
      const partition = await opened({ quotaBlocks: await world.quotaBlocks(1) });
      const before = (await count())!;
      await process(partition, [speedRecord(0, vehicle, [1, 2])]);
      expect(await count()).toBe(before + 1);
      step(HOUR_MS);
      await process(partition, [speedRecord(1, vehicle, [1, 2])]);
      expect(await count()).toBe(before + 1);
    }));

  test('shows in the time that a firing tells, and nowhere else', async () => {
    const vehicle = newVehicle();
    const id = await world.trigger('valueNumber > 0', {}, [vehicle]);
    const wall = [Date.UTC(2030, 0, 1), Date.UTC(2020, 0, 1)];
    const partition = await opened({ wallNow: () => wall.shift()! });
    await process(partition, [speedRecord(0, vehicle, [1, 2])]);
    const firings = await world.firings(id);
    expect(firings.map(({ payload }) => payload.time)).toEqual([
      '2030-01-01T00:00:00.000Z',
      '2020-01-01T00:00:00.000Z',
    ]);
    expect(await world.states.get(id, vehicle)).toMatchObject({ firedAtMs: Date.UTC(2026, 0, 15), sequence: 2 });
  });
});

describe('a database that does not answer', () => {
  test('has an engine hold what it was given and nothing more', async () => {
    const vehicle = newVehicle();
    const id = await world.trigger('valueNumber > 0', {}, [vehicle]);
    let asked = 0;
    let goOn: (() => void) | undefined;
    const answered = new Promise<void>((resolve) => (goOn = resolve));
    const chunks = {
      positions: world.chunks.positions.bind(world.chunks),
      open: world.chunks.open.bind(world.chunks),
      move: world.chunks.move.bind(world.chunks),
      lately: world.chunks.lately.bind(world.chunks),
      commit: async (chunk: Parameters<typeof world.chunks.commit>[0]) => {
        asked += 1;
        await answered;
        return world.chunks.commit(chunk);
      },
    };
    const partition = await opened({ chunks, limits: { records: 2 } });
    const taken: number[] = [];
    /** A batch as a source hands it over: what tells when one is read that nobody asked for. */
    const batch: SourceRecord[] = Array.from({ length: 6 }, (_, offset) => {
      const record = speedRecord(offset, vehicle, [offset + 1]);
      return Object.defineProperty({ ...record }, 'value', { get: () => (taken.push(offset), record.value) });
    });
    const done = process(partition, batch);
    while (asked === 0) await new Promise(setImmediate);
    for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
    expect(asked).toBe(1);
    expect([...new Set(taken)]).toEqual([0, 1]);
    goOn!();
    expect(await done).toEqual({ answer: 'ok', offsets: [2, 4, 6] });
    expect(await valuesOf(id)).toEqual([1, 2, 3, 4, 5, 6]);
  });
});
