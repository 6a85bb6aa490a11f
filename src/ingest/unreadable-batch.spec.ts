import { createRequire } from 'node:module';
import { expect, test } from '@jest/globals';
import type { IHeaders } from 'kafkajs';
import { installCodecs } from './compression.js';
import { standIn, unreadableOf } from './unreadable-batch.js';

interface DecodedRecord {
  offset: string;
  timestamp: string;
  key: Buffer | null;
  value: Buffer | null;
  headers: IHeaders;
}

const require = createRequire(import.meta.url);
const Decoder = require('kafkajs/src/protocol/decoder') as new (bytes: Buffer) => object;
const decodeBatch = require('kafkajs/src/protocol/recordBatch/v0/decoder') as (
  decoder: object,
) => Promise<{ records: DecodedRecord[] }>;

const [SNAPPY, LZ4] = [2, 3];

/** A record batch of format 2 with these bytes for its records. */
function batchOf(codec: number, { count, lastOffsetDelta }: { count: number; lastOffsetDelta: number }): Buffer {
  const body = Buffer.from('no such thing');
  const header = Buffer.alloc(61);
  header.writeBigInt64BE(100n, 0); // base offset
  header.writeInt32BE(header.length - 12 + body.length, 8); // length of what follows
  header.writeInt8(2, 16); // magic
  header.writeInt16BE(codec, 21); // attributes
  header.writeInt32BE(lastOffsetDelta, 23);
  header.writeBigInt64BE(5000n, 27); // first timestamp
  header.writeInt32BE(count, 57);
  return Buffer.concat([header, body]);
}

test.each([
  ['unsupported_codec', LZ4],
  ['corrupt', SNAPPY],
])('a batch that is %s comes out as its records, at their offsets, each saying so', async (kind, codec) => {
  installCodecs();
  const { records } = await decodeBatch(new Decoder(batchOf(codec, { count: 3, lastOffsetDelta: 9 })));
  expect(records.map(({ offset }) => offset)).toEqual(['100', '101', '109']);
  expect(records.map(({ headers }) => unreadableOf(headers)?.kind)).toEqual([kind, kind, kind]);
  expect(records[0]).toMatchObject({ key: null, value: null, timestamp: '5000' });
});

test('a batch in an older format, or with an absurd count, is an error', async () => {
  installCodecs();
  const decode = (bytes: Buffer) => decodeBatch(new Decoder(bytes));
  await expect(decode(batchOf(LZ4, { count: 2_000_000_000, lastOffsetDelta: 0 }))).rejects.toThrow('unreadable');
  expect(() => standIn(Buffer.from('x'), { kind: 'corrupt', detail: '' })).toThrow('unreadable');
});

test('no other header is taken for the mark', () => {
  expect(unreadableOf(undefined)).toBeUndefined();
  expect(unreadableOf({ unreadable: '{"kind":"corrupt"}' })).toBeUndefined();
});
