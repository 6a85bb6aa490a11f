import { describe, expect, test } from '@jest/globals';
import {
  type Comparison,
  comparisonRow,
  inTurn,
  isReached,
  isWithin,
  limitRow,
  ratioOf,
  type Round,
  short,
  type Target,
} from './comparison.js';

describe('rounds', () => {
  test('take turns, and so does who begins', async () => {
    const order: string[] = [];
    const measure = (name: string, value: number) => () => {
      order.push(name);
      return Promise.resolve(value);
    };
    const sides = { floor: measure('floor', 1), ours: measure('ours', 2) };
    const rounds = await inTurn(3, sides, () => undefined);
    expect(order).toEqual(['floor', 'ours', 'ours', 'floor', 'floor', 'ours']);
    expect(rounds).toEqual(Array.from({ length: 3 }, () => ({ floor: 1, ours: 2 })));
  });

  test('are told of as they end', async () => {
    const lines: string[] = [];
    const sides = { floor: () => Promise.resolve(200), ours: () => Promise.resolve(150) };
    await inTurn(1, sides, (line) => lines.push(line));
    expect(lines).toEqual(['  round 1 of 1: floor 200, ours 150, ratio 0.75']);
  });

  test('end with what a side throws', async () => {
    const sides = { floor: () => Promise.resolve(1), ours: () => Promise.reject(new Error('gone')) };
    await expect(inTurn(1, sides, () => undefined)).rejects.toThrow('gone');
  });
});

describe('a comparison', () => {
  test('is the median of the ratios of rounds, not the ratio of medians', () => {
    const rounds = roundsOf([100, 90], [200, 100], [50, 30]);
    expect(ratioOf({ rounds })).toBeCloseTo(0.6);
  });

  test('is hardly moved by one disturbed round', () => {
    expect(ratioOf({ rounds: roundsOf([100, 80], [100, 81], [100, 5]) })).toBe(0.8);
  });

  test.each<[target: Target, ours: number, is: boolean]>([
    [{ kind: 'at least', ratio: 0.8 }, 80, true],
    [{ kind: 'at least', ratio: 0.8 }, 79, false],
    [{ kind: 'at most', ratio: 1.3 }, 130, true],
    [{ kind: 'at most', ratio: 1.3 }, 131, false],
  ])('with %j, %p of 100: %p', (target, ours, is) => {
    expect(isReached(comparisonOf(target, [100, ours]))).toBe(is);
  });

  test('without a number reaches nothing', () => {
    expect(isReached(comparisonOf({ kind: 'at least', ratio: 0 }))).toBe(false);
    expect(isReached(comparisonOf({ kind: 'at most', ratio: 9 }, [0, 0]))).toBe(false);
  });

  test('is shown with medians, ratios from lowest to highest, and what it must be', () => {
    const comparison = comparisonOf({ kind: 'at least', ratio: 0.8 }, [100, 70], [200, 180], [300, 180]);
    expect(comparisonRow(comparison)).toEqual([
      ...['what', 'requests/s', '200', '180', '**0.7** (0.6 to 0.9)', 'at least 0.8', '**no**'],
    ]);
  });
});

describe('a limit', () => {
  const limit = { what: 'memory', unit: 'bytes', atMost: 120 };

  test.each<[values: number[], is: boolean]>([
    [[120], true],
    [[121], false],
    [[10, 110, 500], true],
    [[10, 130, 500], false],
    [[], false],
  ])('of 120, values %j: %p', (values, is) => {
    expect(isWithin({ ...limit, values })).toBe(is);
  });

  test('is shown without a floor', () => {
    const row = limitRow({ ...limit, values: [30, 10, 20] });
    expect(row).toEqual(['memory', 'bytes', '', '**20** (10 to 30)', '', 'at most 120', 'yes']);
  });
});

test.each<[value: number, text: string]>([
  [1234.56, '1235'],
  [99.96, '100'],
  [1.2345, '1.23'],
  [0.012345, '0.0123'],
  [0, '0'],
  [NaN, '–'],
  [Infinity, '–'],
])('%p is written as %p', (value, text) => {
  expect(short(value)).toBe(text);
});

function comparisonOf(target: Target, ...pairs: [floor: number, ours: number][]): Comparison {
  return { what: 'what', unit: 'requests/s', rounds: roundsOf(...pairs), target };
}

function roundsOf(...pairs: [floor: number, ours: number][]): Round[] {
  return pairs.map(([floor, ours]) => ({ floor, ours }));
}
