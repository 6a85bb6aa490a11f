import { describe, expect, test } from '@jest/globals';
import type { ValueKind } from './catalog.js';
import { checkCondition, compileCondition, ConditionFailure } from './condition.js';
import { TAGS_CONSIDERED_MAX, TEXT_LENGTH_MAX } from './condition-variables.js';
import type { EventReading, Reading, SignalReading } from './sample.js';

const NOWHERE = { latitude: 0, longitude: 0, hdop: 0, heading: 0 };

function signal(reading: Partial<SignalReading>): SignalReading {
  return { kind: 'signal', valueNumber: 0, valueString: '', valueLocation: NOWHERE, source: '', ...reading };
}

function event(reading: Partial<EventReading>): EventReading {
  return { kind: 'event', name: '', source: '', metadata: '', durationNs: 0n, tags: [], ...reading };
}

function at(latitude: number, longitude: number, hdop = 1, heading = 0): SignalReading {
  return signal({ valueLocation: { latitude, longitude, hdop, heading } });
}

function met(kind: ValueKind, text: string, sample: Reading, previous?: Reading): boolean {
  return compileCondition(kind, text).evaluate(sample, previous);
}

function refused(kind: ValueKind, text: string) {
  const check = checkCondition(kind, text);
  if (check.kind === 'valid') throw new Error(`accepted: ${text}`);
  return check.error;
}

function accepted(kind: ValueKind, text: string) {
  const check = checkCondition(kind, text);
  if (check.kind === 'invalid') throw new Error(`${text}: ${check.error.message}`);
  return check;
}

describe('a condition on a number', () => {
  test.each<[text: string, value: number, isMet: boolean, previous?: number]>([
    ['value > 55', 55, false],
    ['value > 55', 55.000001, true],
    ['55 < value', 60, true],
    ['value > -5', -5, false],
    ['value > -5', -4, true],
    ['value > 55u', 60, true],
    ['value == 55', 55, true],
    ['value == 55.0', 55, true],
    ['55 == value', 55.5, false],
    ['value != 55', 55, false],
    ['value == 0.0', -0, true],
    ['value in [1, 2]', 2, true],
    ['value in [60.0, 61]', 61, true],
    ['value in [60.0, 61]', 62, false],
    ['value in [1 + 1, 3]', 2, true],
    ['value % 2 == 0', 4, true],
    ['value % 2 == 0', 5, false],
    ['value % 0 == 0', 5, false],
    ['value * 2 > 100', 51, true],
    ['value + 10 > 55', 45, false],
    ['value + 10 > 55', 46, true],
    ['100 - value < 50', 60, true],
    ['value / 2 == 2.5', 5, true],
    ['1 / value > 0.4', 2, true],
    ['value - previousValue >= 10', 60, true, 50],
    ['value != previousValue', 60, false, 60],
    ['valueNumber != previousValue', 60, true, 61],
    ['previousValueNumber != valueNumber', 15, true],
    ['value == previousValue', 0, true],
    ['value >= 10.0 && value <= 50.0', 50, true],
    ['value < 60 || value > 110', 85, false],
    ['value > 100 ? true : value == 7', 7, true],
    ['(value > 1 ? 2.5 : 3) == 3', 1, true],
    ['!(value > 5)', 5, true],
    ['-value > 5', -6, true],
    ['  ( value   >20 )&&(value<30) ', 25, true],
    ['value > 20 // too fast\n && value < 30', 31, false],
    ['value > 0x1F', 32, true],
    ['value > 1e2', 100.5, true],
    ['int(value) == 5', 5.9, true],
    ["string(value) == '5.5'", 5.5, true],
    ['[1, 2, 3].all(x, x < value)', 3.5, true],
    ['[1, 2, 3].exists(x, x == value)', 4, false],
    ['[1, 2, 2].exists_one(x, x == value)', 2, false],
    ['value == 9007199254740993', 9007199254740992, false],
    ['1.0 / -0 > value', 5, true],
    ['value > 5', Number.NaN, false],
  ])('%s of %d is %s', (...[text, value, isMet, previous]) => {
    const before = previous === undefined ? undefined : signal({ valueNumber: previous });
    expect(met('number', text, signal({ valueNumber: value }), before)).toBe(isMet);
  });
});

describe('a condition on a text', () => {
  test.each<[text: string, value: string, isMet: boolean, previous?: string]>([
    ["value == 'LOW'", 'LOW', true],
    ["value == 'LOW'", 'low', false],
    ["value == 'LOW'", 'LOW ', false],
    ["valueString == ''", '', true],
    ['value == "it\\\'s"', "it's", true],
    ["value.contains('P0301')", '["P0300","P0301"]', true],
    ["value.startsWith('P') && value.endsWith('1')", 'P0301', true],
    ["value.matches('P03[0-9]{2}')", '["C1","P0304"]', true],
    ["value.matches('^P')", '["P0304"]', false],
    ["value.matches('(?i)low')", 'LOW', true],
    [`value.matches(r'\\d+')`, 'a7', true],
    ['size(value) == 3', 'äöü', true],
    ['value.size() == 1', '🚗', true],
    ["value.lowerAscii().trim() == 'low'", ' LOW ', true],
    ["value in ['LOW', 'EMPTY']", 'EMPTY', true],
    ["value > 'b'", 'c', true],
    ["value + '!' == 'a!'", 'a', true],
    ['value != previousValue', 'b', true, 'a'],
    ['valueString != previousValueString', 'a', false, 'a'],
    ["value != '' && double(value) > 5", '5.5', true],
  ])('%s of %j is %s', (...[text, value, isMet, previous]) => {
    const before = previous === undefined ? undefined : signal({ valueString: previous });
    expect(met('string', text, signal({ valueString: value }), before)).toBe(isMet);
  });

  test('the sources of both samples can be read, whatever the kind', () => {
    for (const kind of ['number', 'string', 'location'] as const) {
      const text = "source == '0xa' && previousSource == '0xb'";
      expect(met(kind, text, signal({ source: '0xa' }), signal({ source: '0xb' }))).toBe(true);
      expect(met(kind, text, signal({ source: '0xa' }))).toBe(false);
    }
  });
});

describe('a condition on a location', () => {
  const home = at(40.6892, -74.0445);
  test.each<[text: string, sample: SignalReading, isMet: boolean, previous?: SignalReading]>([
    ['value.latitude > 40.0 && value.longitude < -70.0', at(40.7128, -74.006), true],
    ['value.latitude > 40 && value.longitude < -70', at(41, -69), false],
    ['value.hdop < 5', at(1, 1, 4.9), true],
    ['value.heading > 180 && value.heading <= 270', at(1, 1, 1, 200), true],
    ['geoDistance(value.latitude, value.longitude, 37.7749, -122.4194) <= 10.0', at(37.7849, -122.4094), true],
    ['geoDistance(value.latitude, value.longitude, 37.7749, -122.4194) <= 10.0', at(38.5, -122.4), false],
    ['geoDistance(value.latitude, value.longitude, 0.0, -179.99) < 5.0', at(0, 179.99), true],
    ['geoDistance(value.latitude, value.longitude, 10, 10) > 10.0', at(11, 10), true],
    ['geoDistance(value.latitude, value.longitude, -10, 10) > 10.0', at(-10, 10), false],
    // A quarter of the circumference on a radius of 6378.1 km is 10018.7 km; on the 6371 km of most formulas 10007.5.
    ['geoDistance(0, 0, value.latitude, value.longitude) > 10018.6', at(0, 90), true],
    ['geoDistance(0, 0, value.latitude, value.longitude) < 10018.8', at(0, 90), true],
    ['geoDistance(value.latitude, value.longitude, previousValue.latitude, previousValue.longitude) > 5.0', home, true],
    [
      'geoDistance(value.latitude, value.longitude, previousValue.latitude, previousValue.longitude) > 5.0',
      at(40.69, -74.045),
      false,
      home,
    ],
    ['value.longitude != previousValue.longitude', at(2, 11), false, at(1, 11)],
    ['value != previousValue', at(1, 11), false, at(1, 11)],
    ['value != previousValue', at(1, 11, 1, 5), true, at(1, 11)],
    ['value == previousValue', at(0, 0, 0), true],
    ["valueNumber == 0 && valueString == ''", home, true],
  ])('%s', (...[text, sample, isMet, previous]) => {
    expect(met('location', text, sample, previous)).toBe(isMet);
  });
});

describe('a condition on an event', () => {
  const UINT64_MAX = 2n ** 64n - 1n;
  test.each<[text: string, sample: Partial<EventReading>, isMet: boolean, previous?: Partial<EventReading>]>([
    ['durationNs > 1000000000', { durationNs: 1_000_000_000n }, false],
    ['durationNs > 1000000000', { durationNs: 1_000_000_001n }, true],
    ['durationNs > 1.5e9', { durationNs: 1_500_000_001n }, true],
    ['durationNs == 1.5e9', { durationNs: 1_500_000_000n }, true],
    ['durationNs / 1000000000 >= 2', { durationNs: 2_000_000_000n }, true],
    ['durationNs / 1000000000 >= 2', { durationNs: 1_999_999_999n }, false],
    ['durationNs / 1e9 > 1.5', { durationNs: 1_600_000_000n }, true],
    ['durationNs > 9007199254740992', { durationNs: 9_007_199_254_740_993n }, true],
    ['durationNs > 9007199254740992', { durationNs: 9_007_199_254_740_992n }, false],
    ['durationNs == 18446744073709551615', { durationNs: UINT64_MAX }, true],
    ['durationNs == 18446744073709551614u', { durationNs: UINT64_MAX }, false],
    ['durationNs > previousDurationNs', { durationNs: UINT64_MAX }, true, { durationNs: UINT64_MAX - 1n }],
    ['durationNs in [5, 6]', { durationNs: 6n }, true],
    ['durationNs in [5.0, 6]', { durationNs: 6n }, true],
    ["durationNs == 0 && metadata == ''", {}, true],
    ["metadata.contains('emergency')", { metadata: '{"type":"emergency"}' }, true],
    ["name == 'behavior.harshBraking'", { name: 'behavior.harshBraking' }, true],
    ['metadata != previousMetadata', { metadata: 'a' }, false, { metadata: 'a' }],
    ['source != previousSource && name == previousName', { source: 'a' }, true],
    ["'night' in tags", { tags: ['rain', 'night'] }, true],
    ["'night' in tags", {}, false],
    ["tags.exists(t, t == 'night')", { tags: ['rain', 'night'] }, true],
    ["tags.all(t, t.startsWith('n'))", { tags: ['rain', 'night'] }, false],
    ['size(tags) == 2 && tags.size() > 1', { tags: ['rain', 'night'] }, true],
    ["tags == ['rain']", { tags: ['rain'] }, true],
    ['true', {}, true],
  ])('%s', (...[text, sample, isMet, previous]) => {
    expect(met('event', text, event(sample), previous && event(previous))).toBe(isMet);
  });

  test('only the first tags count, so that their number is bounded', () => {
    const tags = Array.from({ length: TAGS_CONSIDERED_MAX + 1 }, (_, index) => `t${index}`);
    expect(met('event', `'t${TAGS_CONSIDERED_MAX - 1}' in tags`, event({ tags }))).toBe(true);
    expect(met('event', `'t${TAGS_CONSIDERED_MAX}' in tags`, event({ tags }))).toBe(false);
  });
});

describe('what cannot be evaluated for a sample', () => {
  const long = 'x'.repeat(TEXT_LENGTH_MAX + 1);
  test.each<[kind: ValueKind, text: string, sample: Reading, code: string, message: string]>([
    [
      'number',
      'value == 0 || 10 / int(value - 5.0) > 1',
      signal({ valueNumber: 5 }),
      'division_by_zero',
      'it divides by zero',
    ],
    [
      'number',
      'value == 0 || 10 % int(value - 5.0) > 1',
      signal({ valueNumber: 5 }),
      'modulo_by_zero',
      'it divides by zero',
    ],
    [
      'number',
      'int(value) > 1',
      signal({ valueNumber: Infinity }),
      'numeric_overflow',
      'a whole number becomes too large',
    ],
    [
      'event',
      'durationNs * 2 > 5',
      event({ durationNs: 2n ** 63n }),
      'numeric_overflow',
      'a whole number becomes too large',
    ],
    [
      'string',
      "value == '' || double(value) > 5",
      signal({ valueString: 'x' }),
      'double_conversion_error',
      'double() got a text that is no number',
    ],
    [
      'string',
      "value.contains('y')",
      signal({ valueString: long }),
      'text_too_long',
      'value is longer than 8192 characters',
    ],
    ['event', "'y' in tags", event({ tags: ['a', long] }), 'text_too_long', 'tags is longer than 8192 characters'],
    ['number', 'value > 5', event({}), 'wrong_sample', 'the condition is about a signal, the sample is an event'],
    ['event', 'durationNs > 5', signal({}), 'wrong_sample', 'the condition is about an event, the sample is a signal'],
  ])('%s: %s fails', (kind, text, sample, code, message) => {
    const condition = compileCondition(kind, text);
    const evaluate = () => condition.evaluate(sample, undefined);
    expect(evaluate).toThrow(ConditionFailure);
    expect(evaluate).toThrow(expect.objectContaining({ code, message, name: 'ConditionFailure' }));
  });

  test('a failure carries no stack and leaves the depth of stacks as it was', () => {
    const limit = Error.stackTraceLimit;
    const condition = compileCondition('event', "durationNs * 2 > 5 && metadata != 'a'");
    for (const sample of [event({ durationNs: 2n ** 63n }), event({ metadata: long })]) {
      try {
        condition.evaluate(sample, undefined);
      } catch (error) {
        expect((error as Error).stack).not.toContain('\n');
      }
      expect(Error.stackTraceLimit).toBe(limit);
    }
    expect.assertions(4);
  });

  test('an error on one side is no failure when the other side decides', () => {
    const text = 'value != 5.0 && 10 / int(value - 6.0) > 1 || value > 0';
    expect(met('number', text, signal({ valueNumber: 6 }))).toBe(true);
    expect(met('number', '10 / int(value - 6.0) > 1 && value < 0', signal({ valueNumber: 6 }))).toBe(false);
  });

  test('a long text that the condition does not read matters not', () => {
    expect(met('event', 'true', event({ metadata: long }))).toBe(true);
  });

  test('a long previous text is cut, for failing would never end', () => {
    const text = 'metadata != previousMetadata && size(previousMetadata) == 8192';
    expect(met('event', text, event({ metadata: 'x' }), event({ metadata: long }))).toBe(true);
  });

  test('a previous sample of the other kind counts as none', () => {
    expect(met('number', 'value == 5 && previousValue == 0', signal({ valueNumber: 5 }), event({}))).toBe(true);
  });
});

describe('checking', () => {
  test.each<[kind: ValueKind, text: string, readsPrevious: boolean]>([
    ['number', 'value > 55', false],
    ['number', 'value != previousValue', true],
    ['number', "source == 'previousValue'", false],
    ['number', 'value > 5 // previousValue', false],
    ['location', 'value.latitude != previousValue.latitude', true],
    ['event', '[1, 2].exists(x, x == previousDurationNs)', true],
    ['event', '[1, 2].exists(previousX, previousX == durationNs)', false],
  ])('%s: %s reads previous values: %s', (kind, text, readsPrevious) => {
    expect(accepted(kind, text).readsPrevious).toBe(readsPrevious);
    expect(compileCondition(kind, text).readsPrevious).toBe(readsPrevious);
  });

  test.each<[text: string, normalized: string]>([
    ['value > 55', 'value > 55'],
    ['  value>55\n', '  value>55\n'],
    ['value = 55', 'value == 55'],
    ['value=55', 'value==55'],
    ['value = 1 && valueNumber = 1', 'value == 1 && valueNumber == 1'],
    ['"a=b" = valueString', '"a=b" == valueString'],
    ["'it\\'s = ' = valueString", "'it\\'s = ' == valueString"],
    [`'''a = ' = b''' = valueString`, `'''a = ' = b''' == valueString`],
    [`r'\\d=' = valueString`, `r'\\d=' == valueString`],
    ['value = 5 // x = y', 'value == 5 // x = y'],
    ['value >= 5', 'value >= 5'],
  ])('%j is read as %j', (text, normalized) => {
    expect(accepted('number', text).normalized).toBe(normalized);
    expect(accepted('number', normalized)).toMatchObject({
      normalized,
      warnings: expect.not.arrayContaining([expect.stringContaining('read as ==')]),
    });
  });

  test('the text of a condition is compiled once for each kind', () => {
    expect(compileCondition('number', 'value > 4711')).toBe(compileCondition('number', 'value > 4711'));
    expect(compileCondition('number', 'source == previousSource')).not.toBe(
      compileCondition('string', 'source == previousSource'),
    );
  });

  test('compiling a text that the check refuses throws its refusal', () => {
    expect(() => compileCondition('number', 'valu > 5')).toThrow(expect.objectContaining({ code: 'unknown_variable' }));
  });

  test('the same text may be right for one kind and wrong for another', () => {
    expect(accepted('string', "value == 'a'")).toBeDefined();
    expect(refused('number', "value == 'a'").code).toBe('type_mismatch');
    expect(refused('event', "value == 'a'").code).toBe('unknown_variable');
  });
});
