import { expect, test } from '@jest/globals';
import { rangeOfPlace } from './text-range.js';

test.each([
  ['in the first line', 'valu > 5', { line: 1, column: 1, length: 4 }, 'valu'],
  ['in a later line', 'value > 5 &&\nvalu < 9', { line: 2, column: 1, length: 4 }, 'valu'],
  ['at the end, where something is missing', 'value >', { line: 1, column: 8, length: 0 }, '>'],
  ['longer than the text', 'value', { line: 1, column: 1, length: 99 }, 'value'],
  ['beyond the last line', 'value', { line: 9, column: 5, length: 1 }, 'e'],
  ['of another text, longer than this', 'a', { line: 1, column: 50, length: 3 }, 'a'],
  ['in nothing', '', { line: 1, column: 1, length: 1 }, ''],
])('a place %s', (_, text, place, underlined) => {
  const { from, to } = rangeOfPlace(text, place);
  expect(text.slice(from, to)).toBe(underlined);
});
