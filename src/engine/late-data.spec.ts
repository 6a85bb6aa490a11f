import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { EngineWorld, newTopic, process, speedRecord } from '../../test/support/engine-world.js';
import { actorOf, vehicleOf } from '../../test/support/triggers.js';
import { Metrics } from '../observability/metrics.js';
import type { EngineOptions } from './engine.js';
import type { PartitionEngine } from './partition-engine.js';
import { ARRIVAL_MS_MAX, arrivalTime, type SourceRecord } from './record.js';

let world: EngineWorld;
beforeAll(async () => (world = await EngineWorld.create()));
afterAll(() => world.close());

let tokenId = 1;
const newVehicle = () => vehicleOf(tokenId++);
const NOON = Date.UTC(2026, 0, 15, 12);

async function opened(options: Partial<EngineOptions> = {}, topic = newTopic()): Promise<PartitionEngine> {
  return world.open(await world.engine(options), topic);
}

const valuesOf = async (triggerId: string) => (await world.firings(triggerId)).map(({ value }) => value);

/** A reading at a time of its own. */
const reading = (valueNumber: number, timestamp: string) => ({
  name: 'speed',
  timestamp,
  valueNumber,
  valueString: '',
});

describe('a sample that is too old when it arrives', () => {
  const samples: [value: number, timestamp: string][] = [
    [60, '2026-01-15T11:58:00Z'],
    [61, '2026-01-15T11:59:30Z'],
    [62, '2026-01-15T11:58:59Z'],
    [63, '2026-01-15T12:30:00Z'],
  ];
  const readings = samples.map(([value, timestamp]) => reading(value, timestamp));

  test.each([
    ['valueNumber > 0', [61, 63]],
    ['valueNumber != previousValueNumber', [61, 63]],
  ])('is not evaluated and counts as stale: %s', async (condition, expected) => {
    const vehicle = newVehicle();
    const id = await world.trigger(condition, { maxSampleAgeSeconds: 60 }, [vehicle]);
    const metrics = new Metrics();
    await process(await opened({ metrics }), [speedRecord(0, vehicle, readings, { arrivalMs: NOON })]);
    expect(await valuesOf(id)).toEqual(expected);
    expect(await world.states.get(id, vehicle)).toMatchObject({ sequence: 2, previous: { valueNumber: 63 } });
    expect(await metrics.registry.metrics()).toContain('tripline_evaluations_total{outcome="stale"} 2');
  });

  test('needs no state', async () => {
    const vehicle = newVehicle();
    await world.trigger('valueNumber != previousValueNumber', { maxSampleAgeSeconds: 60 }, [vehicle]);
    let loads = 0;
    const states = { load: (...given: Parameters<typeof world.states.load>) => (loads++, world.states.load(...given)) };
    const partition = await opened({ states });
    await process(partition, [speedRecord(0, vehicle, [readings[0]!], { arrivalMs: NOON })]);
    expect(loads).toBe(0);
    await process(partition, [speedRecord(1, vehicle, [readings[1]!], { arrivalMs: NOON })]);
    expect(loads).toBe(1);
  });

  test('is as old as the trigger says from the change on', async () => {
    const vehicle = newVehicle();
    const id = await world.trigger('valueNumber > 0', { maxSampleAgeSeconds: 60 }, [vehicle]);
    const partition = await opened();
    for (const [offset, maxSampleAgeSeconds] of [60, 120, 30, null].entries()) {
      await world.triggers.update(actorOf(), id, { maxSampleAgeSeconds });
      const late = reading(offset, '2026-01-15T11:58:30Z');
      await process(partition, [
        speedRecord(offset, vehicle, [{ ...late, valueNumber: 10 + offset }], { arrivalMs: NOON }),
      ]);
    }
    expect(await valuesOf(id)).toEqual([11, 13]);
  });
});

describe('the order of the stream', () => {
  test('decides, not the times that samples have of their own', async () => {
    const vehicle = newVehicle();
    const changed = await world.trigger('valueNumber != previousValueNumber', {}, [vehicle]);
    const cooled = await world.trigger('valueNumber > 0', { cooldownSeconds: 10 }, [vehicle]);
    const times = ['12:00:30Z', '11:00:00Z', '12:00:10Z', '23:59:59Z'].map((time) => `2026-01-15T${time}`);
    const records = [5, 6, 6, 5].map((value, offset) =>
      speedRecord(offset, vehicle, [reading(value, times[offset]!)], { arrivalMs: NOON + offset * 5_000 }),
    );
    await process(await opened(), records);
    expect(await valuesOf(changed)).toEqual([5, 6, 5]);
    expect(await valuesOf(cooled)).toEqual([5, 6]);
  });

  test('has a record twice where a producer sent it twice: two samples, of which a change is one', async () => {
    const vehicle = newVehicle();
    const plain = await world.trigger('valueNumber > 0', {}, [vehicle]);
    const changed = await world.trigger('valueNumber != previousValueNumber', {}, [vehicle]);
    const cooled = await world.trigger('valueNumber > 0', { cooldownSeconds: 1 }, [vehicle]);
    await process(
      await opened(),
      [0, 1].map((offset) => speedRecord(offset, vehicle, [5], { arrivalMs: NOON })),
    );
    expect(await valuesOf(plain)).toEqual([5, 5]);
    expect(new Set((await world.firings(plain)).map(({ id }) => id)).size).toBe(2);
    expect(await valuesOf(changed)).toEqual([5]);
    expect(await valuesOf(cooled)).toEqual([5]);
  });
});

describe('the time of a record', () => {
  test.each<[string, number[], number[]]>([
    ['in the far past begins a cool-down there', [0, NOON], [1, 2]],
    ['that is none counts as the beginning of time', [arrivalTime(-1), 5_000, NOON], [1, 3]],
    [
      'in the far future blocks only its neighbourhood',
      [ARRIVAL_MS_MAX, NOON, NOON + 5_000, ARRIVAL_MS_MAX],
      [1, 2, 4],
    ],
    ['beyond what can be stored is the last that can', [arrivalTime(1e300), arrivalTime(Infinity)], [1, 2]],
    ['that goes back a little is still cooling', [NOON, NOON - 9_999, NOON - 10_000], [1, 3]],
  ])('%s', async (_, arrivals, expected) => {
    const vehicle = newVehicle();
    const id = await world.trigger('valueNumber > 0', { cooldownSeconds: 10 }, [vehicle]);
    const records = arrivals.map((arrivalMs, offset) => speedRecord(offset, vehicle, [offset + 1], { arrivalMs }));
    expect(await process(await opened(), records)).toMatchObject({ answer: 'ok' });
    expect(await valuesOf(id)).toEqual(expected);
  });
});

test('a replay of the same records gives the same firings and ids, whenever it happens', async () => {
  const [v, w] = [newVehicle(), newVehicle()];
  const age = { maxSampleAgeSeconds: 3_600 };
  const ids = [
    await world.trigger('valueNumber != previousValueNumber', age, [v, w]),
    await world.trigger('valueNumber > 2', { cooldownSeconds: 7 }, [v, w]),
  ];
  const topic = newTopic();
  const records: SourceRecord[] = Array.from({ length: 40 }, (_, offset) => {
    const late = reading((offset * 7) % 5, offset % 3 === 0 ? '2026-01-15T10:00:00Z' : '2026-01-15T11:59:59Z');
    return speedRecord(offset, offset % 2 === 0 ? v : w, [late, offset % 4], {
      arrivalMs: NOON + ((offset * 13) % 60) * 1_000,
    });
  });
  const firings = async () =>
    (await Promise.all(ids.map((id) => world.firings(id))))
      .flat()
      .map(({ id, vehicle, sequence, value }) => [id, vehicle, sequence, value]);
  await process(await opened({ wallNow: () => 0 }, topic), records);
  const first = await firings();
  expect(first.length).toBeGreaterThan(20);
  for (const table of ['events', 'states']) {
    await world.database.pool.query(`delete from ${table} where trigger_id = any ($1)`, [ids]);
  }
  await world.database.pool.query('delete from stream_positions where topic = $1', [topic]);
  await process(await opened({ wallNow: () => ARRIVAL_MS_MAX, limits: { records: 3, firings: 2 } }, topic), records);
  expect(await firings()).toEqual(first);
});
