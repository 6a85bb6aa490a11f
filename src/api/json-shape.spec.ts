import { expect, test } from '@jest/globals';
import { excessOf } from './json-shape.js';

const repeat = (text: string, count: number) => Buffer.from(text.repeat(count));

test.each([
  ['an empty body', Buffer.alloc(0)],
  ['100,000 texts in a list', Buffer.from(JSON.stringify({ assetDIDs: Array(100_000).fill('did:erc721:1:0x:1') }))],
  ['brackets and commas inside a text', Buffer.from(JSON.stringify('[{,:'.repeat(200_000)))],
  ['escaped quotes inside a text', Buffer.from(JSON.stringify('"\\"[[[['.repeat(50_000)))],
  ['a text that never ends', Buffer.from(`"${'['.repeat(100)}`)],
  ['32 levels', Buffer.from('['.repeat(32) + ']'.repeat(32))],
])('%s may be parsed', (_, bytes) => {
  expect(excessOf(bytes)).toBeUndefined();
});

test.each([
  ['33 levels', repeat('[', 33), 'nested'],
  ['levels of objects', repeat('{"a":', 33), 'nested'],
  ['levels behind a text that ends with a backslash', Buffer.from(`"\\\\"${'['.repeat(33)}`), 'nested'],
  ['many members', repeat('"a":1 ', 10_001), 'members'],
  ['many entries', repeat('1,', 150_001), 'entries'],
])('%s may not', (_, bytes, what) => {
  expect(excessOf(bytes)).toContain(what);
});
