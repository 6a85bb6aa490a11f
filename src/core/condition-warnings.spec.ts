import { expect, test } from '@jest/globals';
import type { ValueKind } from './catalog.js';
import { checkCondition } from './condition.js';

const REPAIRED = /^The = at line 1, column 7 was read as ==/;
const ALWAYS = /always true/;
const NEVER_CONSTANT = /always false/;
const UNREAD = /reads nothing of the sample at hand/;
const NEVER = /can never be true/;
const NEVER_FIRST = /cannot fire for the first time/;
const FRACTION = /drops the fraction/;

test.each<[kind: ValueKind, text: string, warnings: RegExp[]]>([
  ['number', 'value > 55', []],
  ['number', 'value > 55 && value != previousValue', []],
  ['number', 'value = 55', [REPAIRED]],
  ['number', 'value = 0 && value != previousValue', [REPAIRED, NEVER_FIRST]],
  ['number', 'true', [ALWAYS]],
  ['number', '[1, 2].all(x, x != -1)', [ALWAYS]],
  ['number', 'false', [NEVER_CONSTANT]],
  ['number', '1 > 2', [NEVER_CONSTANT]],
  ['number', 'previousValue < 5', [UNREAD]],
  ['number', 'previousValue > 5', [UNREAD, NEVER_FIRST]],
  ['number', 'value == 0 && value != previousValue', [NEVER_FIRST]],
  ['number', 'previousValue != value && 0 == value', [NEVER_FIRST]],
  ['number', 'valueNumber == 0 && value != previousValueNumber', [NEVER_FIRST]],
  ['number', 'value > 5 && previousValue > 5', [NEVER_FIRST]],
  ['number', 'value > 5 && (previousValue > 5 || previousValue < -5)', [NEVER_FIRST]],
  ['number', 'value < previousValue && value >= 0', [NEVER_FIRST]],
  ['number', 'value == 0 && value != previousValue || value == 7', []],
  ['number', 'value < previousValue', []],
  ['number', 'value != 0 && value != previousValue', []],
  ['number', 'value == 1 && value != previousValue', []],
  ['number', 'value - previousValue > 10', []],
  ['number', 'value > 10 && value < 5', [NEVER]],
  ['number', 'value > 5 && value < 5', [NEVER]],
  ['number', 'value >= 5 && value < 5', [NEVER]],
  ['number', 'value >= 5 && value <= 5', []],
  ['number', 'value >= 5 && value <= 5 && value != 5', [NEVER]],
  ['number', 'value == -5 && value > -4', [NEVER]],
  ['number', 'value > 10 && value < 5 || value == 7', []],
  ['number', 'value > 10 && valueString == "a" && value < 50', []],
  ['number', 'value < valueNumber', [NEVER]],
  ['number', 'value > 5 && false', [NEVER]],
  ['string', "value == 'a' && value == 'b'", [NEVER]],
  ['string', "value == '' && value != previousValue", [NEVER_FIRST]],
  ['string', "value == 'a' && value != previousValue", []],
  ['location', 'value.latitude > 90 && value.latitude < -90', [NEVER]],
  ['location', 'value.latitude == 0 && value.latitude != previousValue.latitude', [NEVER_FIRST]],
  ['location', 'value != previousValue', []],
  ['location', 'value.latitude > 1 && value.longitude < 1', []],
  ['event', 'durationNs < previousDurationNs', [NEVER_FIRST]],
  ['event', 'durationNs < 0', [NEVER]],
  ['event', 'durationNs > previousDurationNs', []],
  ['event', 'durationNs / 1000000000 > 1.5', [FRACTION]],
  ['event', 'durationNs / 1000000000 >= 2', []],
  ['event', 'durationNs / 1e9 > 1.5', []],
])('%s: %s', (kind, text, warnings) => {
  const check = checkCondition(kind, text);
  expect(check).toMatchObject({ kind: 'valid', warnings: warnings.map((warning) => expect.stringMatching(warning)) });
});
