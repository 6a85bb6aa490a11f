import { expect, test } from '@jest/globals';
import type { Webhook, WebhookState } from '../api/resources.js';
import type { ValueKind } from '../condition/metric.js';
import { readSample, trialOf } from './expected-sample.js';

const NOW = Date.parse('2026-01-15T12:00:00Z');
const webhook = {
  ...{ service: 'telemetry.signals', metricName: 'speed', condition: 'value > 55' },
  ...{ coolDownPeriod: 30, maxSampleAgeSeconds: null },
} as Webhook;

test.each<[ValueKind, string, unknown]>([
  ['number', ' 61 ', 61],
  ['number', '-4,5', -4.5],
  ['text', 'ELECTRIC', 'ELECTRIC'],
  ['text', '', ''],
  ['location', '52.52, 13.405', { latitude: 52.52, longitude: 13.405, hdop: 0, heading: 0 }],
  ['location', '-33.9 18.4', { latitude: -33.9, longitude: 18.4, hdop: 0, heading: 0 }],
])('a %s typed as %j is the value %j', (kind, text, value) => {
  expect(readSample(kind, text)).toMatchObject({ kind: 'ok', sample: { value } });
});

test('an event is its metadata', () => {
  expect(readSample('event', '{"g": 0.5}')).toMatchObject({ kind: 'ok', sample: { metadata: '{"g": 0.5}' } });
  expect(readSample('event', '')).toMatchObject({ kind: 'ok', sample: { metadata: '' } });
});

test.each<[ValueKind, string, string]>([
  ['number', '', 'a number'],
  ['number', 'fast', 'a number'],
  ['location', '52.52', 'latitude and longitude'],
  ['location', '91, 0', 'latitude and longitude'],
  ['location', '1, 2, 3', 'latitude and longitude'],
  ['event', '{g}', 'JSON'],
])('a %s typed as %j is refused: %s', (kind, text, why) => {
  expect(readSample(kind, text)).toEqual({ kind: 'wrong', problem: expect.stringContaining(why) });
});

test('a sample is tried with what the webhook remembers of the vehicle', () => {
  const sample = { source: '', metadata: '', durationNs: 0, tags: [], value: 61 };
  const state: WebhookState = {
    ...{ vehicle: 'did', previousValue: 48, lastFiredAt: '2026-01-15T11:59:50Z', coolingUntil: null, firings: 1 },
  };
  expect(trialOf(webhook, sample, state, NOW)).toMatchObject({
    ...{ condition: 'value > 55', coolDownPeriod: 30, secondsSinceLastFiring: 10 },
    ...{ sample: { value: 61 }, previous: { value: 48 } },
  });
  const event = { source: 's', metadata: '', durationNs: '5', tags: ['a'] };
  expect(trialOf(webhook, sample, { ...state, previousValue: event }, NOW).previous).toEqual(event);
});

test('a vehicle that it never fired for has no previous sample and nothing to cool', () => {
  const sample = { source: '', metadata: '', durationNs: 0, tags: [], value: 61 };
  const state: WebhookState = { vehicle: 'did', previousValue: 0, lastFiredAt: null, coolingUntil: null, firings: 0 };
  for (const trial of [trialOf(webhook, sample, state, NOW), trialOf(webhook, sample, undefined, NOW)]) {
    expect(trial).not.toHaveProperty('previous');
    expect(trial).not.toHaveProperty('secondsSinceLastFiring');
  }
});
