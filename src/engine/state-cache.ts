import type { State } from '../core/state.js';
import { RecentMap } from './recent-map.js';
import type { IndexedTrigger } from './trigger-set.js';

/** Whose state is meant. */
export interface Pair {
  indexed: IndexedTrigger;
  vehicle: string;
}

export function pairKey({ indexed, vehicle }: Pair): string {
  return `${indexed.trigger.id} ${vehicle}`;
}

interface Entry {
  state: State;
  epoch: number;
  loadedAtMs: number;
}

/**
 * The states that one partition read or wrote lately, "nothing stored" among them, so that a vehicle that reports every
 * second is looked up once. An entry counts only while its trigger's epoch is the one under which it was read, and for
 * `maxAgeMs`: should anything else have written the state, and not said so (see `trustUnless`), that is how long a
 * decision that stores nothing may rest on the old one (one that stores something is refused by the commit).
 */
export class StateCache {
  private readonly entries: RecentMap<string, Entry>;

  /** How often somebody had stored states unseen, when it was looked last. */
  private unseen: bigint | undefined;

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
    if (entry.epoch !== pair.indexed.epoch || nowMs - entry.loadedAtMs > this.limits.maxAgeMs) {
      this.entries.delete(key);
      return undefined;
    }
    this.entries.set(key, entry);
    return entry.state;
  }

  /** Remembers what was read or stored under the epoch of `pair`; the entry that was not used for longest makes room. */
  put(pair: Pair, state: State, nowMs: number): void {
    this.entries.set(pairKey(pair), { state, epoch: pair.indexed.epoch, loadedAtMs: nowMs });
  }

  delete(pair: Pair): void {
    this.entries.delete(pairKey(pair));
  }

  /** Forgets everything when somebody stored states unseen since it was looked last; `unseen` counts how often ever. */
  trustUnless(unseen: bigint): void {
    if (unseen !== this.unseen) this.clear();
    this.unseen = unseen;
  }

  /** What the owner of this cache stored itself is not unseen. */
  countOwn(): void {
    if (this.unseen !== undefined) this.unseen += 1n;
  }

  clear(): void {
    this.entries.clear();
  }
}
