import { EMPTY_STATE, type State } from '../core/state.js';
import type { ChunkResult } from './chunk-evaluation.js';
import type { ChunkPlan } from './chunk-plan.js';
import { partitionOf } from './murmur2.js';
import type { SourceRecord } from './record.js';
import type { ScatteredVehicles } from './scattered-vehicles.js';
import { bucketOf, pairKey, type Pair, type StateCache } from './state-cache.js';
import type { States } from './stores.js';

interface OpenPair {
  pair: Pair;
  /** Whether other partitions may have records of the vehicle too, whose firings this one would not notice. */
  isScattered: boolean;
}

/** The states that the chunks of one partition need and change. */
export class PartitionStates {
  /** Pairs of the last plan that were read because they are scattered, and must not be cached. */
  private fresh = new Set<string>();

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
   * The states that a plan leaves its outcome to, by `pairKey`: from the cache, the rest in one query. Pairs without a
   * stored state are absent. What is scattered is always read.
   */
  async forPlan(plan: ChunkPlan): Promise<Map<string, State>> {
    const { cache, states, now } = this.parts;
    const found = new Map<string, State>();
    const missing = new Map<string, Pair>();
    const open = this.openPairs(plan);
    this.fresh = new Set([...open].filter(([, { isScattered }]) => isScattered).map(([key]) => key));
    for (const [key, { pair, isScattered }] of open) {
      const known = isScattered ? undefined : cache.get(pair, now());
      if (known) found.set(key, known);
      else missing.set(key, pair);
    }
    if (missing.size === 0) return found;
    const wanted = [...missing.values()].map(({ indexed, vehicle }) => ({ triggerId: indexed.trigger.id, vehicle }));
    const loaded = await states.load(wanted);
    for (const [key, pair] of missing) {
      const state = loaded.get(key);
      if (state) found.set(key, state);
      this.remember(key, pair, state ?? EMPTY_STATE);
    }
    return found;
  }

  /** Takes over what the last plan's chunk stored: the commit has raised the versions. */
  stored(states: ChunkResult['states']): void {
    for (const [key, { pair, state }] of states) this.remember(key, pair, { ...state, version: state.version + 1 });
  }

  /** The buckets of those vehicles, among those that a chunk of the last plan stores, that are not at home here. */
  scatteredBuckets(states: ChunkResult['states']): number[] {
    const buckets = new Set<number>();
    for (const [key, { pair }] of states) if (this.fresh.has(key)) buckets.add(bucketOf(pair.vehicle));
    return [...buckets];
  }

  /** Forgets everything: somebody else wrote. */
  clear(): void {
    this.parts.cache.clear();
  }

  private remember(key: string, pair: Pair, state: State): void {
    if (this.fresh.has(key)) this.parts.cache.delete(pair);
    else this.parts.cache.put(pair, state, this.parts.now());
  }

  private openPairs(plan: ChunkPlan): Map<string, OpenPair> {
    const open = new Map<string, OpenPair>();
    for (const { record, samples } of plan.records) {
      let isScattered: boolean | undefined;
      for (const { sample, matches } of samples) {
        for (const { indexed, settled } of matches) {
          if (settled) continue;
          isScattered ??= this.isScattered(record, sample.vehicle);
          const pair = { indexed, vehicle: sample.vehicle };
          const key = pairKey(pair);
          if (isScattered || !open.has(key)) open.set(key, { pair, isScattered });
        }
      }
    }
    return open;
  }

  /**
   * A key counts as it was produced: bytes that only mean the vehicle, such as its DID in lower case, hash elsewhere than
   * the canonical ones, and nobody here can tell whether another producer writes those. So a fleet with other spellings is
   * right, but read anew in every chunk.
   */
  private isScattered({ key }: SourceRecord, vehicle: string): boolean {
    const { scattered, partition, partitionCount } = this.parts;
    const isAtHome = key?.toString('utf8') === vehicle && partitionOf(key, partitionCount) === partition;
    if (!isAtHome) scattered.add(vehicle);
    return !isAtHome || scattered.has(vehicle);
  }
}
