import { expect, test } from '@jest/globals';
import { BREAKER_PAUSE_MAX_MS, breakerPauseMs, isBreakerOpen } from './circuit-breaker.js';

test.each([
  [0, false, 0],
  [4, false, 0],
  [5, true, 5_000],
  [6, true, 10_000],
  [7, true, 20_000],
  [10, true, 160_000],
  [11, true, BREAKER_PAUSE_MAX_MS],
  [100_000, true, BREAKER_PAUSE_MAX_MS],
])('after %i failures in a row it is open: %s, and the pause is %i ms', (failures, isOpen, pauseMs) => {
  expect(isBreakerOpen(failures)).toBe(isOpen);
  expect(breakerPauseMs(failures, 0)).toBe(pauseMs);
  expect(breakerPauseMs(failures, 0.999)).toBeGreaterThanOrEqual(pauseMs * 0.9);
  expect(breakerPauseMs(failures, 0.5)).toBe(pauseMs * 0.95);
});
