import { gunzipSync } from 'node:zlib';
import { crc32c } from './crc32c.js';

/**
 * A record batch of format 2 (Kafka documentation, "Record Batch") is a header of 61 bytes and the records, which may
 * be compressed as a whole. The checksum covers everything from the attributes on, so the broker can stamp the base
 * offset and the leader epoch, which come before, without touching what the producer wrote.
 */
export interface BatchHeader {
  readonly baseOffset: number;
  readonly sizeBytes: number;
  readonly attributes: number;
  readonly lastOffsetDelta: number;
  readonly firstTimestampMs: number;
  readonly maxTimestampMs: number;
  /** -1 when the producer is not idempotent. */
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  readonly recordCount: number;
}

/** `torn`: the bytes end before the batch does. */
export type BatchRead =
  { kind: 'ok'; header: BatchHeader } | { kind: 'torn' } | { kind: 'unsupported' } | { kind: 'corrupt' };

export const BATCH_HEADER_BYTES = 61;

const SUPPORTED_FORMAT = 2;
const LENGTH_COUNTS_FROM = 12;
const CHECKSUM_COUNTS_FROM = 21;
const COMPRESSION_BITS = 0x07;
const TRANSACTIONAL_BIT = 0x10;
const CONTROL_BIT = 0x20;
/** A time look-up unpacks one batch; beyond this it settles for the batch's first offset. */
const MAX_UNPACKED_BYTES = 16 * 1024 * 1024;

/** Reads and verifies the batch that begins at `position`. Never throws, whatever the bytes. */
export function readBatch(bytes: Buffer, position: number): BatchRead {
  if (position + BATCH_HEADER_BYTES > bytes.length) return { kind: 'torn' };
  const sizeBytes = LENGTH_COUNTS_FROM + bytes.readInt32BE(position + 8);
  if (bytes.readInt8(position + 16) !== SUPPORTED_FORMAT) return { kind: 'unsupported' };
  if (sizeBytes < BATCH_HEADER_BYTES) return { kind: 'corrupt' };
  if (position + sizeBytes > bytes.length) return { kind: 'torn' };
  const checked = bytes.subarray(position + CHECKSUM_COUNTS_FROM, position + sizeBytes);
  if (bytes.readUInt32BE(position + 17) !== crc32c(checked)) return { kind: 'corrupt' };
  const header: BatchHeader = {
    baseOffset: readInt64(bytes, position),
    sizeBytes,
    attributes: bytes.readInt16BE(position + 21),
    lastOffsetDelta: bytes.readInt32BE(position + 23),
    firstTimestampMs: readInt64(bytes, position + 27),
    maxTimestampMs: readInt64(bytes, position + 35),
    producerId: readInt64(bytes, position + 43),
    producerEpoch: bytes.readInt16BE(position + 51),
    baseSequence: bytes.readInt32BE(position + 53),
    recordCount: bytes.readInt32BE(position + 57),
  };
  const isConsistent = header.recordCount > 0 && header.lastOffsetDelta === header.recordCount - 1;
  return isConsistent ? { kind: 'ok', header } : { kind: 'corrupt' };
}

/** True for batches that only a transaction coordinator may write, or that need one: this broker has none. */
export function isTransactional(header: BatchHeader): boolean {
  return (header.attributes & (TRANSACTIONAL_BIT | CONTROL_BIT)) !== 0;
}

/** Gives the batch at the start of `batch` its place in the log. */
export function stampBatch(batch: Buffer, baseOffset: number): void {
  batch.writeBigInt64BE(BigInt(baseOffset), 0);
  batch.writeInt32BE(0, 12); // The leader epoch: there is one leader, for ever.
}

/**
 * The first record of a batch at or after a time (Unix milliseconds).
 *
 * Only plain and gzip batches are opened. For the other codecs the answer is the batch's first record, which may be
 * too early, never too late.
 */
export function firstRecordSince(batch: Buffer, timeMs: number): { offset: number; timestampMs: number } {
  const baseOffset = readInt64(batch, 0);
  const firstTimestampMs = readInt64(batch, 27);
  const records = unpack(batch);
  let position = 0;
  while (records && position < records.length) {
    const length = readVarint(records, position);
    const timestampDelta = readVarint(records, length.next + 1);
    const offsetDelta = readVarint(records, timestampDelta.next);
    const timestampMs = firstTimestampMs + timestampDelta.value;
    if (timestampMs >= timeMs) return { offset: baseOffset + offsetDelta.value, timestampMs };
    if (length.value < 1) break;
    position = length.next + length.value;
  }
  return { offset: baseOffset, timestampMs: firstTimestampMs };
}

function unpack(batch: Buffer): Buffer | undefined {
  const packed = batch.subarray(BATCH_HEADER_BYTES);
  const codec = batch.readInt16BE(21) & COMPRESSION_BITS;
  if (codec === 0) return packed;
  if (codec !== 1) return undefined;
  try {
    return gunzipSync(packed, { maxOutputLength: MAX_UNPACKED_BYTES });
  } catch {
    return undefined; // The producer's own bytes: only a consumer can say that they are wrong.
  }
}

/** A zigzag varint of up to 64 bits; reading past the end counts as zero bits. */
function readVarint(bytes: Buffer, start: number): { value: number; next: number } {
  let value = 0n;
  let next = start;
  for (let shift = 0n; shift < 70n; shift += 7n) {
    const byte = bytes[next++] ?? 0;
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  return { value: Number((value >> 1n) ^ -(value & 1n)), next };
}

function readInt64(bytes: Buffer, position: number): number {
  return Number(bytes.readBigInt64BE(position));
}
