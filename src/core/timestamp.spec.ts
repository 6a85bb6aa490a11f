import { expect, test } from '@jest/globals';
import { random } from '../../test/support/random.js';
import { isTimestamp, timeOf, timestampOf } from './timestamp.js';

// The first of all: no time was found yet that could be taken for the same text.
test('no text is no time, also before there was any', () => {
  expect(isTimestamp('')).toBe(false);
});

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

const RFC_3339 = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.\d+)?(?:Z|[+-](\d\d):(\d\d))$/;

/** The rule as it is written, slowly. */
function isTimestampSlowly(text: string): boolean {
  const match = RFC_3339.exec(text);
  if (!match) return false;
  const [year, month, day, hour, minute, second, zoneHour = 0, zoneMinute = 0] = match
    .slice(1)
    .map((s) => Number(s ?? 0));
  const lastDay = new Date(Date.UTC(2000 + (year! % 400), month, 0)).getUTCDate();
  const isDate = month! >= 1 && month! <= 12 && day! >= 1 && day! <= lastDay;
  return isDate && hour! <= 23 && minute! <= 59 && second! <= 59 && zoneHour <= 23 && zoneMinute <= 59;
}

test.each(['', '.', '2026-01-15T12:00:00', '2026-01-15T12:00:00.Z', '2026-01-15T12:00:00Z ', '2026-01-15t12:00:00z'])(
  '%j is no time',
  (text) => {
    expect(isTimestamp(text)).toBe(false);
  },
);

test('what is a time is what the rule says, for 100,000 texts that are nearly one, each asked for twice', () => {
  const dice = random(3339);
  const two = (limit: number) => String(dice.below(limit)).padStart(2, '0');
  const counts = { true: 0, false: 0 };
  for (let round = 0; round < 100_000; round++) {
    const date = `${['2023', '2024', '1900', '2000', '0000'][dice.below(5)]}-${two(14)}-${two(33)}`;
    const fraction = ['', '', '.5', '.123456789'][dice.below(4)]!;
    const zone = ['Z', 'Z', `+${two(25)}:${two(61)}`, `-${two(24)}:${two(60)}`][dice.below(4)]!;
    let text = `${date}T${two(25)}:${two(61)}:${two(61)}${fraction}${zone}`;
    if (dice.below(2) === 0) {
      const at = dice.below(text.length + 1);
      text = text.slice(0, at) + [...'0129-+:.TZz ٣', ''][dice.below(14)]! + text.slice(at + dice.below(2));
    }
    const expected = isTimestampSlowly(text);
    counts[`${expected}`] += 1;
    if (isTimestamp(text) !== expected || isTimestamp(text) !== expected) expect(text).toBe(expected);
  }
  expect(Math.min(counts.true, counts.false)).toBeGreaterThan(10_000);
});

test('a time is written as a date writes itself, the same as before or another', () => {
  const times = [0, 0, 1, 0, Date.UTC(2026, 0, 15, 12), -1].map((ms) => [timestampOf(ms), new Date(ms).toISOString()]);
  for (const [text, expected] of times) expect(text).toBe(expected);
});
