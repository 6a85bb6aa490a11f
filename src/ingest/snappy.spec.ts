import { describe, expect, test } from '@jest/globals';
import { compress } from 'snappyjs';
import { compressSnappy, decompressSnappy } from './snappy.js';

const LIMIT = 1000;

/** What snappy-java writes: a header, two version numbers, then blocks with their lengths. */
function framed(...blocks: Buffer[]): Buffer {
  const header = Buffer.from([0x82, ...Buffer.from('SNAPPY'), 0, 0, 0, 0, 1, 0, 0, 0, 1]);
  const parts = blocks.map((block) => {
    const bytes = Buffer.from(compress(block));
    const length = Buffer.alloc(4);
    length.writeInt32BE(bytes.length);
    return Buffer.concat([length, bytes]);
  });
  return Buffer.concat([header, ...parts]);
}

test.each<[string, Buffer, string]>([
  ['a raw block', compressSnappy(Buffer.from('speed speed speed')), 'speed speed speed'],
  ['an empty raw block', compressSnappy(Buffer.alloc(0)), ''],
  ['framed blocks', framed(Buffer.from('one '), Buffer.from('two')), 'one two'],
  ['a frame without blocks', framed(), ''],
])('%s is read', (_, bytes, text) => {
  expect(decompressSnappy(bytes, LIMIT).toString()).toBe(text);
});

describe('is refused:', () => {
  test.each<[string, Buffer]>([
    ['what is no snappy', Buffer.from('plain text, far from it')],
    ['nothing', Buffer.alloc(0)],
    ['a block that is cut off', framed(Buffer.from('one'), Buffer.from('two')).subarray(0, -1)],
    ['a length that is cut off', Buffer.concat([framed(Buffer.from('one')), Buffer.from([0, 0])])],
    ['a raw block that becomes too large', compressSnappy(Buffer.alloc(LIMIT + 1))],
    ['framed blocks that become too large together', framed(Buffer.alloc(LIMIT - 1), Buffer.alloc(2))],
  ])('%s', (_, bytes) => {
    expect(() => decompressSnappy(bytes, LIMIT)).toThrow();
  });
});
