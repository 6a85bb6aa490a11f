import type { ByteStore } from './byte-store.js';
import type { BatchHeader } from './record-batch.js';

/** Where a batch lies. Offsets may have gaps between batches, never within one. */
interface StoredBatch {
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly maxTimestampMs: number;
  readonly position: number;
  readonly sizeBytes: number;
}

/** A stretch of a partition's log that is kept, and deleted by retention, as a whole. */
export class Segment {
  #batches: StoredBatch[] = [];
  #sizeBytes = 0;
  /** Unix milliseconds by the broker's clock; both are the segment's creation while it is empty. */
  #firstAppendMs: number;
  #lastAppendMs: number;

  constructor(
    readonly baseOffset: number,
    private readonly store: ByteStore,
    createdMs: number,
  ) {
    this.#firstAppendMs = createdMs;
    this.#lastAppendMs = createdMs;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  get isEmpty(): boolean {
    return this.#batches.length === 0;
  }

  get firstAppendMs(): number {
    return this.#firstAppendMs;
  }

  get lastAppendMs(): number {
    return this.#lastAppendMs;
  }

  /** The offset after the last record. */
  get endOffset(): number {
    const last = this.#batches.at(-1);
    return last === undefined ? this.baseOffset : last.lastOffset + 1;
  }

  /** Appends one batch whose base offset is stamped already. After an I/O error the segment is as it was before. */
  append(batch: Buffer, header: BatchHeader, baseOffset: number, nowMs: number): void {
    try {
      this.store.append(batch);
    } catch (error) {
      this.store.truncate(this.#sizeBytes);
      throw error;
    }
    if (this.isEmpty) this.#firstAppendMs = nowMs;
    this.#lastAppendMs = nowMs;
    this.adopt(header, baseOffset);
  }

  /** Takes over a batch that the store holds already, for a segment that is read back at start. */
  adopt(header: BatchHeader, baseOffset: number): void {
    this.#batches.push({
      baseOffset,
      lastOffset: baseOffset + header.lastOffsetDelta,
      maxTimestampMs: header.maxTimestampMs,
      position: this.#sizeBytes,
      sizeBytes: header.sizeBytes,
    });
    this.#sizeBytes += header.sizeBytes;
  }

  /**
   * Whole batches from the one that holds `offset`, or the next one after it, of at most `maxBytes` together; the first
   * one is read regardless of its size when `atLeastOne` is set. `isToEnd`: nothing of the segment is left after them.
   */
  read(offset: number, maxBytes: number, atLeastOne: boolean): { bytes: Buffer; isToEnd: boolean } {
    const first = this.#indexOf(offset);
    let length = 0;
    for (const batch of this.#from(first)) {
      if (length + batch.sizeBytes > maxBytes && !(atLeastOne && length === 0)) break;
      length += batch.sizeBytes;
    }
    const position = this.#batches[first]?.position ?? this.#sizeBytes;
    const bytes = length === 0 ? Buffer.alloc(0) : this.store.read(position, length);
    return { bytes, isToEnd: position + length === this.#sizeBytes };
  }

  /** The first batch at or after `fromOffset` that holds a record of `timeMs` or later. */
  batchSince(timeMs: number, fromOffset: number): Buffer | undefined {
    for (const batch of this.#from(this.#indexOf(fromOffset))) {
      if (batch.maxTimestampMs >= timeMs) return this.store.read(batch.position, batch.sizeBytes);
    }
    return undefined;
  }

  /** Drops the batch that holds `offset` and all after it. */
  loseTail(offset: number): void {
    const first = this.#batches[this.#indexOf(offset)];
    if (first === undefined) return;
    this.#batches = this.#batches.filter((batch) => batch.baseOffset < first.baseOffset);
    this.#sizeBytes = first.position;
    this.store.truncate(this.#sizeBytes);
  }

  flush(): void {
    this.store.flush();
  }

  close(): void {
    this.store.close();
  }

  remove(): void {
    this.store.remove();
  }

  *#from(index: number): Generator<StoredBatch> {
    for (let at = index; at < this.#batches.length; at++) yield this.#batches[at]!; // In range: the loop's bound.
  }

  /** The index of the first batch that ends at or after `offset`; the number of batches when there is none. */
  #indexOf(offset: number): number {
    let low = 0;
    let high = this.#batches.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#batches[middle]!.lastOffset < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
