import { EMPTY_STATE, type State } from '../core/state.js';
import { stateKey } from '../store/states.js';
import type { ChunkResult } from './chunk-evaluation.js';
import type { ChunkPlan, Match } from './chunk-plan.js';
import { partitionOf } from './murmur2.js';
import type { SourceRecord } from './record.js';
import type { ScatteredVehicles } from './scattered-vehicles.js';
import { bucketOf, type Pair, type StateCache } from './state-cache.js';
import type { States } from './stores.js';

/** A pair of which a plan leaves something to the state. There is one object for each pair of a plan. */
export interface OpenPair extends Pair {
  /** What is stored; the empty state when that is nothing. */
  state: State;
  /** Whether other partitions may have records of the vehicle too, whose firings this one would not notice. */
  isScattered: boolean;
}

/** The open pairs of one vehicle in a plan. */
type OpenPairs = OpenPair[] | Map<Match['indexed'], OpenPair>;

/** More than these are found by a map: it costs more than to look through a few. */
const LOOKED_THROUGH_MAX = 8;

/** The states that the chunks of one partition need and change. */
export class PartitionStates {
  constructor(
    private readonly parts: {
      cache: StateCache;
      states: States;
      now: () => number;
      partition: number;
      partitionCount: number;
      scattered: ScatteredVehicles;
    },
  ) {}

  /**
   * The pair of each match that a plan leaves open, in the order of the plan, with its state as the cache has it. Those
   * that are `missing` have to be loaded first; what is scattered always has.
   */
  forPlan(plan: ChunkPlan): { ofMatches: readonly OpenPair[]; missing: readonly OpenPair[] } {
    const { cache, now } = this.parts;
    const { pairs, ofMatches } = this.openPairs(plan);
    const nowMs = now();
    const missing: OpenPair[] = [];
    for (const pair of pairs) {
      const known = pair.isScattered ? undefined : cache.get(pair, nowMs);
      if (known) pair.state = known;
      else missing.push(pair);
    }
    return { ofMatches, missing };
  }

  /** Reads the states of pairs, in one query. */
  async load(missing: readonly OpenPair[]): Promise<'loaded'> {
    const wanted = missing.map(({ indexed, vehicle }) => ({ triggerId: indexed.trigger.id, vehicle }));
    const loaded = await this.parts.states.load(wanted);
    for (const pair of missing) {
      pair.state = loaded.get(stateKey(pair.indexed.trigger.id, pair.vehicle)) ?? EMPTY_STATE;
      this.remember(pair, pair.state);
    }
    return 'loaded';
  }

  /** Takes over what the last plan's chunk stored: the commit has raised the versions. */
  stored(states: ChunkResult['states']): void {
    for (const [pair, state] of states) this.remember(pair, { ...state, version: state.version + 1 });
  }

  /** The buckets of those vehicles, among those that a chunk of the last plan stores, that are not at home here. */
  scatteredBuckets(states: ChunkResult['states']): number[] {
    const buckets = new Set<number>();
    for (const { isScattered, vehicle } of states.keys()) if (isScattered) buckets.add(bucketOf(vehicle));
    return [...buckets];
  }

  /** Forgets everything: somebody else wrote. */
  clear(): void {
    this.parts.cache.clear();
  }

  private remember(pair: OpenPair, state: State): void {
    if (pair.isScattered) this.parts.cache.delete(pair);
    else this.parts.cache.put(pair, state, this.parts.now());
  }

  private openPairs(plan: ChunkPlan): { pairs: OpenPair[]; ofMatches: OpenPair[] } {
    const byVehicle = new Map<string, OpenPairs>();
    const pairs: OpenPair[] = [];
    const ofMatches: OpenPair[] = [];
    for (const { record, samples } of plan.records) {
      let ofVehicle: OpenPairs | undefined;
      let isScattered = false;
      for (const { sample, matches } of samples) {
        for (const { indexed, settled } of matches) {
          if (settled) continue;
          const { vehicle } = sample;
          if (!ofVehicle) {
            isScattered = this.isScattered(record, vehicle);
            ofVehicle = byVehicle.get(vehicle) ?? NO_PAIRS;
          }
          let pair = found(ofVehicle, indexed);
          if (!pair) {
            pair = { indexed, vehicle, state: EMPTY_STATE, isScattered };
            pairs.push(pair);
            ofVehicle = added(ofVehicle, pair);
            byVehicle.set(vehicle, ofVehicle);
          }
          if (isScattered) pair.isScattered = true;
          ofMatches.push(pair);
        }
      }
    }
    return { pairs, ofMatches };
  }

  /**
   * A key counts as it was produced: bytes that only mean the vehicle, such as its DID in lower case, hash elsewhere than
   * the canonical ones, and nobody here can tell whether another producer writes those. So a fleet with other spellings is
   * right, but read anew in every chunk.
   */
  private isScattered({ key }: SourceRecord, vehicle: string): boolean {
    const { scattered, partition, partitionCount } = this.parts;
    // A vehicle's canonical name has no letter for which the two encodings differ, and this one is read faster.
    const isAtHome = key?.toString('latin1') === vehicle && partitionOf(key, partitionCount) === partition;
    if (!isAtHome) scattered.add(vehicle);
    return !isAtHome || scattered.has(vehicle);
  }
}

function found(pairs: OpenPairs, indexed: Match['indexed']): OpenPair | undefined {
  return Array.isArray(pairs) ? pairs.find((pair) => pair.indexed === indexed) : pairs.get(indexed);
}

const NO_PAIRS: OpenPair[] = [];

/** Mostly there is one, which takes an array of one place; one that grows from nothing has seventeen. */
function added(pairs: OpenPairs, pair: OpenPair): OpenPairs {
  if (!Array.isArray(pairs)) return pairs.set(pair.indexed, pair);
  if (pairs.length === 0) return [pair];
  pairs.push(pair);
  return pairs.length <= LOOKED_THROUGH_MAX ? pairs : new Map(pairs.map((each) => [each.indexed, each]));
}
