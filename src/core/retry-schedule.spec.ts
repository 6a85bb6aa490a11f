import { describe, expect, test } from '@jest/globals';
import { longestLifeMs, longestWaitMs, nextAttemptMs, parseRetrySchedule, RETRIES_MAX } from './retry-schedule.js';

const S = 1_000;
const M = 60 * S;
const H = 60 * M;

describe('a schedule is a name or a list of delays', () => {
  test.each([
    ['stepped', [M, 5 * M, 30 * M, 2 * H, 24 * H]],
    ['exponential', [30 * S, 60 * S, 120 * S, 240 * S, 480 * S]],
    ['standard', [5 * S, 5 * M, 30 * M, 2 * H, 5 * H, 10 * H, 14 * H, 20 * H, 24 * H]],
    ['1s,2s', [1 * S, 2 * S]],
    [' 10ms , 1m,48h ', [10, M, 48 * H]],
    ['0005s', [5 * S]],
  ])('%s', (text, delaysMs) => {
    expect(parseRetrySchedule(text)).toEqual({ kind: 'ok', schedule: { delaysMs } });
  });
});

describe('anything else is refused with the reason', () => {
  test.each([
    ['', '"" is none'],
    ['steped', '"steped" is none'],
    ['Stepped', '"Stepped" is none'],
    ['constructor', '"constructor" is none'],
    ['1s,', '"" is none'],
    ['1s;2s', '"1s;2s" is none'],
    ['1', '"1" is none'],
    ['-1s', '"-1s" is none'],
    ['1.5s', '"1.5s" is none'],
    ['1d', '"1d" is none'],
    ['1s,stepped', '"stepped" is none'],
    ['0s', 'from 10ms to 48h'],
    ['9ms', 'from 10ms to 48h'],
    ['49h', 'from 10ms to 48h'],
    ['1000000000s', 'is none'],
    [
      Array<string>(RETRIES_MAX + 1)
        .fill('1s')
        .join(','),
      'at most 20',
    ],
  ])('%s', (text, reason) => {
    expect(parseRetrySchedule(text)).toEqual({ kind: 'invalid', reason: expect.stringContaining(reason) });
  });
});

describe('the wait after an attempt', () => {
  const schedule = { delaysMs: [1_000, 60_000] };
  test.each([
    ['after the first attempt, the first delay', 1, 0, 1_000],
    ['after the second, the second', 2, 0, 60_000],
    ['at most a tenth is added', 2, 0.999999, 66_000],
    ['chance only adds', 1, 0.5, 1_050],
    ['after the last retry, none', 3, 0, undefined],
    ['a count beyond the schedule is over too', 300, 0, undefined],
  ])('%s', (_rule, attemptsMade, random, expected) => {
    expect(nextAttemptMs(schedule, attemptsMade, random)).toBe(expected);
  });
});

test('the longest life of a delivery is all delays with all chance, and every attempt timing out', () => {
  expect(longestLifeMs({ delaysMs: [1_000, 9_000] }, 500)).toBe(11_000 + 3 * 500);
  expect(longestLifeMs({ delaysMs: [] }, 500)).toBe(500);
  expect([longestWaitMs({ delaysMs: [1_000, 9_000] }), longestWaitMs({ delaysMs: [] })]).toEqual([11_000, 0]);
});
