import type { State } from '../core/state.js';
import { SCATTERED_BUCKETS } from '../store/chunks.js';
import { RecentMap } from '../core/recent-map.js';
import type { IndexedTrigger } from './trigger-set.js';

/** Whose state is meant. */
export interface Pair {
  indexed: IndexedTrigger;
  vehicle: string;
}

export function pairKey({ indexed, vehicle }: Pair): string {
  return `${indexed.trigger.id} ${vehicle}`;
}

/** The bucket in which a vehicle is counted that is not at home in its partition: the same in every process (FNV-1a). */
export function bucketOf(vehicle: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < vehicle.length; at++) hash = Math.imul(hash ^ vehicle.charCodeAt(at), 0x01000193);
  return ((hash >>> 16) ^ hash) & (SCATTERED_BUCKETS - 1);
}

interface Entry {
  state: State;
  epoch: number;
  loadedAtMs: number;
  bucket: number;
  /** How often the bucket had been forgotten. */
  forgotten: number;
}

/**
 * The states that one partition read or wrote lately, "nothing stored" among them, so that a vehicle that reports every
 * second is looked up once. An entry counts only while its trigger's epoch is the one under which it was read, and for
 * `maxAgeMs`: should anything else have written the state, and not said so (see `trustUnless`), that is how long a
 * decision that stores nothing may rest on the old one (one that stores something is refused by the commit).
 */
export class StateCache {
  private readonly entries: RecentMap<string, Entry>;
  /** How often somebody had stored states unseen, by bucket, when it was looked last. */
  private unseen: bigint[] | undefined;
  private readonly forgotten = new Array<number>(SCATTERED_BUCKETS).fill(0);

  constructor(private readonly limits: { entriesMax: number; maxAgeMs: number }) {
    this.entries = new RecentMap(limits.entriesMax);
  }

  get size(): number {
    return this.entries.size;
  }

  get(pair: Pair, nowMs: number): State | undefined {
    const key = pairKey(pair);
    const entry = this.entries.get(key);
    if (!entry) return undefined;
    const isForgotten = entry.forgotten !== this.forgotten[entry.bucket];
    if (isForgotten || entry.epoch !== pair.indexed.epoch || nowMs - entry.loadedAtMs > this.limits.maxAgeMs) {
      this.entries.delete(key);
      return undefined;
    }
    this.entries.set(key, entry);
    return entry.state;
  }

  /** Remembers what was read or stored under the epoch of `pair`; the entry that was not used for longest makes room. */
  put(pair: Pair, state: State, nowMs: number): void {
    const key = pairKey(pair);
    const bucket = this.entries.get(key)?.bucket ?? bucketOf(pair.vehicle);
    const forgotten = this.forgotten[bucket]!;
    this.entries.set(key, { state, epoch: pair.indexed.epoch, loadedAtMs: nowMs, bucket, forgotten });
  }

  delete(pair: Pair): void {
    this.entries.delete(pairKey(pair));
  }

  /**
   * Forgets each bucket of which somebody stored states unseen since it was looked last; `unseen` counts how often ever.
   */
  trustUnless(unseen: readonly bigint[]): void {
    for (let bucket = 0; bucket < SCATTERED_BUCKETS; bucket++) {
      if (unseen[bucket] !== this.unseen?.[bucket]) this.forgotten[bucket]! += 1;
    }
    this.unseen = [...unseen];
  }

  /** What the owner of this cache stored itself, of these buckets, is not unseen. */
  countOwn(buckets: readonly number[]): void {
    if (!this.unseen) return;
    for (const bucket of buckets) this.unseen[bucket]! += 1n;
  }

  clear(): void {
    this.entries.clear();
  }
}
