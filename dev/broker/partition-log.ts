import { ErrorCode } from './error-code.js';
import { ProducerSequences } from './producer-sequences.js';
import { type BatchHeader, firstRecordSince, isTransactional, readBatch, stampBatch } from './record-batch.js';
import type { Segment } from './segment.js';
import { SegmentFiles } from './segment-files.js';

/** A log is kept in this many segments, so that retention deletes a small part of it at a time. */
const SEGMENTS_PER_LOG = 8;
const MAX_SEGMENT_BYTES = 8 * 1024 * 1024;

export interface LogSettings {
  /** A log of more bytes loses its oldest segments; the last one stays, whatever its size. */
  readonly retentionBytes: number;
  /** Records are deleted when they are older, by the time of their arrival (not the producer's timestamp, as in Kafka). */
  readonly retentionMs: number;
  readonly maxBatchBytes: number;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** Told, in one line each, what a start had to repair and which I/O failed. */
  readonly log: (line: string) => void;
}

export type AppendResult = { kind: 'ok'; baseOffset: number } | { kind: 'refused'; error: number };
export type ReadResult = { kind: 'ok'; batches: Buffer[]; sizeBytes: number } | { kind: 'out_of_range' };

/** The records of one partition, from {@link startOffset} up to, not including, {@link endOffset}. */
export class PartitionLog {
  readonly #files: SegmentFiles;
  readonly #producers = new ProducerSequences();
  readonly #listeners = new Set<() => void>();
  readonly #segmentBytes: number;
  readonly #segmentMs: number;
  #segments: Segment[];
  #active: Segment;
  #startOffset: number;
  #endOffset: number;

  /** Reads back what `directory` holds; without one the records are in memory only. Throws on I/O errors. */
  constructor(
    directory: string | undefined,
    private readonly settings: LogSettings,
  ) {
    this.#segmentBytes = Math.min(MAX_SEGMENT_BYTES, settings.retentionBytes / SEGMENTS_PER_LOG);
    this.#segmentMs = settings.retentionMs / SEGMENTS_PER_LOG;
    this.#files = new SegmentFiles(directory);
    const remember = (header: BatchHeader): void => this.#producers.remember(header, header.baseOffset);
    this.#segments = this.#files.load(remember, settings.log);
    const logStart = this.#files.loadLogStart();
    this.#active = this.#segments.at(-1) ?? this.#roll(logStart);
    this.#endOffset = Math.max(this.#active.endOffset, logStart);
    this.#startOffset = Math.max(this.#first.baseOffset, logStart);
    this.applyRetention();
  }

  get startOffset(): number {
    return this.#startOffset;
  }

  get endOffset(): number {
    return this.#endOffset;
  }

  /** Appends the one batch that a produce request holds for this partition; the batch is stamped in place. */
  append(records: Buffer): AppendResult {
    if (records.length > this.settings.maxBatchBytes) return refused(ErrorCode.messageTooLarge);
    const batch = readBatch(records, 0);
    if (batch.kind === 'unsupported') return refused(ErrorCode.invalidRecord);
    if (batch.kind !== 'ok') return refused(ErrorCode.corruptMessage);
    const { header } = batch;
    if (header.sizeBytes !== records.length || isTransactional(header)) return refused(ErrorCode.invalidRecord);
    const sequence = this.#producers.check(header);
    if (sequence.kind === 'duplicate') return { kind: 'ok', baseOffset: sequence.baseOffset };
    if (sequence.kind === 'refused') return sequence;
    return this.#store(records, header);
  }

  /**
   * Whole batches from the one that holds `offset` on, of at most `maxBytes` together; with `atLeastOne`, the first is
   * read regardless of its size. The first batch may begin before `offset`: clients skip what they did not ask for.
   */
  read(offset: number, maxBytes: number, atLeastOne: boolean): ReadResult {
    if (offset < this.#startOffset || offset > this.#endOffset) return { kind: 'out_of_range' };
    const batches: Buffer[] = [];
    let sizeBytes = 0;
    for (const segment of this.#segments) {
      if (segment.endOffset <= offset) continue;
      const { bytes, isToEnd } = segment.read(offset, maxBytes - sizeBytes, atLeastOne && sizeBytes === 0);
      batches.push(bytes);
      sizeBytes += bytes.length;
      // The next segment's first batch may fit where the rest of this one does not.
      if (!isToEnd) break;
    }
    return { kind: 'ok', batches, sizeBytes };
  }

  /** The first record at or after a time (Unix milliseconds), and that record's time. */
  offsetSince(timeMs: number): { offset: number; timestampMs: number } | undefined {
    for (const segment of this.#segments) {
      const batch = segment.batchSince(timeMs, this.#startOffset);
      if (batch === undefined) continue;
      const { offset, timestampMs } = firstRecordSince(batch, timeMs);
      return { offset: Math.max(offset, this.#startOffset), timestampMs };
    }
    return undefined;
  }

  /** Calls `listener` after each append and each change of the log's bounds. Returns how to stop that. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Deletes the records before `offset`. Returns false, and deletes nothing, when the log ends before it. */
  deleteBefore(offset: number): boolean {
    if (offset > this.#endOffset) return false;
    if (offset <= this.#startOffset) return true;
    this.#files.saveLogStart(offset);
    while (this.#segments.length > 1 && this.#first.endOffset <= offset) this.#dropFirst();
    this.#startOffset = offset;
    this.#notify();
    return true;
  }

  /** Loses the batch that holds `offset` and all after it, as a failover to a replica that lags behind does. */
  loseTail(offset: number): void {
    while (this.#segments.length > 1 && this.#active.baseOffset >= offset) {
      this.#segments.pop()?.remove();
      this.#active = this.#segments.at(-1) ?? this.#active;
    }
    this.#active.loseTail(offset);
    this.#endOffset = Math.max(this.#active.endOffset, this.#startOffset);
    this.#producers.clear();
    this.#notify();
  }

  /** Leaves a gap of `count` offsets, as compaction and transaction markers do. Only a record after it persists it. */
  skip(count: number): void {
    this.#endOffset += count;
    this.#notify();
  }

  /** Deletes the segments that are too old or too many. Appending does so too; an idle log depends on this call. */
  applyRetention(): void {
    const nowMs = this.settings.now();
    const keepFromMs = nowMs - this.settings.retentionMs;
    if (!this.#active.isEmpty && this.#active.lastAppendMs < keepFromMs) this.#roll(this.#endOffset);
    let sizeBytes = this.#segments.reduce((sum, segment) => sum + segment.sizeBytes, 0);
    while (this.#segments.length > 1) {
      const first = this.#first;
      if (sizeBytes <= this.settings.retentionBytes && first.lastAppendMs >= keepFromMs) break;
      sizeBytes -= first.sizeBytes;
      this.#dropFirst();
    }
    this.#startOffset = Math.max(this.#startOffset, this.#first.baseOffset);
  }

  /** Makes what was appended survive a power cut. */
  flush(): void {
    this.#active.flush();
  }

  close(): void {
    for (const segment of this.#segments) segment.close();
  }

  /** Deletes the log and its files; those who wait for records are woken and find the topic gone. */
  remove(): void {
    for (const segment of this.#segments) segment.remove();
    this.#files.remove();
    this.#notify();
  }

  get #first(): Segment {
    return this.#segments[0] ?? this.#active;
  }

  #store(batch: Buffer, header: BatchHeader): AppendResult {
    const nowMs = this.settings.now();
    const baseOffset = this.#endOffset;
    stampBatch(batch, baseOffset);
    try {
      if (this.#isActiveFull(nowMs)) this.#roll(baseOffset);
      this.#active.append(batch, header, baseOffset, nowMs);
    } catch (error) {
      this.settings.log(`A batch could not be stored: ${String(error)}`);
      return refused(ErrorCode.storageError);
    }
    this.#endOffset = baseOffset + header.lastOffsetDelta + 1;
    this.#producers.remember(header, baseOffset);
    this.applyRetention();
    this.#notify();
    return { kind: 'ok', baseOffset };
  }

  #isActiveFull(nowMs: number): boolean {
    if (this.#active.isEmpty) return false;
    return this.#active.sizeBytes >= this.#segmentBytes || nowMs - this.#active.firstAppendMs >= this.#segmentMs;
  }

  #roll(baseOffset: number): Segment {
    this.#active?.flush();
    this.#active?.close();
    this.#active = this.#files.create(baseOffset, this.settings.now());
    this.#segments.push(this.#active);
    return this.#active;
  }

  #dropFirst(): void {
    this.#segments.shift()?.remove();
  }

  #notify(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}

function refused(error: number): AppendResult {
  return { kind: 'refused', error };
}
