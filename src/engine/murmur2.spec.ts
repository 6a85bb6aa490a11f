import { expect, test } from '@jest/globals';
import { partitionOf } from './murmur2.js';

const MANY_PARTITIONS = 2 ** 31 - 1;

/** Hashes that Apache Kafka's own test of its partitioner expects. */
test.each([
  ['21', -973932308],
  ['foobar', -790332482],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ['abc', 479470107],
])('%s hashes as Java producers hash it', (key, hash) => {
  expect(partitionOf(Buffer.from(key), MANY_PARTITIONS)).toBe((hash & 0x7fffffff) % MANY_PARTITIONS);
});

test('keys with bytes above 127 are hashed as unsigned bytes', () => {
  expect(partitionOf(Buffer.from([0x61, 0x62, 0x63]), 7)).toBe((479470107 & 0x7fffffff) % 7);
  expect(partitionOf(Buffer.from([0xff, 0xfe, 0xfd]), 1000)).toBeGreaterThanOrEqual(0);
});
