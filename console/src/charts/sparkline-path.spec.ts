import { describe, expect, test } from '@jest/globals';
import { condensed, sparklinePaths } from './sparkline-path.js';

describe('a sparkline', () => {
  test.each([[[0, 0, 0]], [[7]], [[1, 900, 3]], [Array.from({ length: 721 }, (_, n) => n % 13)]])(
    'of %j stays in its box',
    (values) => {
      const { stroke, fill } = sparklinePaths(values);
      expect(`${stroke}${fill}`).not.toMatch(/NaN|Infinity/);
      const numbers = [...stroke.matchAll(/(-?[\d.]+),(-?[\d.]+)/g)].map(([, x, y]) => [Number(x), Number(y)]);
      expect(numbers.length).toBeGreaterThan(1);
      expect(numbers.filter(([x, y]) => x! < 0 || x! > 96 || y! < 0 || y! > 26)).toEqual([]);
    },
  );

  test('of nothing is nothing', () => expect(sparklinePaths([])).toEqual({ stroke: '', fill: '' }));

  test.each([1, 32, 33, 169, 721])('of %i hours has at most 32 points and all of their sum', (count) => {
    const points = condensed(Array.from({ length: count }, () => 3));
    expect(points.length).toBeLessThanOrEqual(32);
    expect(points.reduce((sum, value) => sum + value, 0)).toBe(3 * count);
  });
});
