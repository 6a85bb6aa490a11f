import { describe, expect, test } from '@jest/globals';
import { suggest } from './completion.js';
import type { Metric, ValueKind } from './metric.js';

function metric(kind: ValueKind, name = 'some'): Metric {
  return { service: 'telemetry.signals', name, kind, unit: '', description: '', aliases: [], permissions: [] };
}

function labels(before: string, of: Metric, isAsked = false): string[] | undefined {
  return suggest(before, of, isAsked)?.suggestions.map(({ label }) => label);
}

describe('what is offered', () => {
  test.each<[string, ValueKind, string[]]>([
    ['v', 'number', ['value', 'previousValue', 'source']],
    ['value > 5 && pre', 'number', ['value', 'previousValue']],
    ['du', 'event', ['name', 'durationNs', 'tags']],
    ['geo', 'location', ['geoDistance']],
    ['value.', 'location', ['latitude', 'longitude', 'hdop', 'heading']],
    ['previousValue.lat', 'location', ['latitude']],
    ['source.', 'number', ['contains', 'matches']],
    ['metadata.con', 'event', ['contains']],
    ['tags.', 'event', ['exists', 'all']],
  ])('after "%s" of a %s', (before, kind, wanted) => {
    expect(labels(before, metric(kind))).toEqual(expect.arrayContaining(wanted));
  });

  test.each<[string, string, ValueKind]>([
    ['a number has no members', 'value.', 'number'],
    ['a field of a location has no members', 'value.latitude.', 'location'],
    ['numbers are not completed', 'value > 5', 'number'],
    ['nor what is unknown', 'nothing.', 'number'],
    ['nor comments', 'value > 5 // val', 'number'],
    ['nor texts of any kind', "source == 'va", 'number'],
    ['nor a place where no word has begun', 'value > ', 'number'],
  ])('%s', (_, before, kind) => {
    expect(suggest(before, metric(kind), false)).toBeUndefined();
  });

  test('geoDistance is for locations only', () => {
    expect(labels('', metric('number'), true)).not.toContain('geoDistance');
  });

  test('a list that is asked for comes where no word has begun', () => {
    expect(labels('value > ', metric('number'), true)).toContain('previousValue');
  });

  test('a comment ends with its line, an escaped quote ends no text', () => {
    expect(labels('// note\nval', metric('number'))).toContain('value');
    expect(suggest(String.raw`source == 'a\' val`, metric('number'), false)).toBeUndefined();
  });
});

describe('the texts that a metric can have', () => {
  const type = metric('text', 'powertrainType');

  test('are offered where a word begins', () => {
    expect(labels('value == ', type, true)).toContain("'ELECTRIC'");
  });

  test('take the place of the quote that was begun', () => {
    expect(suggest("value == 'EL", type, false)).toMatchObject({ from: 9 });
    expect(labels('value == "', type)).toEqual(["'COMBUSTION'", "'HYBRID'", "'ELECTRIC'"]);
  });
});

test('a suggestion takes the place of the word that was begun', () => {
  expect(suggest('value > 5 && prev', metric('number'), false)?.from).toBe(13);
  expect(suggest('value.lat', metric('location'), false)?.from).toBe(6);
});
