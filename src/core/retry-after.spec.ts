import { describe, expect, test } from '@jest/globals';
import { RETRY_AFTER_MAX_MS, retryAfterMs } from './retry-after.js';

const NOW_MS = Date.UTC(2026, 10, 22, 12, 0, 0);

describe('a wait is read', () => {
  test.each<[string, number]>([
    ['1', 1_000],
    ['120', 120_000],
    [' 120 ', 120_000],
    ['00005', 5_000],
    ['86400', RETRY_AFTER_MAX_MS],
    ['86401', RETRY_AFTER_MAX_MS],
    ['99999999999999999999999999', RETRY_AFTER_MAX_MS],
    ['Sun, 22 Nov 2026 12:00:30 GMT', 30_000],
    ['Sunday, 22-Nov-26 12:01:00 GMT', 60_000],
    ['Sun Nov 22 12:00:05 2026', 5_000],
    ['Tue Dec  1 12:00:05 2026', RETRY_AFTER_MAX_MS],
    ['Sun, 22 Nov 2026 12:00:60 GMT', 60_000],
    ['Mon, 23 Nov 2026 12:00:00 GMT', RETRY_AFTER_MAX_MS],
    ['Fri, 01 Jan 2100 00:00:00 GMT', RETRY_AFTER_MAX_MS],
  ])('%s', (header, expected) => {
    expect(retryAfterMs(header, NOW_MS)).toBe(expected);
  });
});

describe('what says nothing is ignored', () => {
  test.each<[string, string | undefined]>([
    ['no header', undefined],
    ['an empty one', ''],
    ['zero', '0'],
    ['a negative number', '-5'],
    ['a fraction', '1.5'],
    ['a word', 'soon'],
    ['a number with a unit', '5s'],
    ['two values', '5, 10'],
    ['hexadecimal', '0x10'],
    ['a time that is over', 'Sun, 22 Nov 2026 11:59:59 GMT'],
    ['now', 'Sun, 22 Nov 2026 12:00:00 GMT'],
    ['two digits that mean the last century', 'Sunday, 06-Nov-94 08:49:37 GMT'],
    ['a day that is none', 'Tue, 31 Nov 2026 12:00:00 GMT'],
    ['no day at all', 'Tue, 00 Dec 2026 12:00:00 GMT'],
    ['an hour that is none', 'Sun, 22 Nov 2026 24:00:00 GMT'],
    ['another time zone', 'Sun, 22 Nov 2026 13:00:00 CET'],
    ['ISO 8601', '2026-11-22T13:00:00Z'],
    ['a date with something behind', 'Sun, 22 Nov 2026 12:00:30 GMT, 5'],
  ])('%s', (_what, header) => {
    expect(retryAfterMs(header, NOW_MS)).toBeUndefined();
  });
});

test('two digits are a year of at most 50 years ahead', () => {
  expect(retryAfterMs('Sunday, 22-Nov-76 12:00:00 GMT', NOW_MS)).toBe(RETRY_AFTER_MAX_MS);
  expect(retryAfterMs('Sunday, 22-Nov-77 12:00:00 GMT', NOW_MS)).toBeUndefined();
});
