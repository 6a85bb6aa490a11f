import { describe, expect, test } from '@jest/globals';
import { barAfterKey, barAt, geometryOf, readingPlace, slotsThatFit } from './hour-geometry.js';
import type { Slot } from './time-slots.js';

const HOUR_MS = 3_600_000;
const START_MS = Date.parse('2026-01-14T00:00:00Z');
const SIZE = { width: 600, height: 168 };

function slots(count: number, hoursEach = 1): Slot[] {
  return Array.from({ length: count }, (_, n) => ({
    startMs: START_MS + n * hoursEach * HOUR_MS,
    endMs: START_MS + (n + 1) * hoursEach * HOUR_MS,
    delivered: (n * 7) % 30,
    failed: n % 5,
  }));
}

describe('a bar', () => {
  test.each([280, 600, 1_200])('stays within a chart that is %i px wide', (width) => {
    for (const { x, width: own, delivered, failed } of geometryOf(slots(24), { ...SIZE, width }).bars) {
      expect(x).toBeGreaterThan(0);
      expect(x + own).toBeLessThanOrEqual(width);
      expect(Math.min(delivered.y, failed.y)).toBeGreaterThanOrEqual(0);
      expect(delivered.y + delivered.height).toBeCloseTo(SIZE.height - 22);
    }
  });

  test('is as high as its numbers, and what was not delivered stands on top', () => {
    const [one, two] = geometryOf(
      [
        { startMs: 0, endMs: HOUR_MS, delivered: 10, failed: 0 },
        { startMs: HOUR_MS, endMs: 2 * HOUR_MS, delivered: 20, failed: 20 },
      ],
      SIZE,
    ).bars;
    expect(two!.delivered.height).toBeCloseTo(2 * one!.delivered.height);
    expect(two!.failed.y + two!.failed.height).toBeCloseTo(two!.delivered.y - 1);
    expect(one!.failed.height).toBe(0);
  });

  test('shows one failure among thousands', () => {
    const [bar] = geometryOf([{ startMs: 0, endMs: HOUR_MS, delivered: 100_000, failed: 1 }], SIZE).bars;
    expect(bar!.failed.height).toBeGreaterThanOrEqual(3);
  });

  test('of nothing has no height, and the scale goes to 4', () => {
    const { bars, lines } = geometryOf([{ startMs: 0, endMs: HOUR_MS, delivered: 0, failed: 0 }], SIZE);
    expect([bars[0]!.delivered.height, bars[0]!.failed.height]).toEqual([0, 0]);
    expect(lines.at(-1)!.value).toBe(4);
  });
});

describe('times below', () => {
  test.each([
    [24, 1, 280],
    [24, 1, 1_200],
    [28, 6, 280],
    [31, 24, 320],
  ])('of %i bars of %i hours do not touch at %i px', (count, hoursEach, width) => {
    const { labels } = geometryOf(slots(count, hoursEach), { ...SIZE, width });
    expect(labels.length).toBeGreaterThan(1);
    for (const [at, { x }] of labels.entries()) {
      if (at > 0) expect(x - labels[at - 1]!.x).toBeGreaterThanOrEqual(50);
      expect(x).toBeLessThan(width - 15);
    }
  });
});

describe('the label of a bar', () => {
  test.each([280, 600])('has room for itself wherever the bar is, at %i px', (width) => {
    const geometry = geometryOf(slots(24), { ...SIZE, width });
    for (const at of geometry.bars.keys()) {
      const { maxWidth } = readingPlace(geometry, at, width);
      expect(maxWidth).toBeGreaterThanOrEqual(width / 2 - 20);
      expect(maxWidth).toBeLessThanOrEqual(width);
    }
  });

  test('is to the right of the first bar and to the left of the last', () => {
    const geometry = geometryOf(slots(24), SIZE);
    expect([readingPlace(geometry, 0, 600), readingPlace(geometry, 23, 600)]).toEqual([
      expect.objectContaining({ left: expect.any(Number) }),
      expect.objectContaining({ right: expect.any(Number) }),
    ]);
  });
});

describe('reading', () => {
  test.each([
    ['ArrowLeft', null, 23],
    ['ArrowLeft', 0, 0],
    ['ArrowRight', null, 0],
    ['ArrowRight', 22, 23],
    ['ArrowRight', 23, 23],
    ['Home', 5, 0],
    ['End', 5, 23],
    ['Escape', 5, null],
    ['Escape', null, undefined],
    ['a', 5, undefined],
  ])('%s after %s reads %s', (key, at, then) => expect(barAfterKey(key, at, 24)).toBe(then));

  test('by pointer finds the bar below it, and none beside them', () => {
    const geometry = geometryOf(slots(24), SIZE);
    const middle = ({ x, width }: { x: number; width: number }) => x + width / 2;
    expect(geometry.bars.map((bar) => barAt(geometry, middle(bar)))).toEqual([...geometry.bars.keys()]);
    expect([barAt(geometry, 3), barAt(geometry, 601)]).toEqual([null, null]);
  });

  test.each([
    [280, 34],
    [20, 1],
  ])('at %i px %i bars fit', (width, count) => expect(slotsThatFit(width)).toBe(count));
});
