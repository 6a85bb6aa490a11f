import { describe, expect, test } from '@jest/globals';
import { findMetric, metricByName, searchMetrics, unknownMetric, valueWords, type Metric } from './metric.js';

function signal(name: string, more: Partial<Metric> = {}): Metric {
  return {
    service: 'telemetry.signals',
    name,
    kind: 'number',
    unit: '',
    description: '',
    aliases: [],
    permissions: [],
    ...more,
  };
}

const METRICS: Metric[] = [
  signal('angularVelocityYaw', { description: 'Speed of turning' }),
  signal('obdRunTime'),
  signal('vehicleSpeedLimit', { unit: 'km/h' }),
  signal('speed', { unit: 'km/h', description: 'Speed' }),
  signal('powertrainType', { kind: 'text' }),
  { ...signal('behavior.harshBraking', { kind: 'event', aliases: ['HarshBraking'] }), service: 'telemetry.events' },
];

describe('finding what was registered', () => {
  test.each([
    ['telemetry.signals', 'speed', 'speed'],
    ['signals', 'vss.speed', 'speed'],
    ['signals.vss', 'speed', 'speed'],
    ['telemetry.events', 'behavior.harshBraking', 'behavior.harshBraking'],
    ['events.behavior', 'HarshBraking', 'behavior.harshBraking'],
    ['events', 'speed', undefined],
    ['telemetry.signals', 'HarshBraking', undefined],
    ['signals', 'nothing', undefined],
  ])('%s %s means %s', (service, metricName, name) => {
    expect(findMetric(METRICS, { service, metricName })?.name).toBe(name);
  });

  test('a link may name a metric alone', () => {
    expect(metricByName(METRICS, 'vss.speed')?.name).toBe('speed');
    expect(metricByName(METRICS, 'HarshBraking')?.name).toBe('behavior.harshBraking');
    expect(metricByName(METRICS, 'nothing')).toBeUndefined();
  });

  test('what the catalogue does not have keeps its name', () => {
    expect(unknownMetric({ service: 'events', metricName: 'gone' })).toMatchObject({ name: 'gone', kind: 'event' });
  });
});

describe('searching', () => {
  test.each([
    ['', 6, 'angularVelocityYaw'],
    ['speed', 3, 'speed'],
    ['SPE', 3, 'speed'],
    ['limit speed', 1, 'vehicleSpeedLimit'],
    ['km/h', 2, 'vehicleSpeedLimit'],
    ['electric', 1, 'powertrainType'],
    ['harsh', 1, 'behavior.harshBraking'],
    ['zzz', 0, undefined],
  ])('"%s" finds %d, first %s', (query, count, first) => {
    const found = searchMetrics(METRICS, query);
    expect(found).toHaveLength(count);
    expect(found[0]?.name).toBe(first);
  });
});

test('searching finds a signal by what people call it', () => {
  const odometer = signal('powertrainTransmissionTravelledDistance');
  expect(searchMetrics([...METRICS, odometer], 'odometer')).toEqual([odometer]);
});

test.each([
  [signal('speed', { unit: 'km/h' }), 'number in km/h'],
  [signal('powertrainType', { kind: 'text' }), 'text'],
])('values in words', (metric, words) => {
  expect(valueWords(metric)).toBe(words);
});
