import type { State } from '../core/state.js';
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
 * `maxAgeMs`: should anything else have written the state unseen, that is how long a decision that stores nothing may
 * rest on the old one (one that stores something is refused by the commit).
 */
export class StateCache {
  private readonly entries = new Map<string, Entry>();

  constructor(private readonly limits: { entriesMax: number; maxAgeMs: number }) {}

  get size(): number {
    return this.entries.size;
  }

  get(pair: Pair, nowMs: number): State | undefined {
    const key = pairKey(pair);
    const entry = this.entries.get(key);
    if (!entry) return undefined;
    this.entries.delete(key);
    if (entry.epoch !== pair.indexed.epoch || nowMs - entry.loadedAtMs > this.limits.maxAgeMs) return undefined;
    this.entries.set(key, entry);
    return entry.state;
  }

  /** Remembers what was read or stored under the epoch of `pair`; the entry that was not used for longest makes room. */
  put(pair: Pair, state: State, nowMs: number): void {
    const key = pairKey(pair);
    this.entries.delete(key);
    this.entries.set(key, { state, epoch: pair.indexed.epoch, loadedAtMs: nowMs });
    if (this.entries.size <= this.limits.entriesMax) return;
    for (const oldest of this.entries.keys()) {
      this.entries.delete(oldest);
      return;
    }
  }

  delete(pair: Pair): void {
    this.entries.delete(pairKey(pair));
  }

  clear(): void {
    this.entries.clear();
  }
}
