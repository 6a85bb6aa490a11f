import { describe, expect, test } from '@jest/globals';
import { builtInCatalog } from '../../core/catalog.js';
import { conditionTrial } from './condition-fields.js';
import { checkForMetric, tryCondition } from './conditions.js';

const speed = { service: 'telemetry.signals', metricName: 'speed' };

function attempt(trial: object) {
  return tryCondition(builtInCatalog, conditionTrial.parse({ ...speed, ...trial }));
}

describe('checking', () => {
  test('a condition that is accepted is shown as it would be evaluated', () => {
    expect(
      checkForMetric(builtInCatalog, { ...speed, condition: 'value = 55 && value != previousValue' }),
    ).toMatchObject({
      valid: true,
      normalized: 'value == 55 && value != previousValue',
      reading: 'Fires when speed is 55 km/h and speed differs from the last firing.',
      readsPrevious: true,
      cost: expect.any(Number),
      warnings: [expect.any(String)],
    });
  });

  test('a condition that is not accepted is no error of the request', () => {
    expect(checkForMetric(builtInCatalog, { ...speed, condition: 'value > 5 &&\nvalu < 9' })).toEqual({
      valid: false,
      warnings: [],
      error: { code: 'unknown_variable', message: expect.any(String), line: 2, column: 1, length: 4 },
    });
  });
});

describe('trying', () => {
  test.each([
    ['above the limit', 'value > 55', { sample: { value: 59 } }, 'fired'],
    ['at the limit', 'value > 55', { sample: { value: 55 } }, 'not_met'],
    [
      'inside the cool-down',
      'value > 55',
      { sample: { value: 59 }, coolDownPeriod: 30, secondsSinceLastFiring: 29.9 },
      'cooling',
    ],
    [
      'at the end of the cool-down',
      'value > 55',
      { sample: { value: 59 }, coolDownPeriod: 30, secondsSinceLastFiring: 30 },
      'fired',
    ],
    ['never fired before', 'value > 55', { sample: { value: 59 }, coolDownPeriod: 30 }, 'fired'],
    [
      'not met inside the cool-down',
      'value > 55',
      { sample: { value: 5 }, coolDownPeriod: 30, secondsSinceLastFiring: 1 },
      'not_met',
    ],
    [
      'as old as allowed',
      'value > 55',
      { sample: { value: 59 }, maxSampleAgeSeconds: 60, sampleAgeSeconds: 60 },
      'fired',
    ],
    ['too old', 'value > 55', { sample: { value: 59 }, maxSampleAgeSeconds: 60, sampleAgeSeconds: 60.5 }, 'stale'],
    ['old where any age will do', 'value > 55', { sample: { value: 59 }, sampleAgeSeconds: 1e6 }, 'fired'],
    ['as before', 'value != previousValue', { sample: { value: 59 }, previous: { value: 59 } }, 'not_met'],
    ['other than before', 'value != previousValue', { sample: { value: 59 }, previous: { value: 60 } }, 'fired'],
    ['zero before the first firing', 'previousValue == 0', { sample: { value: 1 } }, 'fired'],
    ['its source', "source == 'me'", { sample: { value: 1, source: 'me' } }, 'fired'],
  ])('%s: %s', (_what, condition, trial, outcome) => {
    expect(attempt({ condition, ...trial })).toMatchObject({ outcome });
  });

  test.each([
    [{ metricName: 'powertrainType' }, "value == 'ELECTRIC'", { value: 'ELECTRIC' }],
    [
      { metricName: 'currentLocationCoordinates' },
      'value.latitude > 52.0 && value.heading == 0',
      { value: { latitude: 52.5, longitude: 13.4 } },
    ],
    [
      { service: 'events', metricName: 'HarshBraking' },
      'durationNs == 18446744073709551615u || durationNs > 5',
      { durationNs: '18446744073709551615' },
    ],
    [
      { service: 'events', metricName: 'behavior.harshBraking' },
      "name == 'behavior.harshBraking' && 'city' in tags",
      { tags: ['city'] },
    ],
  ])('%j takes %s', (metric, condition, sample) => {
    expect(attempt({ ...metric, condition, sample })).toMatchObject({ outcome: 'fired' });
  });

  test('the clauses say where they stand and what they were, null where nobody asked', () => {
    const condition = 'value > 55 && value < 60 || value == 1';
    expect(attempt({ condition, sample: { value: 50 } }).parts).toMatchObject([
      { text: 'value > 55', line: 1, column: 1, length: 10, value: false },
      { text: 'value < 60', line: 1, column: 15, length: 10, value: null },
      { text: 'value == 1', line: 1, column: 29, length: 10, value: false },
    ]);
  });

  test('while cooling it says how long', () => {
    const trial = { condition: 'true', sample: { value: 1 }, coolDownPeriod: 30, secondsSinceLastFiring: 10 };
    expect(attempt(trial)).toMatchObject({ outcome: 'cooling', coolingSeconds: 20 });
  });

  test('what cannot be evaluated says why', () => {
    expect(attempt({ condition: '10 / (int(value) - 3) > 1', sample: { value: 3 } })).toMatchObject({
      outcome: 'failed',
      error: { code: expect.any(String), message: expect.any(String) },
    });
  });
});
