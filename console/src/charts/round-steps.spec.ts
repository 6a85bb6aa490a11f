import { expect, test } from '@jest/globals';
import { roundSteps } from './round-steps.js';

test.each([
  [4, [0, 1, 2, 3, 4]],
  [5, [0, 1, 2, 3, 4, 5]],
  [17, [0, 5, 10, 15, 20]],
  [100, [0, 20, 40, 60, 80, 100]],
  [1_284, [0, 500, 1_000, 1_500]],
])('Up to %d the marks stand at round numbers', (most, marks) => {
  expect(roundSteps(most)).toEqual({ end: marks.at(-1), marks });
});

test('There is always room for the most, and there are neither one nor many steps', () => {
  for (let most = 4; most < 20_000; most += 7) {
    const { end, marks } = roundSteps(most);
    expect(end).toBeGreaterThanOrEqual(most);
    expect(marks.length).toBeGreaterThanOrEqual(3);
    expect(marks.length).toBeLessThanOrEqual(8);
  }
});
