import { expect, test } from '@jest/globals';
import type { State } from '../core/state.js';
import { stateKey } from '../store/states.js';
import { triggerOf } from '../../test/support/trigger-of.js';
import { vehicleOf } from '../../test/support/triggers.js';
import type { ChunkPlan, PlannedRecord } from './chunk-plan.js';
import { PartitionStates } from './partition-states.js';
import { ScatteredVehicles } from './scattered-vehicles.js';
import { bucketOf, StateCache } from './state-cache.js';
import type { IndexedTrigger } from './trigger-set.js';

const VEHICLE = vehicleOf(1);
const condition = { readsPrevious: false, evaluate: () => true };
const TRIGGERS = Array.from({ length: 12 }, (): IndexedTrigger => ({ trigger: triggerOf(), condition, epoch: 1 }));
const STATE: State = { version: 3, firedAtMs: 5, sequence: 7, previous: undefined };

/** The states of a topic's only partition, and what was read from the database for it. */
function partition() {
  const read: string[] = [];
  const cache = new StateCache({ entriesMax: 100, maxAgeMs: 1_000 });
  const states = {
    load: (pairs: readonly { triggerId: string; vehicle: string }[]) => {
      const keys = pairs.map(({ triggerId, vehicle }) => stateKey(triggerId, vehicle));
      read.push(...keys);
      return Promise.resolve(new Map(keys.map((key) => [key, STATE])));
    },
  };
  const scattered = new ScatteredVehicles();
  const own = new PartitionStates({ cache, states, now: () => 0, partition: 0, partitionCount: 1, scattered });
  const pairsOf = async (plan: ChunkPlan) => {
    const { ofMatches, missing } = own.forPlan(plan);
    if (missing.length > 0) await own.load(missing);
    return ofMatches;
  };
  return { own, read, pairsOf };
}

/** A record of the vehicle with a sample on which these triggers are. */
function recordOf(triggers: readonly IndexedTrigger[], key: string | null = VEHICLE): PlannedRecord {
  const matches = triggers.map((indexed) => ({ indexed, settled: undefined, isMet: true }));
  const sample = { vehicle: VEHICLE };
  const record = { offset: 0n, key: key === null ? null : Buffer.from(key), value: null, arrivalMs: 0 };
  return { record, samples: [{ sample, matches }] } as unknown as PlannedRecord;
}

const planOf = (...records: PlannedRecord[]): ChunkPlan => ({ seq: 1n, records });

test.each([1, 8, 9, 12])('a pair is one for all records of a chunk, with %i triggers on the vehicle', async (count) => {
  const { pairsOf, read } = partition();
  const triggers = TRIGGERS.slice(0, count);
  const [first, ...others] = [triggers.slice(0, 1), triggers, triggers.toReversed()].map((some) => recordOf(some));
  const pairs = await pairsOf(planOf(first!, ...others));
  expect(pairs.map(({ indexed }) => indexed)).toEqual([triggers[0], ...triggers, ...triggers.toReversed()]);
  expect(new Set(pairs).size).toBe(count);
  expect(read).toEqual(triggers.map(({ trigger }) => stateKey(trigger.id, VEHICLE)));
});

test('a pair that is read of a record at home and of one that is not counts as scattered, whichever comes first', async () => {
  const [indexed] = TRIGGERS;
  for (const keys of [
    [VEHICLE, null],
    [null, VEHICLE],
  ]) {
    const { own, pairsOf, read } = partition();
    await pairsOf(planOf(recordOf([indexed!])));
    const [pair] = await pairsOf(planOf(...keys.map((key) => recordOf([indexed!], key))));
    expect(read).toHaveLength(2);
    const stored = new Map([[pair!, STATE]]);
    expect(own.scatteredBuckets(stored)).toEqual([bucketOf(VEHICLE)]);
    own.stored(stored);
    await pairsOf(planOf(recordOf([indexed!])));
    expect(read).toHaveLength(3);
  }
});
