import { expect, test } from '@jest/globals';
import type { ValueKind } from './catalog.js';
import { checkCondition } from './condition.js';
import { readAloud } from './condition-words.js';

const SPEED = { name: 'speed', unit: 'km/h' };
const PLACE = { name: 'currentLocationCoordinates', unit: '' };
const BRAKING = { name: 'behavior.harshBraking', unit: '' };

function aloud(valueKind: ValueKind, text: string, metric = SPEED): string {
  const check = checkCondition(valueKind, text);
  if (check.kind === 'invalid') throw new Error(check.error.message);
  return readAloud(valueKind, check.normalized, metric);
}

test.each([
  ['value > 55 && value != previousValue', 'speed is more than 55 km/h and speed differs from the last firing'],
  ['value >= 10.5 || value < -1', 'speed is at least 10.5 km/h or speed is less than -1 km/h'],
  [
    '(value > 1 || value < 0) && source == "0xab"',
    '(speed is more than 1 km/h or speed is less than 0 km/h) and the source is “0xab”',
  ],
  ['value - previousValue > 10', 'speed minus speed at the last firing is more than 10 km/h'],
  ['(value + 1.0) * 2.0 == 8.0', '(speed plus 1) times 2 is 8'],
  ['!(value == 1)', 'not (speed is 1 km/h)'],
  [
    '(value > 55) != (previousValue > 55)',
    'either (speed is more than 55 km/h) or (speed at the last firing is more than 55 km/h) but not both',
  ],
  [
    '(value > 55) == !(value < 60)',
    'both or neither of (speed is more than 55 km/h) and (not (speed is less than 60 km/h))',
  ],
  ['55 < value', '55 km/h is less than speed'],
  ['value > previousValue', 'speed is more than at the last firing'],
  ['value in [1, 2, 3]', 'speed is one of 1, 2, 3'],
  [
    'value > 50 ? source != "" : value == 0',
    '(if speed is more than 50 km/h: the source is not “”, otherwise: speed is 0 km/h)',
  ],
  ['[1.0, 2.0].exists(x, x == value)', 'for at least one x of 1, 2: (x is speed)'],
  [
    'valueString.matches("^a\\\\d") && size(source) > 3',
    'the text matches the pattern "^a\\\\d" and the length of the source is more than 3',
  ],
  ['string(value).startsWith("5")', 'speed as string begins with “5”'],
])('a number: %s', (text, words) => {
  expect(aloud('number', text)).toBe(`Fires when ${words}.`);
});

test.each([
  [
    'value.contains("P0") || value.lowerAscii().endsWith("x")',
    'dtc contains “P0” or the lower case of dtc ends with “x”',
  ],
  ['value == previousValue', 'dtc is the same as at the last firing'],
])('a text: %s', (text, words) => {
  expect(aloud('string', text, { name: 'dtc', unit: '' })).toBe(`Fires when ${words}.`);
});

test.each([
  ['geoDistance(value.latitude, value.longitude, 52.52, 13.40) < 1.0', 'the distance to 52.52, 13.4 is less than 1 km'],
  [
    'geoDistance(value.latitude, value.longitude, previousValue.latitude, previousValue.longitude) >= 5',
    'the distance to where it last fired is at least 5 km',
  ],
  ['geoDistance(1.0, 2.0, value.latitude, 4.0) > 0', 'the distance between 1, 2 and the latitude, 4 is more than 0 km'],
  ['value.heading != previousValue.heading', 'the heading differs from the last firing'],
])('a place: %s', (text, words) => {
  expect(aloud('location', text, PLACE)).toBe(`Fires when ${words}.`);
});

test.each([
  ['durationNs > 2500000000', 'the duration is more than 2.5 s'],
  ['durationNs <= 300000 || durationNs == 7', 'the duration is at most 300 µs or the duration is 7 ns'],
  ['durationNs > previousDurationNs', 'the duration is more than at the last firing'],
  ['tags.exists(tag, tag == "behavior.harsh")', 'for at least one tag of the tags: (tag is “behavior.harsh”)'],
  ['"a" in tags && metadata.contains("counter")', '“a” is one of the tags and the metadata contains “counter”'],
])('an event: %s', (text, words) => {
  expect(aloud('event', text, BRAKING)).toBe(`Fires when ${words}.`);
});

test('what is always or never true says so', () => {
  expect(aloud('number', 'true')).toBe('Fires for every sample.');
  expect(aloud('number', 'false')).toBe('Never fires.');
});
