import { expect, test } from '@jest/globals';
import { compact, sinceTime, textOf, timeOrSpanOf } from './search-values.js';

const NOW = Date.parse('2026-01-15T12:00:00Z');

test.each([
  ['24h', '2026-01-14T12:00:00.000Z'],
  ['2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z'],
  [undefined, undefined],
])('%s in an address means since %s', (since, time) => expect(sinceTime(since, NOW)).toBe(time));

test.each([
  [' a ', 'a'],
  [12, '12'],
  ['', undefined],
  [['a'], undefined],
  ['x'.repeat(301), undefined],
])('%j is the text %j', (value, text) => expect(textOf(value)).toBe(text));

test.each(['3 days', '2026-99-15T13:00:00Z', null])('%j is no time', (value) => {
  expect(timeOrSpanOf(value)).toBeUndefined();
});

test('what is undefined does not stand in an address', () => {
  expect(Object.keys(compact({ status: undefined, webhook: 'a' }))).toEqual(['webhook']);
});
