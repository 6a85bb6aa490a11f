import { expect, test } from '@jest/globals';
import { isTimestamp, timeOf } from './timestamp.js';

test.each<[string, number | undefined]>([
  ['2026-01-15T12:00:00Z', Date.UTC(2026, 0, 15, 12)],
  ['2026-01-15T12:00:00.1Z', Date.UTC(2026, 0, 15, 12, 0, 0, 100)],
  ['2026-01-15T12:00:00.123999999999Z', Date.UTC(2026, 0, 15, 12, 0, 0, 123)],
  ['2026-01-15T12:00:00+05:30', Date.UTC(2026, 0, 15, 6, 30)],
  ['2024-02-29T23:59:59-12:00', Date.UTC(2024, 2, 1, 11, 59, 59)],
  ['9999-12-31T23:59:59.999Z', Date.UTC(9999, 11, 31, 23, 59, 59, 999)],
  ['0000-01-01T00:00:00Z', -62_167_219_200_000],
  ['0001-01-01T00:00:00Z', undefined],
  ['0001-01-01T00:00:00.000Z', undefined],
])('the time of %s is read as it is written', (text, expected) => {
  expect(isTimestamp(text)).toBe(true);
  expect(timeOf(text)).toBe(expected);
});
