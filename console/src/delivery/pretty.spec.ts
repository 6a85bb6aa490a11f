import { expect, it } from '@jest/globals';
import { pretty } from './pretty.js';

it.each([
  [{ a: 1 }, '{\n  "a": 1\n}'],
  ['{"a":1}', '{\n  "a": 1\n}'],
  ['12.0', '12.0'],
  ['no database', 'no database'],
  ['', ''],
  ['null', 'null'],
])('%j is printed as %j', (content, text) => {
  expect(pretty(content)).toBe(text);
});
