/** A full cache makes room for this part of what it may hold. */
const ROOM_MADE = 16;

/**
 * What a full cache keeps of the `entriesMax` that it may have. It makes more room than is needed at once, where there are
 * many: a `Map` steps over all that was deleted or moved before it finds its first entry.
 */
export function keptWhenFull(entriesMax: number): number {
  return entriesMax - Math.floor(entriesMax / ROOM_MADE);
}

/** A map that never grows beyond `entriesMax`: what was written longest ago makes room for what is new. */
export class RecentMap<Key, Value> {
  private readonly entries = new Map<Key, Value>();

  constructor(private readonly entriesMax: number) {}

  get size(): number {
    return this.entries.size;
  }

  get(key: Key): Value | undefined {
    return this.entries.get(key);
  }

  /** Writes an entry; from now on it is the newest. */
  set(key: Key, value: Value): void {
    this.entries.delete(key);
    this.entries.set(key, value);
    if (this.entries.size > this.entriesMax) this.makeRoom();
  }

  delete(key: Key): void {
    this.entries.delete(key);
  }

  clear(): void {
    this.entries.clear();
  }

  /** All entries, those written longest ago first. */
  [Symbol.iterator](): IterableIterator<[Key, Value]> {
    return this.entries[Symbol.iterator]();
  }

  private makeRoom(): void {
    const keptMax = keptWhenFull(this.entriesMax);
    for (const oldest of this.entries.keys()) {
      if (this.entries.size <= keptMax) return;
      this.entries.delete(oldest);
    }
  }
}
