import { describe, expect, test } from '@jest/globals';
import type { Metric, ValueKind } from '../../condition/metric.js';
import { EMPTY_DRAFT } from '../../webhook/webhook-draft.js';
import { beginTrial, trialRequest, type SampleDraft } from './trial.js';

function metric(kind: ValueKind, name = 'some'): Metric {
  return { service: 'telemetry.signals', name, kind, unit: '', description: '', aliases: [], permissions: [] };
}

describe('a sample to begin with', () => {
  test.each<[string, ValueKind, string, Partial<SampleDraft>]>([
    ['a number that meets the condition', 'number', 'value > -12.5', { number: -11.5 }],
    ['also from below', 'number', 'value <= 15 && value != 3', { number: 14 }],
    ['the very number', 'number', 'value == 1', { number: 1 }],
    ['zero without one', 'number', 'value != previousValue', { number: 0 }],
    ['the text of the condition', 'text', 'value == "LOW"', { text: 'LOW' }],
    [
      'the middle of its circle',
      'location',
      'geoDistance(value.latitude, value.longitude, 1.5, 2.5) < 1.0',
      { latitude: 1.5, longitude: 2.5 },
    ],
  ])('%s', (_, kind, condition, sample) => {
    expect(beginTrial(metric(kind), condition).sample).toMatchObject(sample);
  });

  test('a value that the metric can have', () => {
    expect(beginTrial(metric('text', 'powertrainType'), '').sample.text).toBe('COMBUSTION');
  });
});

describe('what is asked', () => {
  const draft = { ...EMPTY_DRAFT, service: 'signals', metricName: 'vss.some', condition: 'x', coolDownPeriod: 30 };
  const begun = beginTrial(metric('number'), '');
  const sample = { ...begun.sample, number: 5, text: 'five', latitude: 1, longitude: 2, tags: ' a, ,b', source: 's' };

  test.each<[ValueKind, object]>([
    ['number', { value: 5, source: 's' }],
    ['text', { value: 'five', source: 's' }],
    ['location', { value: { latitude: 1, longitude: 2 }, source: 's' }],
    ['event', { durationNs: '0', tags: ['a', 'b'], source: 's' }],
  ])('of a %s', (kind, sent) => {
    expect(trialRequest(metric(kind), draft, { ...begun, sample }).sample).toMatchObject(sent);
  });

  test('an event has no value', () => {
    expect(trialRequest(metric('event'), draft, { ...begun, sample }).sample).not.toHaveProperty('value');
  });

  test('in the words of the form, and with a previous value only if it fired before', () => {
    const request = trialRequest(metric('number'), draft, begun);
    expect(request).toMatchObject({ service: 'signals', metricName: 'vss.some', coolDownPeriod: 30 });
    expect(request).not.toHaveProperty('previous');
    expect(request).not.toHaveProperty('secondsSinceLastFiring');
    const later = trialRequest(metric('number'), draft, { ...begun, hasFired: true });
    expect(later).toMatchObject({ previous: { value: 0 }, secondsSinceLastFiring: 60 });
  });
});
