import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Metrics } from '../observability/metrics.js';
import type { Log } from '../observability/log.js';
import type { Chunk } from '../store/chunks.js';
import { QuotaMinutes } from '../../test/support/quota-minutes.js';
import { EngineWorld, newTopic, process, speedRecord } from '../../test/support/engine-world.js';
import { random } from '../../test/support/random.js';
import { actorOf, newTrigger, OTHER_LICENSE, vehicleOf } from '../../test/support/triggers.js';
import type { EngineOptions } from './engine.js';
import type { PartitionEngine } from './partition-engine.js';
import { partitionOf } from './murmur2.js';
import type { SourceRecord } from './record.js';
import { bucketOf } from './state-cache.js';
import type { Chunks } from './stores.js';

let world: EngineWorld;
beforeAll(async () => (world = await EngineWorld.create()));
afterAll(() => world.close());

let tokenId = 1000;
const newVehicle = () => vehicleOf(tokenId++);

/** A partition engine of a process of its own on a topic of its own. */
async function opened(options: Partial<EngineOptions> = {}, topic = newTopic()): Promise<PartitionEngine> {
  return world.open(await world.engine(options), topic);
}

/** The real store, with something happening before each commit. */
function chunksWith(before: (chunk: Chunk, commit: number) => Promise<unknown> | void): Chunks {
  let commit = 0;
  return {
    positions: (...given) => world.chunks.positions(...given),
    open: (...given) => world.chunks.open(...given),
    move: (...given) => world.chunks.move(...given),
    lately: (...given) => world.chunks.lately(...given),
    commit: async (chunk) => {
      commit += 1;
      await before(chunk, commit);
      return world.chunks.commit(chunk);
    },
  };
}

async function valuesOf(triggerId: string): Promise<unknown[]> {
  return (await world.firings(triggerId)).map(({ value }) => value);
}

async function noticesOf(type: string, triggerId: string | null): Promise<{ vehicle: string; payload: unknown }[]> {
  const { rows } = await world.database.pool.query<{ vehicle: string; payload: string }>(
    'select vehicle, payload from events where type = $1 and trigger_id is not distinct from $2 order by id',
    [type, triggerId],
  );
  return rows.map(({ vehicle, payload }) => ({ vehicle, payload: JSON.parse(payload) as unknown }));
}

async function metricsText(metrics: Metrics): Promise<string> {
  return metrics.registry.metrics();
}

describe('a stream of samples', () => {
  test.each<[string, string, number, [second: number, value: number][], number[]]>([
    [
      'fires for each that meets the condition',
      'valueNumber > 50',
      0,
      [
        [0, 51],
        [1, 50],
        [2, 52],
      ],
      [51, 52],
    ],
    [
      'cools down in arrival time',
      'valueNumber > 50',
      10,
      [
        [0, 51],
        [9, 52],
        [10, 53],
        [15, 54],
        [20, 55],
      ],
      [51, 53, 55],
    ],
    [
      'cools down towards the past too',
      'valueNumber > 50',
      10,
      [
        [20, 51],
        [11, 52],
        [10, 53],
      ],
      [51, 53],
    ],
    [
      'compares with what fired last',
      'valueNumber != previousValueNumber',
      0,
      [
        [0, 0],
        [1, 5],
        [2, 5],
        [3, 6],
        [4, 5],
      ],
      [5, 6, 5],
    ],
    [
      'compares with what fired, not with what cooled',
      'valueNumber > previousValueNumber',
      10,
      [
        [0, 5],
        [1, 9],
        [11, 6],
        [12, 7],
        [25, 6],
        [26, 7],
      ],
      [5, 6, 7],
    ],
  ])('%s', async (_, condition, cooldownSeconds, samples, expected) => {
    const vehicle = newVehicle();
    const id = await world.trigger(condition, { cooldownSeconds }, [vehicle]);
    const partition = await opened();
    const records = samples.map(([second, value], offset) =>
      speedRecord(offset, vehicle, [value], { arrivalMs: Date.UTC(2026, 0, 1) + second * 1000 }),
    );
    expect(await process(partition, records)).toMatchObject({ answer: 'ok' });
    expect(await valuesOf(id)).toEqual(expected);
  });

  test('leaves an event, a delivery and the state, and rings for the endpoint', async () => {
    const vehicle = newVehicle();
    const endpoint = {
      id: '00000000-0000-4000-8000-000000000001',
      url: 'https://e.com',
      secret: 's',
      verifiedAt: new Date(),
    };
    const id = await world.trigger('valueNumber > 50', { endpoint }, [vehicle]);
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const pending = await world.count('outbox');
    await process(await opened(), [speedRecord(0, vehicle, [51, 10, 52], { traceparent })]);
    const firings = await world.firings(id);
    expect(firings.map(({ sequence, value }) => [sequence, value])).toEqual([
      [1, 51],
      [2, 52],
    ]);
    expect(firings[0]!.payload).toMatchObject({ id: firings[0]!.id, subject: vehicle, producer: id, traceparent });
    expect(await world.count('outbox')).toBe(pending + 2);
    expect(world.rung).toContain(endpoint.id);
    expect(await world.states.get(id, vehicle)).toMatchObject({
      version: 1,
      sequence: 2,
      previous: { valueNumber: 52 },
    });
  });

  test('keeps vehicles, triggers and metrics apart', async () => {
    const [v, w] = [newVehicle(), newVehicle()];
    const first = await world.trigger('valueNumber != previousValueNumber', {}, [v, w]);
    const second = await world.trigger('valueNumber != previousValueNumber', {}, [v]);
    const other = await world.trigger('valueNumber > 0', { metricName: 'powertrainRange', metric: 'powertrainRange' }, [
      v,
    ]);
    await process(await opened(), [speedRecord(0, v, [5]), speedRecord(1, w, [5]), speedRecord(2, newVehicle(), [5])]);
    expect((await world.firings(first)).map(({ vehicle }) => vehicle).sort()).toEqual([v, w].sort());
    expect(await valuesOf(second)).toEqual([5]);
    expect(await valuesOf(other)).toEqual([]);
  });

  test('is counted', async () => {
    const vehicle = newVehicle();
    await world.trigger('valueNumber > 50', { cooldownSeconds: 60 }, [vehicle]);
    const metrics = new Metrics();
    const topic = newTopic();
    await process(await opened({ metrics }, topic), [
      speedRecord(0, vehicle, [51, 52, 1]),
      speedRecord(1, vehicle, [2]),
    ]);
    const text = await metricsText(metrics);
    expect(text).toContain(`tripline_records_total{topic="${topic}"} 2`);
    expect(text).toContain(`tripline_samples_total{topic="${topic}"} 4`);
    for (const line of ['fired"} 1', 'cooling"} 1', 'not_met"} 2']) expect(text).toContain(`{outcome="${line}`);
    expect(text).toContain('tripline_chunk_duration_seconds_count{result="ok"} 1');
  });

  test('costs no query for the state while a condition without previous values does not hold', async () => {
    const vehicle = newVehicle();
    await world.trigger('valueNumber > 50', {}, [vehicle]);
    let loads = 0;
    const states = { load: (...given: Parameters<typeof world.states.load>) => (loads++, world.states.load(...given)) };
    const partition = await opened({ states });
    await process(partition, [speedRecord(0, vehicle, [1, 2, 3])]);
    expect(loads).toBe(0);
    await process(partition, [speedRecord(1, vehicle, [51])]);
    await process(partition, [speedRecord(2, vehicle, [52])]);
    expect(loads).toBe(1);
  });
});

describe('chunks', () => {
  test('end at their limits, inside a message if need be, and fold what a pair did into one state', async () => {
    const vehicle = newVehicle();
    const id = await world.trigger('valueNumber > 0', {}, [vehicle]);
    const ends: [offset: number, index: number, firings: number, states: number][] = [];
    const chunks = chunksWith(({ nextOffset, nextIndex, firings, states }) => {
      ends.push([Number(nextOffset), nextIndex, firings.length, states.length]);
    });
    const partition = await opened({ chunks, limits: { firings: 3 } });
    const readings = Array.from({ length: 8 }, (_, i) => i + 1);
    const { offsets } = await process(partition, [speedRecord(0, vehicle, readings), speedRecord(1, vehicle, [9])]);
    expect(ends).toEqual([
      [0, 3, 3, 1],
      [0, 6, 3, 1],
      [2, 0, 3, 1],
    ]);
    expect(offsets).toEqual([0, 0, 2]);
    expect(await valuesOf(id)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(await world.states.get(id, vehicle)).toMatchObject({ version: 3, sequence: 9 });
  });

  test.each<[string, NonNullable<EngineOptions['limits']>, number[]]>([
    ['records', { records: 2 }, [2, 4, 5]],
    ['bytes', { bytes: 450 }, [2, 4, 5]],
    ['bytes, though one record alone is larger', { bytes: 10 }, [1, 2, 3, 4, 5]],
    ['the time of evaluation', { evaluationMs: 0 }, [1, 2, 3, 4, 5]],
  ])('end at the limit of %s', async (_, limits, expected) => {
    const vehicle = newVehicle();
    const id = await world.trigger('valueNumber > 0', {}, [vehicle]);
    const records = [0, 1, 2, 3, 4].map((offset) => speedRecord(offset, vehicle, [offset + 1]));
    expect(records[0]!.value!.length * 2).toBeLessThan(450);
    expect((await process(await opened({ limits }), records)).offsets).toEqual(expected);
    expect(await valuesOf(id)).toEqual([1, 2, 3, 4, 5]);
  });

  test('cut by the time of evaluation go on inside the message', async () => {
    const vehicle = newVehicle();
    const id = await world.trigger('valueNumber > 0', {}, [vehicle]);
    const partition = await opened({ limits: { evaluationMs: 0 } });
    expect((await process(partition, [speedRecord(0, vehicle, [1, 2, 3])])).offsets).toEqual([0, 0, 1]);
    expect(await valuesOf(id)).toEqual([1, 2, 3]);
  });

  test('without effects store nothing; the position is stored once the time has come, and when asked', async () => {
    const vehicle = newVehicle();
    let nowMs = 0;
    const commits: number[] = [];
    const chunks = chunksWith(({ nextOffset }) => void commits.push(Number(nextOffset)));
    const partition = await opened({ chunks, now: () => nowMs, limits: { flushMs: 1000 } });
    await process(partition, [speedRecord(0, vehicle, [1])]);
    nowMs = 999;
    await process(partition, [speedRecord(1, vehicle, [1])]);
    expect(commits).toEqual([]);
    expect(partition.nextOffset).toBe(2n);
    nowMs = 1000;
    await process(partition, [speedRecord(2, vehicle, [1])]);
    expect(commits).toEqual([3]);
    await process(partition, [speedRecord(3, vehicle, [1])]);
    expect(await partition.flush()).toBe('ok');
    expect(await partition.flush()).toBe('ok');
    expect(commits).toEqual([3, 4]);
    expect(partition.position).toMatchObject({ nextOffset: 4n, nextIndex: 0 });
  });

  test('have their progress stored once for all who ask meanwhile, but again after more records', async () => {
    const vehicle = newVehicle();
    let isAway = true;
    const commits: number[] = [];
    const chunks = chunksWith(({ nextOffset }) => {
      commits.push(Number(nextOffset));
      if (isAway) throw new Error('the database is away');
    });
    const partition = await opened({ chunks });
    await process(partition, [speedRecord(0, vehicle, [1])]);
    const flushes = await Promise.allSettled([partition.flush(), partition.flush(), partition.flush()]);
    expect(flushes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(commits).toEqual([1]);
    isAway = false;
    const [early, , late] = [partition.flush(), process(partition, [speedRecord(1, vehicle, [1])]), partition.flush()];
    expect(await Promise.all([early, late])).toEqual(['ok', 'ok']);
    expect(commits).toEqual([1, 1, 2]);
  });

  test('skip records before the position and step over offsets that are missing', async () => {
    const vehicle = newVehicle();
    const id = await world.trigger('valueNumber > 0', {}, [vehicle]);
    const partition = await opened();
    await process(
      partition,
      [0, 1, 2].map((offset) => speedRecord(offset, vehicle, [offset + 1])),
    );
    await process(
      partition,
      [1, 2, 7, 9].map((offset) => speedRecord(offset, vehicle, [offset + 1])),
    );
    expect(await valuesOf(id)).toEqual([1, 2, 3, 8, 10]);
    expect(partition.position.nextOffset).toBe(10n);
  });
});

describe('a change over REST', () => {
  test('holds for records that are processed after it, without anybody being notified', async () => {
    const vehicle = newVehicle();
    const id = await world.trigger('valueNumber > 50', {}, [vehicle]);
    const partition = await opened();
    await process(partition, [speedRecord(0, vehicle, [51])]);
    await world.triggers.update(actorOf(), id, { status: 'disabled' });
    await process(partition, [speedRecord(1, vehicle, [52])]);
    await world.triggers.update(actorOf(), id, { status: 'enabled' });
    await process(partition, [speedRecord(2, vehicle, [53])]);
    await world.subscriptions.remove(actorOf(), id, [vehicle]);
    await process(partition, [speedRecord(3, vehicle, [54])]);
    await world.subscriptions.add(actorOf(), id, [vehicle]);
    await process(partition, [speedRecord(4, vehicle, [55])]);
    await world.triggers.remove(actorOf(), id);
    await process(partition, [speedRecord(5, vehicle, [56])]);
    expect(await valuesOf(id)).toEqual([51, 53, 55]);
  });

  test('of the metric empties what was remembered, in the cache too', async () => {
    const vehicle = newVehicle();
    const id = await world.trigger('valueNumber != previousValueNumber', {}, [vehicle]);
    const partition = await opened();
    await process(partition, [speedRecord(0, vehicle, [5])]);
    const range = { name: 'powertrainRange', timestamp: '2026-01-15T12:00:00Z', valueNumber: 5 };
    await world.triggers.update(actorOf(), id, { metric: 'powertrainRange', metricName: 'powertrainRange' });
    await process(partition, [speedRecord(1, vehicle, [range])]);
    await process(partition, [speedRecord(2, vehicle, [range])]);
    expect((await world.firings(id)).map(({ sequence, value }) => [sequence, value])).toEqual([
      [1, 5],
      [2, 5],
    ]);
  });

  test.each<[string, (id: string, vehicle: string) => Promise<unknown>, number[]]>([
    ['deletes a trigger', (id) => world.triggers.remove(actorOf(), id), []],
    ['disables a trigger', (id) => world.triggers.update(actorOf(), id, { status: 'disabled' }), []],
    ['ends a subscription', (id, vehicle) => world.subscriptions.remove(actorOf(), id, [vehicle]), []],
    ['changes a condition', (id) => change(id, 'valueNumber > 52'), [53]],
    ['changes another trigger', () => world.trigger('valueNumber > 0'), [51, 53]],
  ])('that %s between evaluation and commit is found by the commit', async (_, write, expected) => {
    const vehicle = newVehicle();
    const id = await world.trigger('valueNumber > 50', {}, [vehicle]);
    const other = await world.trigger('valueNumber > 50', {}, [vehicle]);
    const chunks = chunksWith((__, commit) => (commit === 1 ? write(id, vehicle) : undefined));
    const partition = await opened({ chunks });
    const { answer } = await process(partition, [speedRecord(0, vehicle, [51]), speedRecord(1, vehicle, [53])]);
    expect(answer).toBe('ok');
    expect(await valuesOf(id)).toEqual(expected);
    expect(await valuesOf(other)).toEqual([51, 53]);
  });

  function change(id: string, condition: string): Promise<unknown> {
    return world.triggers.update(actorOf(), id, { condition, normalizedCondition: condition });
  }
});

describe('a conflict', () => {
  test('that comes again and again is met with single records from the third try on', async () => {
    const vehicle = newVehicle();
    const id = await world.trigger('valueNumber > 0', {}, [vehicle]);
    const sizes: number[] = [];
    const chunks = chunksWith(async ({ firings }, commit) => {
      sizes.push(firings.length);
      if (commit > 3) return;
      // Another partition has just fired for the same vehicle.
      await process(await opened(), [speedRecord(0, vehicle, [-1, 100 + commit])]);
    });
    const partition = await opened({ chunks, retryDelays: { firstMs: 1, mostMs: 1 } });
    await process(
      partition,
      [1, 2, 3].map((offset) => speedRecord(offset, vehicle, [offset])),
    );
    expect(sizes).toEqual([3, 3, 1, 1, 2]);
    expect(await valuesOf(id)).toEqual([101, 102, 103, 1, 2, 3]);
    expect((await world.firings(id)).map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5, 6]);
  });
});

describe('the database', () => {
  test('that fails before or after a commit makes no firing get lost or come twice', async () => {
    const vehicle = newVehicle();
    const id = await world.trigger('valueNumber > 0', {}, [vehicle]);
    const topic = newTopic();
    let asked = 0;
    const chunks: Chunks = {
      ...chunksWith(() => undefined),
      commit: async (chunk) => {
        asked += 1;
        if (asked === 1) throw new Error('lost before');
        const answer = await world.chunks.commit(chunk);
        if (asked === 2) throw new Error('lost after');
        return answer;
      },
    };
    const records = [speedRecord(0, vehicle, [1, 2]), speedRecord(1, vehicle, [3])];
    const partition = await opened({ chunks, retryDelays: { firstMs: 1, mostMs: 1 } }, topic);
    // The second try was stored, so the third is fenced: whoever opens the partition again goes on behind it.
    expect(await process(partition, records)).toEqual({ answer: 'fenced', offsets: [] });
    expect(await process(await opened({}, topic), records)).toMatchObject({ answer: 'ok' });
    expect(await valuesOf(id)).toEqual([1, 2, 3]);
  });

  test('that does not answer abandons the records once they are no longer ours', async () => {
    const vehicle = newVehicle();
    await world.trigger('valueNumber > 0', {}, [vehicle]);
    let isLive = true;
    const chunks = {
      ...chunksWith(() => undefined),
      commit: () => ((isLive = false), Promise.reject(new Error('down'))),
    };
    const partition = await opened({ chunks });
    const answer = await partition.process(
      [speedRecord(0, vehicle, [1])],
      () => isLive,
      () => Promise.resolve(),
    );
    expect(answer).toBe('abandoned');
    expect(partition.nextOffset).toBe(0n);
  });

  test('that refuses the values of a record has it set aside, and the others go on', async () => {
    const [good, bad] = [newVehicle(), newVehicle()];
    const id = await world.trigger('valueNumber > 0', {}, [good, bad]);
    const refusal = Object.assign(new Error('out of range'), { code: '22008' });
    const chunks = chunksWith(({ firings }) => {
      if (firings.some(({ vehicle }) => vehicle === bad)) throw refusal;
    });
    const topic = newTopic();
    const partition = await opened({ chunks, retryDelays: { firstMs: 1, mostMs: 1 } }, topic);
    const records = [good, bad, good].map((vehicle, offset) => speedRecord(offset, vehicle, [offset + 1]));
    expect(await process(partition, records)).toMatchObject({ answer: 'ok' });
    expect(await valuesOf(id)).toEqual([1, 3]);
    expect(await world.deadLetters(topic)).toEqual([{ offset: 1, index: null, reason: 'not_storable', suppressed: 0 }]);
  });
});

describe('two owners of one partition', () => {
  test('have one effect: the second is fenced and forgets', async () => {
    const vehicle = newVehicle();
    const id = await world.trigger('valueNumber > 0', {}, [vehicle]);
    const topic = newTopic();
    const [one, two] = [await opened({}, topic), await opened({}, topic)];
    const records = [speedRecord(0, vehicle, [1])];
    const answers = await Promise.all([process(one, records), process(two, records)]);
    expect(answers.map(({ answer }) => answer).sort()).toEqual(['fenced', 'ok']);
    expect(await valuesOf(id)).toEqual([1]);
  });

  test('cannot move the position back by a late flush', async () => {
    const topic = newTopic();
    const [late, next] = [await opened({}, topic), await opened({}, topic)];
    const vehicle = newVehicle();
    await process(late, [speedRecord(0, vehicle, [1])]);
    await process(
      next,
      [0, 1, 2].map((offset) => speedRecord(offset, vehicle, [1])),
    );
    expect(await next.flush()).toBe('ok');
    expect(await late.flush()).toBe('fenced');
    expect((await world.chunks.positions(topic, [0])).get(0)).toMatchObject({ nextOffset: 3n });
  });
});

describe('what cannot be read', () => {
  const poison = (offset: number): SourceRecord => ({
    offset: BigInt(offset),
    key: null,
    value: Buffer.from('{'),
    arrivalMs: 0,
  });

  test('becomes a dead letter, and everything beside it counts', async () => {
    const vehicle = newVehicle();
    const id = await world.trigger('valueNumber > 0', {}, [vehicle]);
    const topic = newTopic();
    const metrics = new Metrics();
    const partition = await opened({ metrics }, topic);
    const wrong = { name: 'speed', timestamp: '2026-01-15T12:00:00Z', valueNumber: 'fast' };
    const records = [
      poison(0),
      speedRecord(1, vehicle, [1, wrong, 2]),
      { ...poison(2), value: null },
      { ...poison(3), value: null, unreadable: 'snappy: bad' },
      speedRecord(4, vehicle, [3]),
    ];
    expect(await process(partition, records)).toMatchObject({ answer: 'ok' });
    expect(await valuesOf(id)).toEqual([1, 2, 3]);
    expect(await world.deadLetters(topic)).toEqual([
      { offset: 0, index: null, reason: 'not_json', suppressed: 0 },
      { offset: 1, index: 1, reason: 'bad_sample', suppressed: 0 },
      { offset: 2, index: null, reason: 'empty', suppressed: 0 },
      { offset: 3, index: null, reason: 'unreadable', suppressed: 0 },
    ]);
    expect(await metricsText(metrics)).toContain(`tripline_dead_letters_total{topic="${topic}",reason="not_json"} 1`);
  });

  test('is not judged in a record that concerns no subscription; the record counts', async () => {
    const [watched, other] = [newVehicle(), newVehicle()];
    const id = await world.trigger('valueNumber > 0', {}, [watched]);
    const topic = newTopic();
    const metrics = new Metrics();
    const partition = await opened({ metrics }, topic);
    const wrong = { name: 1 };
    const records = [speedRecord(0, other, [wrong, 1]), speedRecord(1, watched, [wrong, 1]), poison(2)];
    expect(await process(partition, records)).toMatchObject({ answer: 'ok' });
    expect(await valuesOf(id)).toEqual([1]);
    expect((await world.deadLetters(topic)).map(({ offset, reason }) => [offset, reason])).toEqual([
      [1, 'bad_sample'],
      [2, 'not_json'],
    ]);
    expect(await metricsText(metrics)).toContain(`tripline_records_total{topic="${topic}"} 3`);
    expect(await metricsText(metrics)).toContain(`tripline_samples_total{topic="${topic}"} 1`);
  });

  test.each([2, 100])(
    'is recorded once, though its chunk is evaluated twice or ends inside its message (limit %i)',
    async (deadLettersPerMinute) => {
      const vehicle = newVehicle();
      const id = await world.trigger('valueNumber > 0', {}, [vehicle]);
      const topic = newTopic();
      const chunks = chunksWith((_, commit) =>
        commit === 1 ? world.triggers.update(actorOf(), id, { description: 'x' }) : undefined,
      );
      const partition = await opened({ chunks, limits: { firings: 1, deadLettersPerMinute } }, topic);
      const wrong = { name: 1 };
      await process(partition, [speedRecord(0, vehicle, [wrong, 1, wrong, 2])]);
      expect(await valuesOf(id)).toEqual([1, 2]);
      expect((await world.deadLetters(topic)).map(({ index, suppressed }) => [index, suppressed])).toEqual([
        [0, 0],
        [2, 0],
      ]);
    },
  );

  test('is counted above the limit of a minute', async () => {
    const topic = newTopic();
    let nowMs = 0;
    const partition = await opened({ now: () => nowMs, limits: { deadLettersPerMinute: 2 } }, topic);
    await process(partition, [0, 1, 2, 3, 4].map(poison));
    nowMs = 60_000;
    await process(partition, [poison(5)]);
    expect((await world.deadLetters(topic)).map(({ offset, suppressed }) => [offset, suppressed])).toEqual([
      [0, 0],
      [1, 0],
      [5, 3],
    ]);
    expect(partition.nextOffset).toBe(6n);
  });
});

describe('a condition that fails', () => {
  test('is counted, logged once a minute, told to its owner once an hour, and harms nobody else', async () => {
    const vehicle = newVehicle();
    const failing = {
      metricKind: 'event' as const,
      metric: 'behavior.harshBraking',
      metricName: 'behavior.harshBraking',
    };
    const events = { ...failing, service: 'telemetry.events', valueKind: 'event' as const };
    const id = await world.trigger('durationNs + 9223372036854775807 > 0', events, [vehicle]);
    const fine = await world.trigger('durationNs > 0', events, [vehicle]);
    const lines: object[] = [];
    const metrics = new Metrics();
    let nowMs = 0;
    const engine = await world.engine({ log: logTo(lines), metrics, now: () => nowMs });
    const partition = await world.open(engine, newTopic(), { metricKind: 'event' });
    const event = { name: failing.metric, timestamp: '2026-01-15T12:00:00Z', durationNs: 5 };
    const records = [0, 1, 2].map((offset) => eventRecord(offset, vehicle, event));
    expect(await process(partition, records)).toMatchObject({ answer: 'ok' });
    expect(await valuesOf(id)).toEqual([]);
    expect((await world.firings(fine)).length).toBe(3);
    expect(await metricsText(metrics)).toContain('tripline_evaluations_total{outcome="failed"} 3');
    expect(lines.filter((line) => 'triggerId' in line && line.triggerId === id).length).toBe(1);
    expect(await noticesOf('condition.failed', id)).toMatchObject([{ vehicle, payload: { code: expect.any(String) } }]);
    nowMs = 3_600_000;
    await process(partition, [eventRecord(3, vehicle, event)]);
    expect((await noticesOf('condition.failed', id)).length).toBe(2);
  });

  function eventRecord(offset: number, vehicle: string, event: object): SourceRecord {
    const value = Buffer.from(JSON.stringify({ subject: vehicle, data: { events: [event] } }));
    return { offset: BigInt(offset), key: Buffer.from(vehicle), value, arrivalMs: offset };
  }

  function logTo(lines: object[]): Log {
    const write = (fields: object) => void lines.push(fields);
    const log: Log = { debug: write, info: write, warn: write, error: write, child: () => log };
    return log;
  }
});

test('a license above its quota is throttled, without its states advancing; the others are not', async () => {
  const vehicle = newVehicle();
  const id = await world.trigger('valueNumber != previousValueNumber', {}, [vehicle]);
  const other = await world.trigger('valueNumber == 4 || valueNumber == 6', {}, [vehicle], actorOf(OTHER_LICENSE));
  const metrics = new Metrics();
  const minutes = new QuotaMinutes(2);
  const partition = await opened({ metrics, now: () => minutes.nowMs, quotaBlocks: minutes.blocks() });
  await process(partition, [speedRecord(0, vehicle, [1, 2, 3, 4])]);
  minutes.nowMs = 59_999;
  await process(partition, [speedRecord(1, vehicle, [2, 7])]);
  minutes.nowMs = 60_000;
  await process(partition, [speedRecord(2, vehicle, [2, 5, 6])]);
  expect(await valuesOf(id)).toEqual([1, 2, 5, 6]);
  // The very samples that were too much for the first.
  expect(await valuesOf(other)).toEqual([4, 6]);
  expect(await metricsText(metrics)).toContain('tripline_evaluations_total{outcome="throttled"} 3');
  // Once a minute.
  expect((await noticesOf('trigger.throttled', null)).map(({ payload }) => payload)).toEqual([{ samples: 2 }]);
});

test('whoever listens hears of firings and of what the engine tells owners, and is rung for', async () => {
  const vehicle = newVehicle();
  const endpoint = newTrigger().endpoint;
  await world.trigger('valueNumber > 1000', { endpoint });
  await world.trigger('valueNumber > 0', {}, [vehicle]);
  const listen = (names: string[]) =>
    world.database.pool.query('update endpoints set enabled_events = $2 where id = $1', [endpoint.id, names]);
  await listen(['trigger.fired:telemetry.signals/speed', 'trigger.throttled']);
  world.rung.length = 0;
  const partition = await opened({ quotaBlocks: new QuotaMinutes(2).blocks() });
  await process(partition, [speedRecord(0, vehicle, [1, 2, 3])]);
  await listen([]);
  const { rows } = await world.database.pool.query<{ type: string }>(
    'select e.type from outbox o join events e on e.id = o.event_id where o.endpoint_id = $1 order by e.type',
    [endpoint.id],
  );
  expect(rows.map(({ type }) => type)).toEqual(['trigger.fired', 'trigger.fired', 'trigger.throttled']);
  expect(world.rung).toContain(endpoint.id);
});

describe('a process that is killed', () => {
  test.each([1, 2, 3])('at any moment changes no firing and no id (seed %i)', async (seed) => {
    const dice = random(seed);
    const below = (limit: number) => dice.below(limit);
    const [v, w] = [newVehicle(), newVehicle()];
    const records = Array.from({ length: 60 }, (_, offset) =>
      speedRecord(
        offset,
        below(2) === 0 ? v : w,
        Array.from({ length: 1 + below(4) }, () => below(3)),
      ),
    );
    const limits = { records: 5, firings: 4 };
    const topic = newTopic();
    const undisturbed = await world.trigger('valueNumber != previousValueNumber', { cooldownSeconds: 2 }, [v, w]);
    await process(await opened({ limits }, topic), records);
    const expected = await snapshot(undisturbed);

    // The same trigger, topic and vehicles as if nothing had been processed yet, since ids are made of these.
    await world.database.pool.query('delete from events where trigger_id = $1', [undisturbed]);
    await world.database.pool.query('delete from states where trigger_id = $1', [undisturbed]);
    await world.database.pool.query('delete from stream_positions where topic = $1', [topic]);
    await world.database.pool.query('truncate outbox');
    for (let kills = 0; ; kills++) {
      const partition = await opened({ limits, chunks: dying(below) }, topic);
      const from = records.findIndex(({ offset }) => offset >= partition.position.nextOffset);
      let isLive = true;
      const die = () => ((isLive = false), Promise.resolve());
      const answer = await partition.process(
        records.slice(from),
        () => isLive,
        () => (below(4) === 0 ? die() : Promise.resolve()),
      );
      if (answer === 'ok') break;
      expect(kills).toBeLessThan(200);
    }
    expect(await snapshot(undisturbed)).toEqual(expected);
    expect(await world.count('outbox')).toBe(expected.length);
  });

  /** Fails before or after a commit, as when a process dies with it. */
  function dying(below: (limit: number) => number): Chunks {
    return {
      ...chunksWith(() => undefined),
      commit: async (chunk) => {
        if (below(5) === 0) return { kind: 'fenced' };
        const answer = await world.chunks.commit(chunk);
        return below(5) === 0 ? { kind: 'fenced' } : answer;
      },
    };
  }

  async function snapshot(triggerId: string): Promise<unknown[]> {
    return (await world.firings(triggerId)).map(({ id, vehicle, sequence, value }) => [id, vehicle, sequence, value]);
  }
});

describe('a vehicle whose records are not where its key says', () => {
  const partitionCount = 2;
  const homeOf = (vehicle: string) => partitionOf(Buffer.from(vehicle), partitionCount);

  test.each<[string, (vehicle: string) => Buffer | null]>([
    ['have no key', () => null],
    ['have another key', () => Buffer.from('device-7')],
    ['were partitioned otherwise before', (vehicle) => Buffer.from(vehicle)],
  ])('fires exactly as in one stream: its records %s', async (_, keyOf) => {
    const vehicle = newVehicle();
    const id = await world.trigger('valueNumber != previousValueNumber', {}, [vehicle]);
    const engine = await world.engine();
    const topic = newTopic();
    const partitions = [
      await world.open(engine, topic, { partition: 0, partitionCount }),
      await world.open(engine, topic, { partition: 1, partitionCount }),
    ];
    const order = [1 - homeOf(vehicle), 0, 1, 1, 0, 0, 1, 0, 1];
    const values = [5, 5, 6, 6, 5, 6, 6, 5, 5];
    for (const [offset, value] of values.entries()) {
      const partition = partitions[order[offset]!]!;
      await process(partition, [speedRecord(offset, vehicle, [value], { key: keyOf(vehicle) })]);
    }
    expect(await valuesOf(id)).toEqual([5, 6, 5, 6, 5]);
  });

  test('is not even mistaken when both partitions work at the same time', async () => {
    const vehicle = newVehicle();
    const id = await world.trigger('valueNumber != previousValueNumber', {}, [vehicle]);
    const engine = await world.engine({ retryDelays: { firstMs: 1, mostMs: 1 }, limits: { records: 1 } });
    const topic = newTopic();
    const streams = [0, 1].map(async (partition) => {
      const records = Array.from({ length: 40 }, (_, i) => speedRecord(i, vehicle, [i % 2], { key: null }));
      return process(await world.open(engine, topic, { partition, partitionCount }), records);
    });
    expect((await Promise.all(streams)).map(({ answer }) => answer)).toEqual(['ok', 'ok']);
    const firings = await world.firings(id);
    expect(firings.map(({ sequence }) => sequence)).toEqual(firings.map((_, i) => i + 1));
    // Each differs from the one before it, beginning after the zero that counts as previous at first.
    expect(firings.map(({ value }) => value)).toEqual(firings.map((_, i) => (i + 1) % 2));
  });
});

describe('partitions of one topic', () => {
  test('share a look at what others stored, and a vehicle that is scattered costs others no state', async () => {
    const partitionCount = 2;
    const vehicle = newVehicle();
    let stray = newVehicle();
    while (bucketOf(stray) === bucketOf(vehicle)) stray = newVehicle();
    await world.trigger('valueNumber != previousValueNumber', {}, [vehicle, stray]);
    let [loads, looks] = [0, 0];
    const states = { load: (...given: Parameters<typeof world.states.load>) => (loads++, world.states.load(...given)) };
    const chunks = chunksWith(() => undefined);
    const lately: Chunks['lately'] = (...given) => (looks++, chunks.lately(...given));
    const engine = await world.engine({ states, chunks: { ...chunks, lately } });
    const topic = newTopic();
    const home = partitionOf(Buffer.from(vehicle), partitionCount);
    const [atHome, elsewhere] = [
      await world.open(engine, topic, { partition: home, partitionCount }),
      await world.open(engine, topic, { partition: 1 - home, partitionCount }),
    ];
    await process(atHome, [speedRecord(0, vehicle, [5])]);
    await process(elsewhere, [speedRecord(0, stray, [5], { key: null })]);
    expect([loads, looks]).toEqual([2, 2]);
    await process(atHome, [speedRecord(1, vehicle, [5])]);
    expect([loads, looks]).toEqual([2, 3]);
    await Promise.all([
      process(atHome, [speedRecord(2, vehicle, [5])]),
      process(elsewhere, [speedRecord(1, vehicleOf(1), [5])]),
    ]);
    expect([loads, looks]).toEqual([2, 4]);
  });
});

describe('states that are read while it is asked what changed', () => {
  test('are asked for at the same time, and only once', async () => {
    const [first, vehicle] = [newVehicle(), newVehicle()];
    const id = await world.trigger('valueNumber != previousValueNumber', {}, [first, vehicle]);
    let loads = 0;
    let loading!: () => void;
    const isLoading = new Promise<void>((resolve) => (loading = resolve));
    const states = {
      load: (...given: Parameters<typeof world.states.load>) => {
        if (++loads === 2) loading();
        return world.states.load(...given);
      },
    };
    const chunks = chunksWith(() => undefined);
    let looks = 0;
    // The second look is not answered before the states were asked for.
    const lately: Chunks['lately'] = (...given) =>
      (++looks === 2 ? isLoading : Promise.resolve()).then(() => chunks.lately(...given));
    const partition = await opened({ states, chunks: { ...chunks, lately } });
    await process(partition, [speedRecord(0, first, [5])]);
    await process(partition, [speedRecord(1, vehicle, [6])]);
    expect(await valuesOf(id)).toEqual([5, 6]);
    expect(loads).toBe(2);
  });

  test('do not count where somebody stored others meanwhile, whichever answer comes first', async () => {
    const partitionCount = 2;
    const [first, vehicle] = [newVehicle(), newVehicle()];
    const id = await world.trigger('valueNumber != previousValueNumber', {}, [first, vehicle]);
    const topic = newTopic();
    const home = partitionOf(Buffer.from(vehicle), partitionCount);
    const elsewhere = await world.open(await world.engine(), topic, { partition: 1 - home, partitionCount });
    let loads = 0;
    let [stored, looked] = [() => {}, () => {}];
    const isStored = new Promise<void>((resolve) => (stored = resolve));
    const isLooked = new Promise<void>((resolve) => (looked = resolve));
    const states = {
      load: async (...given: Parameters<typeof world.states.load>) => {
        const loaded = await world.states.load(...given);
        if (++loads !== 2) return loaded;
        await process(elsewhere, [speedRecord(0, vehicle, [5], { key: null })]);
        stored();
        await isLooked;
        return loaded;
      },
    };
    const chunks = chunksWith(() => undefined);
    let looks = 0;
    const lately: Chunks['lately'] = async (...given) => {
      if (++looks !== 2) return chunks.lately(...given);
      await isStored;
      return chunks.lately(...given).finally(() => setTimeout(looked, 50));
    };
    const engine = await world.engine({ states, chunks: { ...chunks, lately } });
    const atHome = await world.open(engine, topic, { partition: home, partitionCount });
    await process(atHome, [speedRecord(0, first, [7], { key: null })]);
    // Not other than the zero that counts as previous at first, but other than what fired elsewhere.
    await process(atHome, [speedRecord(1, vehicle, [0])]);
    expect((await valuesOf(id)).slice(1)).toEqual([5, 0]);
  });

  test('are read again when they could not be', async () => {
    const [first, vehicle] = [newVehicle(), newVehicle()];
    const id = await world.trigger('valueNumber != previousValueNumber', {}, [first, vehicle]);
    let loads = 0;
    const states = {
      load: (...given: Parameters<typeof world.states.load>) =>
        ++loads === 2 ? Promise.reject(new Error('connection lost')) : world.states.load(...given),
    };
    const partition = await opened({ states });
    await process(partition, [speedRecord(0, first, [5])]);
    expect(await process(partition, [speedRecord(1, vehicle, [6])])).toMatchObject({ answer: 'ok' });
    expect(await valuesOf(id)).toEqual([5, 6]);
    expect(loads).toBe(3);
  });
});

describe('a partition that comes back', () => {
  test('keeps its cache when nobody had it meanwhile, and loses it otherwise', async () => {
    const vehicle = newVehicle();
    const id = await world.trigger('valueNumber != previousValueNumber', {}, [vehicle]);
    let loads = 0;
    const states = { load: (...given: Parameters<typeof world.states.load>) => (loads++, world.states.load(...given)) };
    const engine = await world.engine({ states });
    const topic = newTopic();
    await process(await world.open(engine, topic), [speedRecord(0, vehicle, [5])]);
    await process(await world.open(engine, topic), [speedRecord(1, vehicle, [5])]);
    expect(loads).toBe(1);
    await process(await opened({}, topic), [speedRecord(1, vehicle, [6])]);
    await process(await world.open(engine, topic), [speedRecord(2, vehicle, [5])]);
    expect(await valuesOf(id)).toEqual([5, 6, 5]);
    expect(loads).toBe(2);
    engine.retain(topic, [1]);
    await process(await world.open(engine, topic), [speedRecord(3, vehicle, [5])]);
    expect(loads).toBe(3);
  });
});
