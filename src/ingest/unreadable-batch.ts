import { randomUUID } from 'node:crypto';
import type { IHeaders } from 'kafkajs';

/** Why a batch of records cannot be read. */
export type Unreadable = { kind: 'unsupported_codec' | 'corrupt'; detail: string };

/** Unguessable, so that no producer can write it. */
const MARK = `unreadable ${randomUUID()}`;

/** A record batch's header, magic 2: what kafkajs has read of it when it asks for the decompressed records. */
const HEADER_BYTES = 61;
const MAGIC_AT = 16;
const LAST_OFFSET_DELTA_AT = 23;
const RECORD_COUNT_AT = 57;
const RECORDS_MAX = 1_000_000;

/**
 * Stands in for the records of a batch that cannot be decompressed: as many empty records, each saying why. kafkajs
 * tells a codec nothing of where its bytes come from and takes an error as the end of the consumer, of all partitions;
 * this way the reader learns of it at the topic, partition and offsets concerned. `compressed` must be the very buffer
 * that kafkajs passed, for the batch's header stands before it in memory; throws when it does not.
 */
export function standIn(compressed: Buffer, why: Unreadable): Buffer {
  const start = compressed.byteOffset - HEADER_BYTES;
  const header = start < 0 ? Buffer.alloc(0) : Buffer.from(compressed.buffer, start, HEADER_BYTES);
  if (header.length === 0 || header.readInt8(MAGIC_AT) !== 2) throw new Error(`unreadable record batch: ${why.detail}`);
  const count = header.readInt32BE(RECORD_COUNT_AT);
  if (count < 0 || count > RECORDS_MAX) throw new Error(`unreadable record batch of ${count} records: ${why.detail}`);
  const lastDelta = header.readInt32BE(LAST_OFFSET_DELTA_AT);
  const records: Buffer[] = [];
  for (let place = 0; place < count; place++) records.push(record(place === count - 1 ? lastDelta : place, why));
  return Buffer.concat(records);
}

/** What `standIn` wrote; undefined for every record that was read. */
export function unreadableOf(headers: IHeaders | undefined): Unreadable | undefined {
  const mark = headers?.[MARK];
  return mark === undefined ? undefined : (JSON.parse(String(mark)) as Unreadable);
}

/** One record of format 2 without key and value: attributes, time and offset deltas, key, value, one header. */
function record(offsetDelta: number, why: Unreadable): Buffer {
  const name = Buffer.from(MARK);
  const value = Buffer.from(JSON.stringify(why));
  const none = varint(-1);
  const header = [varint(1), varint(name.length), name, varint(value.length), value];
  const body = Buffer.concat([Buffer.from([0]), varint(0), varint(offsetDelta), none, none, ...header]);
  return Buffer.concat([varint(body.length), body]);
}

/** Zigzag and seven bits a byte, as in Protocol Buffers. */
function varint(number: number): Buffer {
  const bytes: number[] = [];
  let rest = ((number << 1) ^ (number >> 31)) >>> 0;
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  bytes.push(rest);
  return Buffer.from(bytes);
}
