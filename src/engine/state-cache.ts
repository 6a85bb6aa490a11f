import { keptWhenFull } from '../core/recent-map.js';
import type { State } from '../core/state.js';
import { SCATTERED_BUCKETS } from '../store/chunks.js';
import type { IndexedTrigger } from './trigger-set.js';

/** Whose state is meant. */
export interface Pair {
  indexed: IndexedTrigger;
  vehicle: string;
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
  /** How often the vehicle's bucket had been forgotten. */
  forgotten: number;
}

/** What is remembered of one vehicle, by trigger id. Keys of both together were a twelfth of the work of a chunk. */
interface Vehicle {
  bucket: number;
  /** Since it was last passed over when room was made. */
  isUsed: boolean;
  entries: Map<string, Entry>;
}

/**
 * The states that one partition read or wrote lately, "nothing stored" among them, so that a vehicle that reports every
 * second is looked up once. An entry counts only while its trigger's epoch is the one under which it was read, and for
 * `maxAgeMs`: should anything else have written the state, and not said so (see `trustUnless`), that is how long a
 * decision that stores nothing may rest on the old one (one that stores something is refused by the commit).
 */
export class StateCache {
  /** In the order in which they came, or were last passed over although it was their turn to make room. */
  private readonly vehicles = new Map<string, Vehicle>();
  private count = 0;
  /** How often somebody had stored states unseen, by bucket, when it was looked last. */
  private unseen: bigint[] | undefined;
  private readonly forgotten = new Array<number>(SCATTERED_BUCKETS).fill(0);

  constructor(private readonly limits: { entriesMax: number; maxAgeMs: number }) {}

  get size(): number {
    return this.count;
  }

  /** Whether it was told before what others stored: until then it forgets everything the first time that it is. */
  get isFollowing(): boolean {
    return this.unseen !== undefined;
  }

  get({ indexed, vehicle }: Pair, nowMs: number): State | undefined {
    const known = this.vehicles.get(vehicle);
    const entry = known?.entries.get(indexed.trigger.id);
    if (!known || !entry) return undefined;
    if (!this.counts(entry, { bucket: known.bucket, epoch: indexed.epoch, nowMs })) {
      this.delete({ indexed, vehicle });
      return undefined;
    }
    known.isUsed = true;
    return entry.state;
  }

  /**
   * Remembers what was read or stored under the epoch of `pair`, unless it knows better: a partition that went and came back
   * may have its state stored while what it asked for before it went is still on its way. All that is known of a vehicle
   * that was not used for long makes room.
   */
  put({ indexed, vehicle }: Pair, state: State, nowMs: number): void {
    const known = this.vehicles.get(vehicle) ?? this.newVehicle(vehicle);
    const { bucket, entries } = known;
    const { epoch } = indexed;
    const entry = entries.get(indexed.trigger.id);
    if (entry && entry.state.version > state.version && this.counts(entry, { bucket, epoch, nowMs })) return;
    this.count -= entries.size;
    entries.set(indexed.trigger.id, { state, epoch, loadedAtMs: nowMs, forgotten: this.forgotten[bucket]! });
    this.count += entries.size;
    if (this.count > this.limits.entriesMax) this.makeRoom();
  }

  private counts(entry: Entry, { bucket, epoch, nowMs }: { bucket: number; epoch: number; nowMs: number }): boolean {
    const isForgotten = entry.forgotten !== this.forgotten[bucket];
    return !isForgotten && entry.epoch === epoch && nowMs - entry.loadedAtMs <= this.limits.maxAgeMs;
  }

  private newVehicle(vehicle: string): Vehicle {
    const known = { bucket: bucketOf(vehicle), isUsed: false, entries: new Map<string, Entry>() };
    this.vehicles.set(vehicle, known);
    return known;
  }

  /** Whoever was used gets a second chance, so that a look-up changes no order. */
  private makeRoom(): void {
    const keptMax = keptWhenFull(this.limits.entriesMax);
    for (const [oldest, known] of this.vehicles) {
      if (this.count <= keptMax) return;
      this.vehicles.delete(oldest);
      if (known.isUsed) {
        known.isUsed = false;
        this.vehicles.set(oldest, known);
      } else {
        this.count -= known.entries.size;
      }
    }
  }

  delete({ indexed, vehicle }: Pair): void {
    const known = this.vehicles.get(vehicle);
    if (!known?.entries.delete(indexed.trigger.id)) return;
    this.count -= 1;
    if (known.entries.size === 0) this.vehicles.delete(vehicle);
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
    this.vehicles.clear();
    this.count = 0;
  }
}
