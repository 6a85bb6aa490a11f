import { expect, test } from '@jest/globals';
import type { Metric } from '../../api/resources.js';
import { metricOf } from './metric-of.js';

function metric(service: Metric['service'], name: string, aliases: string[] = []): Metric {
  return { service, name, aliases, description: '', unit: '', kind: 'number', permissions: [] };
}

const speed = metric('telemetry.signals', 'speed');
const braking = metric('telemetry.events', 'behavior.harshBraking', ['harshBraking']);
const namesake = metric('telemetry.events', 'speed');
const catalog = [speed, braking, namesake];

test.each([
  ['telemetry.signals', 'speed', speed],
  ['signals', 'vss.speed', speed],
  ['events', 'speed', namesake],
  ['telemetry.events', 'harshBraking', braking],
  ['telemetry.signals', 'behavior.harshBraking', undefined],
])('%s %s is found', (service, metricName, expected) => {
  expect(metricOf(catalog, { service, metricName })).toBe(expected);
});

test('before the catalogue is there nothing is found', () => {
  expect(metricOf(undefined, { service: 'telemetry.signals', metricName: 'speed' })).toBeUndefined();
});
