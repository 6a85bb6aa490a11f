import { describe, expect, test } from '@jest/globals';
import { hoursPerSlot, slotLengthText, slotsOf, slotTime, tickText } from './time-slots.js';
import type { Hour } from './time-slots.js';

const HOUR_MS = 3_600_000;
const START_MS = Date.parse('2026-01-14T12:20:00Z');

/** Hours as the API tells them: the first begins where the range does, the others on the hour. */
function hoursOf(count: number): Hour[] {
  return Array.from({ length: count }, (_, n) => {
    const startMs = n === 0 ? START_MS : Math.floor(START_MS / HOUR_MS + n) * HOUR_MS;
    return { hour: new Date(startMs).toISOString(), delivered: n + 1, failed: n % 3 };
  });
}

describe('bars', () => {
  test('are single hours while they fit', () => {
    const untilMs = START_MS + 24 * HOUR_MS;
    const slots = slotsOf(hoursOf(25), untilMs, 25);
    expect(slots).toHaveLength(25);
    expect(slots[0]).toMatchObject({ startMs: START_MS, endMs: Date.parse('2026-01-14T13:00:00Z') });
    expect(slots.at(-1)).toMatchObject({ endMs: untilMs, delivered: 25 });
  });

  test.each([
    [25, 24, 13],
    [169, 40, 29],
    [169, 10, 8],
    [721, 10, 31],
  ])('%i hours of which %i fit are %i bars', (hours, most, bars) => {
    expect(slotsOf(hoursOf(hours), START_MS + (hours - 1) * HOUR_MS, most)).toHaveLength(bars);
  });

  test.each([1, 2, 7, 13, 40, 200])('lose nothing, leave no gap and begin at whole times when %i fit', (most) => {
    const hours = hoursOf(169);
    const untilMs = START_MS + 168 * HOUR_MS;
    const slots = slotsOf(hours, untilMs, most);
    for (const kind of ['delivered', 'failed'] as const) {
      const sum = (rows: readonly Record<typeof kind, number>[]) => rows.reduce((total, row) => total + row[kind], 0);
      expect(sum(slots)).toBe(sum(hours));
    }
    const length = slots[1]!.endMs - slots[1]!.startMs;
    expect(slots.slice(1).filter(({ startMs }) => startMs % length !== 0)).toEqual([]);
    expect(slots.slice(1).map(({ startMs }) => startMs)).toEqual(slots.slice(0, -1).map(({ endMs }) => endMs));
  });

  test('of no hours are none', () => expect(slotsOf([], START_MS, 24)).toEqual([]));
});

test.each([
  [25, 36, 'hour'],
  [169, 40, '6 hours'],
  [169, 140, '2 hours'],
  [721, 40, 'day'],
])('of %i hours of which %i fit a bar is called %s', (hours, most, text) => {
  expect(slotLengthText(hoursPerSlot(hours, most))).toBe(text);
});

describe('times', () => {
  test.each([
    ['2026-01-14T13:00:00Z', '2026-01-14T14:00:00Z', false, '13:00–14:00'],
    ['2026-01-14T12:20:00Z', '2026-01-14T13:00:00Z', true, '14 Jan 12:20–13:00'],
    ['2026-01-14T18:00:00Z', '2026-01-15T00:00:00Z', true, '14 Jan 18:00–24:00'],
  ])('from %s to %s, day %s, read %s', (start, end, withDay, text) => {
    expect(slotTime({ startMs: Date.parse(start), endMs: Date.parse(end) }, withDay)).toBe(text);
  });

  test.each([
    ['2026-01-15T00:00:00Z', '15 Jan'],
    ['2026-01-15T06:00:00Z', '06:00'],
  ])('below a bar that begins at %s stands %s', (start, text) => expect(tickText(Date.parse(start))).toBe(text));
});
