import { beforeEach, describe, expect, test } from '@jest/globals';
import { Pace, type Impression } from './pace.js';

const NOW = { nowMs: 1_000_000, random: 0 };
const ARRIVED: Impression = { outcome: 'arrived', durationMs: 10, wasProbe: false };
const FAILED: Impression = { ...ARRIVED, outcome: 'failed' };
const PROBE: Impression = { ...FAILED, wasProbe: true };

let pace: Pace;

beforeEach(() => {
  pace = new Pace(10);
});

describe('the window', () => {
  test.each<[string, Impression[], number]>([
    ['begins with two', [], 2],
    ['doubles', [ARRIVED], 4],
    ['up to what is allowed', [ARRIVED, ARRIVED, ARRIVED, ARRIVED], 10],
    ['falls to one with a time-out', [ARRIVED, ARRIVED, { ...FAILED, outcome: 'timeout' }], 1],
    ['stays with other failures', [ARRIVED, FAILED], 4],
    ['grows again after a time-out', [{ ...FAILED, outcome: 'timeout' }, ARRIVED], 2],
    ['is one while the breaker is open', [ARRIVED, FAILED, FAILED, FAILED, FAILED, FAILED], 1],
    ['begins anew when the breaker closes', [ARRIVED, FAILED, FAILED, FAILED, FAILED, FAILED, ARRIVED], 2],
  ])('%s', (_what, impressions, expected) => {
    for (const impression of impressions) pace.learn(impression, NOW);
    expect(pace.atOnce).toBe(expected);
  });

  test('is never above what is allowed', () => {
    expect(new Pace(1).atOnce).toBe(1);
  });
});

describe('the breaker', () => {
  test('opens with the fifth failure in a row, also when others made the first four', () => {
    pace.lease({ failures: 4, wasBusy: false }, 0);
    expect(pace.isOpen).toBe(false);
    expect(pace.learn(FAILED, NOW)).toBe(NOW.nowMs + 5_000);
    expect(pace.isOpen).toBe(true);
    expect(pace.pausedUntilMs).toBe(NOW.nowMs + 5_000);
    expect(pace.isPauseOnRecord).toBe(true);
  });

  test('what was under way when it opened lengthens no pause, a probe does', () => {
    pace.lease({ failures: 4, wasBusy: false }, 0);
    pace.learn(FAILED, NOW);
    for (let late = 1; late <= 9; late++) {
      expect(pace.learn(FAILED, { ...NOW, nowMs: NOW.nowMs + 100 })).toBe(NOW.nowMs + 5_000);
    }
    expect(pace.learn(PROBE, NOW)).toBe(NOW.nowMs + 10_000);
    expect(pace.learn(PROBE, NOW)).toBe(NOW.nowMs + 20_000);
  });

  test.each([
    ['the fifth, and nine that may have been under way', 14, 10_000],
    ['one probe for certain', 15, 20_000],
    ['five', 19, 5 * 60_000],
  ])('of what is on record only what was certainly a probe lengthens the pause: %s', (_what, failures, expectedMs) => {
    pace.lease({ failures, wasBusy: false }, 0);
    expect(pace.learn(PROBE, NOW)).toBe(NOW.nowMs + expectedMs);
  });

  test('begins with its first pause when it opens again', () => {
    pace.lease({ failures: 30, wasBusy: false }, 0);
    pace.learn(PROBE, NOW);
    pace.learn({ ...ARRIVED, wasProbe: true }, NOW);
    const later = { ...NOW, nowMs: NOW.nowMs + 3_600_000 };
    for (let failure = 1; failure < 5; failure++) expect(pace.learn(FAILED, later)).toBeUndefined();
    expect(pace.learn(FAILED, later)).toBe(later.nowMs + 5_000);
  });

  test('closes with what arrives', () => {
    pace.lease({ failures: 7, wasBusy: false }, 0);
    const untilMs = pace.learn(PROBE, NOW)!;
    pace.learn({ ...ARRIVED, wasProbe: true }, { ...NOW, nowMs: untilMs });
    expect(pace.isOpen).toBe(false);
    expect(pace.pausedUntilMs).toBeLessThanOrEqual(untilMs);
  });

  test('closes with what was under way when it opened, but the pause stands', () => {
    pace.lease({ failures: 4, wasBusy: false }, 0);
    const untilMs = pace.learn(FAILED, NOW);
    pace.learn(ARRIVED, NOW);
    expect(pace.isOpen).toBe(false);
    expect(pace.pausedUntilMs).toBe(untilMs);
    expect(pace.isPauseOnRecord).toBe(true);
  });
});

describe('a wait that was asked for', () => {
  test('pauses from the first failure on, and stands, on record, while others arrive', () => {
    expect(pace.learn({ ...FAILED, retryAfterMs: 60_000 }, NOW)).toBe(NOW.nowMs + 60_000);
    expect(pace.isPauseOnRecord).toBe(true);
    pace.learn(ARRIVED, NOW);
    expect(pace.pausedUntilMs).toBe(NOW.nowMs + 60_000);
    expect(pace.isPauseOnRecord).toBe(true);
  });

  test('is not shortened by a shorter one', () => {
    pace.learn({ ...FAILED, retryAfterMs: 60_000 }, NOW);
    expect(pace.learn({ ...FAILED, retryAfterMs: 1_000 }, NOW)).toBe(NOW.nowMs + 60_000);
  });
});

test('an endpoint is slow after a request of a second, until it answers quickly', () => {
  pace.learn({ ...ARRIVED, durationMs: 1_000 }, NOW);
  expect(pace.isSlow).toBe(true);
  pace.learn(ARRIVED, NOW);
  expect(pace.isSlow).toBe(false);
});
