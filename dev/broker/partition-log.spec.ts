import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { crc32c } from './crc32c.js';
import { ErrorCode } from './error-code.js';
import { type LogSettings, PartitionLog } from './partition-log.js';

let directory: string;
let nowMs: number;
let lines: string[];

beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'partition-log-'));
  nowMs = Date.now();
  lines = [];
});

afterEach(() => fs.rmSync(directory, { recursive: true, force: true }));

interface Batch {
  records?: number;
  payload?: string;
  producerId?: number;
  epoch?: number;
  sequence?: number;
  attributes?: number;
}

/** A batch whose header is right. Its records are only bytes: the log does not look at them. */
function batch({
  records = 1,
  payload = 'x',
  producerId = -1,
  epoch = 0,
  sequence = -1,
  attributes = 0,
}: Batch): Buffer {
  const bytes = Buffer.concat([Buffer.alloc(61), Buffer.from(payload)]);
  bytes.writeInt32BE(bytes.length - 12, 8);
  bytes.writeInt8(2, 16);
  bytes.writeInt16BE(attributes, 21);
  bytes.writeInt32BE(records - 1, 23);
  bytes.writeBigInt64BE(BigInt(producerId), 43);
  bytes.writeInt16BE(epoch, 51);
  bytes.writeInt32BE(sequence, 53);
  bytes.writeInt32BE(records, 57);
  bytes.writeUInt32BE(crc32c(bytes.subarray(21)), 17);
  return bytes;
}

function open(settings: Partial<LogSettings> = {}, at: string | undefined = directory): PartitionLog {
  const limits = { retentionBytes: 1_000_000, retentionMs: 1_000_000, maxBatchBytes: 10_000 };
  return new PartitionLog(at, { ...limits, now: () => nowMs, log: (line) => lines.push(line), ...settings });
}

/** The base offsets of the batches from `offset` on. */
function baseOffsets(log: PartitionLog, offset: number, maxBytes = 1_000_000): number[] {
  const found = log.read(offset, maxBytes, true);
  if (found.kind === 'out_of_range') throw new Error('out of range');
  const bytes = Buffer.concat(found.batches);
  const offsets: number[] = [];
  for (let at = 0; at < bytes.length; at += 12 + bytes.readInt32BE(at + 8))
    offsets.push(Number(bytes.readBigInt64BE(at)));
  return offsets;
}

function segmentFiles(): string[] {
  return fs.readdirSync(directory).filter((name) => name.endsWith('.log'));
}

function flipLastByte(bytes: Buffer): Buffer {
  bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
  return bytes;
}

describe('append', () => {
  test.each([
    ['cut short', batch({}).subarray(0, 40), ErrorCode.corruptMessage],
    ['shorter than it says', batch({}).subarray(0, 61), ErrorCode.corruptMessage],
    ['with a wrong checksum', flipLastByte(batch({})), ErrorCode.corruptMessage],
    ['without records', batch({ records: 0 }), ErrorCode.corruptMessage],
    ['followed by another one', Buffer.concat([batch({}), batch({})]), ErrorCode.invalidRecord],
    ['that is a control batch', batch({ attributes: 0x20 }), ErrorCode.invalidRecord],
    ['of a transaction', batch({ attributes: 0x10 }), ErrorCode.invalidRecord],
    ['larger than the limit', batch({ payload: 'x'.repeat(10_000) }), ErrorCode.messageTooLarge],
  ])('a batch %s is refused and leaves the log as it was', (_, bytes, error) => {
    const log = open();
    expect(log.append(bytes)).toEqual({ kind: 'refused', error });
    expect(log.endOffset).toBe(0);
  });

  const first = { producerId: 7, sequence: 0, records: 3 };
  test.each<[string, Batch, ReturnType<PartitionLog['append']>]>([
    ['the same batch again', first, { kind: 'ok', baseOffset: 0 }],
    ['the next sequence', { ...first, sequence: 3 }, { kind: 'ok', baseOffset: 3 }],
    ['a later sequence', { ...first, sequence: 4 }, { kind: 'refused', error: ErrorCode.outOfOrderSequenceNumber }],
    ['part of a batch', { ...first, sequence: 1 }, { kind: 'refused', error: ErrorCode.duplicateSequenceNumber }],
    ['a newer epoch', { ...first, epoch: 1 }, { kind: 'ok', baseOffset: 3 }],
    ['another producer', { ...first, producerId: 8 }, { kind: 'ok', baseOffset: 3 }],
  ])('an idempotent producer that sends %s, also after a restart, is answered as in Kafka', (_, second, expected) => {
    const log = open();
    log.append(batch(first));
    log.close();
    expect(open().append(batch(second))).toEqual(expected);
  });

  test('an older epoch is refused', () => {
    const log = open();
    log.append(batch({ ...first, epoch: 1 }));
    expect(log.append(batch(first))).toEqual({ kind: 'refused', error: ErrorCode.invalidProducerEpoch });
  });
});

describe('read', () => {
  test('batches are read whole, from the one that holds the offset', () => {
    const log = open();
    for (let count = 0; count < 4; count++) log.append(batch({ records: 5 }));
    expect(baseOffsets(log, 7)).toEqual([5, 10, 15]);
    expect(baseOffsets(log, 20)).toEqual([]);
  });

  test('nothing is stepped over where the rest of a segment does not fit, and what follows it would', () => {
    const log = open({ retentionBytes: 10_000 });
    const sizes = [40, 900, 900, 1, 30, 2_000, 1, 1, 1_500, 3];
    for (const size of sizes) log.append(batch({ payload: 'x'.repeat(size) }));
    expect(segmentFiles().length).toBeGreaterThan(2);
    for (const maxBytes of [1, 100, 1_000, 1_100, 2_500, 3_000, 10_000]) {
      const read: number[] = [];
      while (read.length < sizes.length) read.push(...baseOffsets(log, read.length, maxBytes));
      expect(read).toEqual(sizes.map((_, place) => place));
    }
  });

  test('a batch larger than the limit is read only when there must be one', () => {
    const log = open();
    log.append(batch({}));
    expect(log.read(0, 10, true)).toMatchObject({ sizeBytes: 62 });
    expect(log.read(0, 10, false)).toMatchObject({ sizeBytes: 0 });
    expect(log.read(0, 61, false)).toMatchObject({ sizeBytes: 0 });
    expect(log.read(0, 62, false)).toMatchObject({ sizeBytes: 62 });
  });

  test('an offset in a gap is answered with what follows the gap, also after a restart', () => {
    const log = open();
    log.append(batch({}));
    log.skip(10);
    log.append(batch({}));
    log.close();
    for (const read of [log, open()]) {
      expect(baseOffsets(read, 5)).toEqual([11]);
      expect(read.endOffset).toBe(12);
    }
  });
});

describe('recovery', () => {
  const next = batch({ records: 2, payload: 'torn' });
  next.writeBigInt64BE(3n, 0);
  test.each([
    ['half a header', next.subarray(0, 30)],
    ['a batch without its last byte', next.subarray(0, next.length - 1)],
    ['a batch with a wrong byte', flipLastByte(Buffer.from(next))],
    ['zeros', Buffer.alloc(500)],
  ])('%s at the end is cut off, and the log goes on from there', (_, tail) => {
    const before = open();
    before.append(batch({ records: 3 }));
    before.close();
    const [file = ''] = segmentFiles();
    fs.appendFileSync(path.join(directory, file), tail);

    const after = open();
    expect(after.endOffset).toBe(3);
    expect(lines).toEqual([expect.stringContaining(`${tail.length} bytes are cut off`)]);
    expect(after.append(batch({}))).toEqual({ kind: 'ok', baseOffset: 3 });
    after.close();
    expect(baseOffsets(open(), 0)).toEqual([0, 3]);
  });

  test('what follows a broken segment is deleted, so that offsets have no unexplained hole', () => {
    const before = open({ retentionBytes: 800 });
    for (let count = 0; count < 6; count++) before.append(batch({ payload: 'x'.repeat(39) }));
    before.close();
    const files = segmentFiles();
    fs.truncateSync(path.join(directory, files[2] ?? ''), 90);
    expect(open({ retentionBytes: 800 }).endOffset).toBe(2);
    expect(segmentFiles()).toEqual(files.slice(0, 3));
  });

  test('a log whose records were all deleted goes on at the same offset', () => {
    const before = open({ retentionMs: 1000 });
    for (let count = 0; count < 3; count++) before.append(batch({}));
    nowMs += 2000;
    before.applyRetention();
    before.close();
    const after = open({ retentionMs: 1000 });
    expect([after.startOffset, after.endOffset]).toEqual([3, 3]);
  });

  test('records deleted within a segment stay deleted', () => {
    const before = open();
    before.append(batch({ records: 10 }));
    before.deleteBefore(4);
    before.close();
    const after = open();
    expect([after.startOffset, after.endOffset]).toEqual([4, 10]);
    expect(after.read(3, 1000, true)).toEqual({ kind: 'out_of_range' });
  });
});

describe.each([
  ['on disk', (): string | undefined => directory],
  ['in memory', (): string | undefined => undefined],
])('retention %s', (_, where) => {
  test('a log keeps no more bytes than its limit', () => {
    const log = open({ retentionBytes: 1000 }, where());
    for (let count = 0; count < 50; count++) log.append(batch({ payload: 'x'.repeat(39) }));
    expect([log.startOffset, log.endOffset]).toEqual([40, 50]);
    expect(baseOffsets(log, 40)).toHaveLength(10);
    expect(log.read(39, 1000, true)).toEqual({ kind: 'out_of_range' });
  });

  test('records are deleted when they are too old, and not before', () => {
    const log = open({ retentionMs: 1000 }, where());
    log.append(batch({}));
    nowMs += 600;
    log.append(batch({}));
    nowMs += 400;
    log.applyRetention();
    expect(log.startOffset).toBe(0);
    nowMs += 1;
    log.applyRetention();
    expect([log.startOffset, log.endOffset]).toEqual([1, 2]);
  });

  test('a lost tail is followed by new records at the same offsets', () => {
    const log = open({ retentionBytes: 100_000 }, where());
    for (let count = 0; count < 6; count++) log.append(batch({ records: 2 }));
    log.loseTail(5);
    expect(log.endOffset).toBe(4);
    expect(log.read(5, 1000, true)).toEqual({ kind: 'out_of_range' });
    expect(log.append(batch({}))).toEqual({ kind: 'ok', baseOffset: 4 });
    expect(baseOffsets(log, 0)).toEqual([0, 2, 4]);
  });
});

test('retention deletes files', () => {
  const log = open({ retentionBytes: 1000 });
  for (let count = 0; count < 50; count++) log.append(batch({ payload: 'x'.repeat(39) }));
  expect(segmentFiles().map((name) => Number.parseInt(name, 10))).toEqual([40, 42, 44, 46, 48]);
});
