import { expect, test } from '@jest/globals';
import { BREAKER_PAUSE_MAX_MS, breakerPauseMs, failedProbesMin, isBreakerOpen } from './circuit-breaker.js';

test.each([
  [0, 5_000],
  [1, 10_000],
  [2, 20_000],
  [5, 160_000],
  [6, BREAKER_PAUSE_MAX_MS],
  [100_000, BREAKER_PAUSE_MAX_MS],
])('after %i failed probes the pause is %i ms', (failedProbes, pauseMs) => {
  expect(breakerPauseMs(failedProbes, 0)).toBe(pauseMs);
  expect(breakerPauseMs(failedProbes, 0.999)).toBeGreaterThanOrEqual(pauseMs * 0.9);
  expect(breakerPauseMs(failedProbes, 0.5)).toBe(pauseMs * 0.95);
});

test.each([
  [4, 1, false, 0],
  [5, 1, true, 0],
  [6, 1, true, 1],
  [6, 10, true, 0],
  [14, 10, true, 0],
  [15, 10, true, 1],
])(
  'of %i failures in a row, where %i may go at once: open %s, at least %i probes',
  (failures, atOnceMax, isOpen, min) => {
    expect(isBreakerOpen(failures)).toBe(isOpen);
    expect(failedProbesMin(failures, atOnceMax)).toBe(min);
  },
);
