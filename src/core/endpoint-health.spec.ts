import { describe, expect, test } from '@jest/globals';
import { judgeHealth, type Ailment, type FailureLimits } from './endpoint-health.js';

const HOUR_MS = 3_600_000;
const BY_TIME: FailureLimits = { hours: 120, attemptsMin: 10 };
const BY_COUNT: FailureLimits = { ...BY_TIME, count: 20 };

function ailing(hours: number, failures: number, failedFirings = 1, warned = 0): Ailment {
  return { failures, failedFirings, failingForMs: hours * HOUR_MS, warned };
}

describe('time', () => {
  test.each<[string, Ailment, object]>([
    ['nothing much yet', ailing(1, 100), { kind: 'fine' }],
    ['just below half', ailing(59.9, 100), { kind: 'fine' }],
    ['half', ailing(60, 100), { kind: 'warn', percent: 50, limit: '120 hours' }],
    ['half, told already', ailing(60, 100, 1, 50), { kind: 'fine' }],
    ['three quarters', ailing(90, 100, 1, 50), { kind: 'warn', percent: 75, limit: '120 hours' }],
    ['nine tenths', ailing(108, 100, 1, 75), { kind: 'warn', percent: 90, limit: '120 hours' }],
    ['nine tenths at once', ailing(108, 100), { kind: 'warn', percent: 90, limit: '120 hours' }],
    ['all but a moment, told', ailing(119.99, 100, 1, 90), { kind: 'fine' }],
    ['all of it', ailing(120, 100), { kind: 'fail', reason: 'All 100 attempts of the last 120 hours failed.' }],
    ['all of it after ten attempts', ailing(500, 10), expect.objectContaining({ kind: 'fail' })],
    ['all of it, but nine attempts', ailing(500, 9, 1, 75), { kind: 'warn', percent: 90, limit: '120 hours' }],
    ['all of it, but four attempts', ailing(500, 4), { kind: 'fine' }],
    ['a clock that went back', ailing(-5, 100), { kind: 'fine' }],
  ])('%s', (_what, ailment, expected) => {
    expect(judgeHealth(ailment, BY_TIME)).toEqual(expected);
  });
});

describe('count, if there is such a limit', () => {
  test.each<[string, Ailment, FailureLimits, object]>([
    ['no limit', ailing(1, 5_000, 1_000), BY_TIME, { kind: 'fine' }],
    ['below half', ailing(1, 50, 9), BY_COUNT, { kind: 'fine' }],
    ['half', ailing(1, 50, 10), BY_COUNT, { kind: 'warn', percent: 50, limit: '20 firings' }],
    ['nine tenths', ailing(1, 50, 18, 75), BY_COUNT, { kind: 'warn', percent: 90, limit: '20 firings' }],
    ['reached', ailing(1, 50, 20), BY_COUNT, { kind: 'fail', reason: '20 firings in a row failed.' }],
    ['one', ailing(0, 1, 1), { ...BY_TIME, count: 1 }, expect.objectContaining({ kind: 'fail' })],
    ['time is nearer', ailing(90, 50, 10), BY_COUNT, { kind: 'warn', percent: 75, limit: '120 hours' }],
    ['time is over first', ailing(120, 50, 10), BY_COUNT, expect.objectContaining({ kind: 'fail' })],
  ])('%s', (_what, ailment, limits, expected) => {
    expect(judgeHealth(ailment, limits)).toEqual(expected);
  });
});
