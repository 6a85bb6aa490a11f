import { describe, expect, test } from '@jest/globals';
import { compileCondition } from './condition.js';
import { afterFiring, evaluate } from './evaluate.js';
import { ZERO_LOCATION, ZERO_TIME, type SignalSample } from './sample.js';
import { decodeReading, EMPTY_STATE, encodeReading, type State } from './state.js';

const START_MS = Date.UTC(2026, 0, 15, 12);

const speed = (valueNumber: number): SignalSample => ({
  kind: 'signal',
  vehicle: 'did:erc721:137:0xbA5738a18d83D41847dfFbDC6101d37C69c9B0cF:12345',
  name: 'speed',
  index: 0,
  timestamp: '2026-01-15T12:00:00Z',
  source: '0xF26421509Efe92861a587482100c6d728aBf1CD0',
  producer: '',
  valueNumber,
  valueString: '',
  valueLocation: ZERO_LOCATION,
});

/** Feeds [second, speed] pairs to one trigger and gives each one's outcome. */
function run(condition: string, cooldownSeconds: number, arrivals: [second: number, speed: number][]): string[] {
  const rule = { condition: compileCondition('number', condition), cooldownMs: cooldownSeconds * 1000 };
  let state: State = EMPTY_STATE;
  return arrivals.map(([second, value]) => {
    const arrivalMs = START_MS + second * 1000;
    const outcome = evaluate(rule, state, speed(value), arrivalMs);
    if (outcome.kind === 'fired') state = afterFiring(state, speed(value), arrivalMs);
    return outcome.kind;
  });
}

describe('the cool-down', () => {
  test.each<[string, number, [number, number][], string[]]>([
    [
      '0 fires every time',
      0,
      [
        [0, 60],
        [0, 60],
        [1, 60],
      ],
      ['fired', 'fired', 'fired'],
    ],
    [
      'ends exactly when it is over',
      30,
      [
        [0, 60],
        [29.999, 60],
        [30, 60],
      ],
      ['fired', 'cooling', 'fired'],
    ],
    [
      'counts from the last firing, not from samples in between',
      30,
      [
        [0, 60],
        [20, 60],
        [30, 60],
      ],
      ['fired', 'cooling', 'fired'],
    ],
    [
      'is not started by a sample that does not meet the condition',
      30,
      [
        [0, 10],
        [1, 60],
      ],
      ['not_met', 'fired'],
    ],
    [
      'holds for records that arrive with an earlier time',
      30,
      [
        [100, 60],
        [90, 60],
        [70, 60],
      ],
      ['fired', 'cooling', 'fired'],
    ],
    [
      'does not hide that a condition is not met',
      30,
      [
        [0, 60],
        [1, 10],
      ],
      ['fired', 'not_met'],
    ],
  ])('%s', (_, cooldownSeconds, arrivals, outcomes) => {
    expect(run('value > 55', cooldownSeconds, arrivals)).toEqual(outcomes);
  });

  test('one record from a clock far ahead blocks nothing for good', () => {
    const yearAhead = 365 * 86_400;
    expect(
      run('value > 55', 30, [
        [yearAhead, 60],
        [0, 60],
        [10, 60],
      ]),
    ).toEqual(['fired', 'fired', 'cooling']);
  });
});

describe('previousValue', () => {
  test.each<[string, [number, number][], string[]]>([
    [
      'value > 55 && value != previousValue',
      [
        [0, 60],
        [1, 60],
        [2, 50],
        [3, 60],
        [4, 61],
      ],
      ['fired', 'not_met', 'not_met', 'not_met', 'fired'],
    ],
    [
      'value < previousValue',
      [
        [0, 60],
        [1, 50],
      ],
      ['not_met', 'not_met'],
    ],
    [
      'value - previousValue >= 10',
      [
        [0, 10],
        [1, 19],
        [2, 20],
      ],
      ['fired', 'not_met', 'fired'],
    ],
  ])('%s is about the sample that fired last', (condition, arrivals, outcomes) => {
    expect(run(condition, 0, arrivals)).toEqual(outcomes);
  });
});

describe('the age of a sample', () => {
  const NOON = Date.UTC(2026, 0, 15, 12);
  const outcomeOf = (timestamp: string, arrivalMs: number, maxSampleAgeMs: number | null, condition = 'value > 55') => {
    const rule = { condition: compileCondition('number', condition), cooldownMs: 0, maxSampleAgeMs };
    return evaluate(rule, EMPTY_STATE, { ...speed(60), timestamp }, arrivalMs).kind;
  };

  test.each<[string, string, number, number | null, string]>([
    ['as old as allowed', '2026-01-15T11:59:00Z', NOON, 60_000, 'fired'],
    ['a ms too old', '2026-01-15T11:58:59.999Z', NOON, 60_000, 'stale'],
    ['in another zone', '2026-01-15T13:58:59.5+02:00', NOON, 60_000, 'stale'],
    ['with more digits than a ms has', '2026-01-15T11:59:00.000000001Z', NOON, 60_000, 'fired'],
    ['years old where any age will do', '2001-01-15T12:00:00Z', NOON, null, 'fired'],
    ['without a time of its own', ZERO_TIME, NOON, 1_000, 'fired'],
    ['without a time of its own, spelled otherwise', '0001-01-01T00:00:00.000Z', NOON, 1_000, 'fired'],
    ['from the future', '2031-01-15T12:00:00Z', NOON, 1_000, 'fired'],
    ['of a record without a time', '2026-01-15T12:00:00Z', 0, 1_000, 'fired'],
  ])('%s', (_, timestamp, arrivalMs, maxSampleAgeMs, outcome) => {
    expect(outcomeOf(timestamp, arrivalMs, maxSampleAgeMs)).toBe(outcome);
  });

  test('is looked at before the condition, which may fail', () => {
    expect(outcomeOf('2026-01-15T11:00:00Z', NOON, 60_000, 'valueNumber < 55')).toBe('stale');
  });
});

test('an evaluation that fails is an outcome with its reason, and fires nothing', () => {
  const rule = {
    condition: compileCondition('event', 'durationNs != 5 || durationNs / (durationNs - 5) > 1'),
    cooldownMs: 0,
  };
  const event = { ...speed(0), kind: 'event' as const, metadata: '', durationNs: 5n, tags: [] };
  expect(evaluate(rule, EMPTY_STATE, event, START_MS)).toEqual({
    kind: 'failed',
    code: expect.any(String),
    message: expect.any(String),
  });
});

test('firing counts, keeps the version for the commit to check, and remembers nothing of the sample but its reading', () => {
  const state = { ...EMPTY_STATE, version: 4, sequence: 7 };
  expect(afterFiring(state, speed(60), START_MS)).toEqual({
    version: 4,
    sequence: 8,
    firedAtMs: START_MS,
    previous: {
      kind: 'signal',
      valueNumber: 60,
      valueString: '',
      valueLocation: ZERO_LOCATION,
      source: speed(60).source,
    },
  });
});

test.each([
  [
    {
      kind: 'signal' as const,
      valueNumber: -0.5,
      valueString: 'a"\\u0000',
      valueLocation: { latitude: 1, longitude: 2, hdop: 3, heading: 4 },
      source: 's',
    },
  ],
  [
    {
      kind: 'event' as const,
      name: 'n',
      source: 's',
      metadata: '{"a":1}',
      durationNs: 18446744073709551615n,
      tags: ['t'],
    },
  ],
])('a stored reading is read back exactly', (reading) => {
  expect(decodeReading(encodeReading(reading))).toEqual(reading);
});
