import { describe, expect, test } from '@jest/globals';
import type { ValueKind } from './catalog.js';
import { checkCondition, type ConditionError } from './condition.js';
import { REFUSAL_CODES } from './condition-error.js';
import { CONDITION_LENGTH_MAX } from './condition-scan.js';

function refused(kind: ValueKind, text: string): ConditionError {
  const check = checkCondition(kind, text);
  if (check.kind === 'valid') throw new Error(`accepted: ${text}`);
  expect(REFUSAL_CODES).toContain(check.error.code);
  return check.error;
}

/** The stretch of text that an error points at. */
function pointedAt(text: string, { line, column, length }: ConditionError): string {
  const start =
    text
      .split('\n')
      .slice(0, line - 1)
      .join('\n').length +
    (line > 1 ? 1 : 0) +
    column -
    1;
  return text.slice(start, start + length);
}

describe.each<[ValueKind, [text: string, code: string, at: string, message: string | RegExp][]]>([
  [
    'number',
    [
      ['', 'empty', '', /^The condition is empty/],
      [' \n ', 'empty', ' \n ', /^The condition is empty/],
      ['// value > 5', 'empty', '// value > 5', /^The condition is empty/],
      ['valu > 55', 'unknown_variable', 'valu', "Unknown variable 'valu'. Did you mean 'value'?"],
      ['speed > 55', 'unknown_variable', 'speed', /can read value, previousValue, valueNumber, .*previousSource\.$/],
      ['tags.exists(t, t == "x")', 'unknown_variable', 'tags', /^Unknown variable 'tags'\. A condition on a signal/],
      ['value > "55"', 'type_mismatch', 'value > "55"', /write 55 without quotes/],
      ['value == "x"', 'type_mismatch', 'value == "x"', /^== does not work between a number and a text/],
      ["valueNumber >= 'string'", 'type_mismatch', "valueNumber >= 'string'", /texts with texts in quotes/],
      ['value > 55 && value > "x"', 'type_mismatch', 'value > "x"', /^> does not work/],
      ['value == true', 'type_mismatch', 'value == true', /true is the number 1 here and false is 0/],
      ['value == null', 'type_mismatch', 'null', /No value is ever null/],
      ['50 < value < 70', 'type_mismatch', '50 < value < 70', /write a < b && b < c/],
      ['value && true', 'type_mismatch', 'value && true', /Both sides of && and \|\| must be true or false/],
      ['value ? true : false', 'type_mismatch', 'value', /must be true or false: compare it/],
      ['!value', 'type_mismatch', '!value', /^Neither ! nor - works here/],
      ['value > 5 ? true : 2', 'type_mismatch', 'value > 5 ? true : 2', /must be of one type/],
      ["value in [1, 'a']", 'type_mismatch', "'a'", /All elements of a list/],
      ['value in 5', 'type_mismatch', 'value in 5', /value in \[1, 2\]/],
      ['value', 'not_boolean', 'value', /^The result is a number, but a condition must be true or false/],
      ['valueNumber + 10', 'not_boolean', 'valueNumber + 10', /^The result is a number/],
      ['source', 'not_boolean', 'source', /^The result is a text/],
      ['[1, 2]', 'not_boolean', '[1, 2]', /^The result is a list/],
      ['value.latitude > 1', 'unknown_field', 'latitude', /^Only a location has fields/],
      [
        'value.contains("x")',
        'type_mismatch',
        'value.contains("x")',
        /contains\(\) works on a text, and this is a number/,
      ],
      ['valueString.contains(5)', 'type_mismatch', 'valueString.contains(5)', /It got a whole number/],
      ['valueString.contain("x")', 'unknown_function', 'contain', /nearest is text\.contains/],
      ['contains(valueString, "x")', 'unknown_function', 'contains', /It is written text\.contains/],
      ['avg(value) > 5', 'unknown_function', 'avg', /^There is no function 'avg'\. There are: size, int/],
      ['now() > 5', 'unknown_function', 'now', /not the clock/],
      ['value > 55 and value < 60', 'syntax', 'and', "Unexpected 'and': use &&."],
      ['value > 55 OR value < 6', 'syntax', 'OR', "Unexpected 'OR': use ||."],
      ['not (value > 5)', 'syntax', 'not', "Unexpected 'not': use !."],
      ['value between 5', 'syntax', 'between', /write value >= 10 && value <= 20/],
      ['value > 10,000', 'syntax', '10,000', "'10,000': write 10000."],
      ['value > 5,5', 'syntax', '5,5', "'5,5': write decimals with a point, 5.5."],
      ['value > 1_000', 'syntax', '1_000', "'1_000': write 1000."],
      ['value > .5', 'syntax', '.5', "'.5': write 0.5."],
      ['value > 5.', 'syntax', '5.', "'5.': write 5.0."],
      ['value > 55 km/h', 'syntax', '55 km/h', /numbers have no unit, write 55\.$/],
      ['value > 55mph', 'syntax', '55mph', /numbers have no unit, write 55\.$/],
      ['value in (1, 2)', 'syntax', 'in (1, 2)', /square brackets/],
      ['(value > 55', 'syntax', '', "Here should be ')', but the condition ends here."],
      ['value > 55)', 'syntax', ')', /^Unexpected '\)'/],
      ['value > 55 &&', 'syntax', '', 'The condition ends where a value is expected.'],
      ['valueNumber > >', 'syntax', '>', "Unexpected '>': a value is expected here."],
      ['value === 5', 'syntax', '===', "Unexpected '===': write ==."],
      ['value => 5', 'syntax', '=>', "Unexpected '=>': write >=."],
      ['value =< 5', 'syntax', '=<', "Unexpected '=<': write <=."],
      ['value =! 5', 'syntax', '=!', "Unexpected '=!': write !=."],
      ['value <> 5', 'syntax', '<>', "Unexpected '<>': write !=."],
      ['value ≥ 5', 'syntax', '≥', "Unexpected '≥': write >=."],
      ['value > 1 & value < 5', 'syntax', '&', "Unexpected '&': write &&."],
      ['value > 1 | value < 5', 'syntax', '|', "Unexpected '|': write ||."],
      ['value > 5;', 'syntax', ';', /has no end sign/],
      ['source == “a”', 'syntax', '“', /straight quotes/],
      ["valueString == 'it's'", 'syntax', 's', /needs a backslash before it/],
      ["valueString == 'abc", 'syntax', "'abc", /no closing quote/],
      ["valueString == '\\q'", 'syntax', '\\q', /A backslash has no meaning here/],
      ['value > 55 55', 'syntax', '55', /^Unexpected '55': an operator such as && or == is missing/],
      ['value\u00a0> 5', 'syntax', '\u00a0', /character U\+00A0: it is a special blank/],
      ['value > 5 🚗', 'syntax', '🚗', /^Unexpected '🚗'/],
      ['__proto__ == 1', 'syntax', '__proto__', /reserved/],
      ['value > 1e999', 'invalid_number', '1e999', /too large/],
      ['value > 18446744073709551616', 'invalid_number', '18446744073709551616', /write it with \.0/],
      ["valueString.matches('(?=a)')", 'invalid_pattern', "'(?=a)'", /RE2's syntax: .*\(\?=/],
      ['valueString.matches(source)', 'invalid_pattern', 'source', /as a quoted text/],
      [`valueString.matches('${'a'.repeat(201)}')`, 'invalid_pattern', `'${'a'.repeat(201)}'`, /longer than 200/],
      ['{"a": 1}.a == 1', 'not_allowed', '{"a": 1}', /^Maps/],
      ["b'a' == b'a'", 'not_allowed', "b'a'", /^Bytes/],
      ['[].all(e, e > 0)', 'not_allowed', '[]', /The list is empty/],
      ['[[1]] == [[1]]', 'not_allowed', '[1]', /cannot be in a list/],
      ['[1, 2][0] == 1', 'not_allowed', '[1, 2][0]', /cannot be taken out/],
      ['[1].all(value, value > 0)', 'not_allowed', 'value', /has a meaning already/],
      ['valueString.all(c, c == "a")', 'not_allowed', 'valueString', /works on tags and on a list written out/],
      ['10 / int(value) > 1', 'fails_on_zero_values', '10 / int(value)', /it divides by zero. Ask for that first/],
      [
        'double(valueString) > 1',
        'fails_on_zero_values',
        'double(valueString)',
        /double\(\) got a text that is no number/,
      ],
    ],
  ],
  [
    'string',
    [
      ['value > 10.0', 'type_mismatch', 'value > 10.0', /the values of this metric are texts/],
      ['size(value)', 'not_boolean', 'size(value)', /^The result is a whole number/],
    ],
  ],
  [
    'location',
    [
      ['value.latitud > 40', 'unknown_field', 'latitud', /It has latitude, longitude, hdop, heading\.$/],
      ['value.latitude.x > 40', 'unknown_field', 'x', /^Only a location has fields/],
      ['latitude > 40', 'unknown_variable', 'latitude', /Write 'value\.latitude'/],
      ['value == 5', 'type_mismatch', 'value == 5', /compare its fields, such as value\.latitude/],
      ['value > previousValue', 'type_mismatch', 'value > previousValue', /use geoDistance\(\)/],
      ['value', 'not_boolean', 'value', /^The result is a location/],
      [
        "geoDistance('40', 1, 2, 3) < 1",
        'type_mismatch',
        "geoDistance('40', 1, 2, 3)",
        /It got a text, a number, a number, a number/,
      ],
      [
        'geoDistance(value.latitude, value.longitude) < 1',
        'type_mismatch',
        'geoDistance(value.latitude, value.longitude)',
        /with four numbers/,
      ],
    ],
  ],
  [
    'event',
    [
      [
        'value > 5',
        'unknown_variable',
        'value',
        /A condition on an event can read name, source, metadata, durationNs, tags/,
      ],
      ["unknownVar == 'test'", 'unknown_variable', 'unknownVar', /^Unknown variable 'unknownVar'/],
      ['durationN > 5', 'unknown_variable', 'durationN', /Did you mean 'durationNs'\?/],
      ['name', 'not_boolean', 'name', /^The result is a text/],
      ['tags', 'not_boolean', 'tags', /ask what is in it/],
      ['name == ==', 'syntax', '==', /a value is expected here/],
      ["tags[0] == 'a'", 'not_allowed', 'tags[0]', /tags\.exists/],
      ['5 in tags', 'type_mismatch', '5 in tags', /^in does not work between a whole number and a list/],
      [
        'durationNs / previousDurationNs > 2',
        'fails_on_zero_values',
        'durationNs / previousDurationNs',
        /previousDurationNs != 0 &&/,
      ],
      ['tags.all(a, tags.all(b, a == b))', 'too_costly', 'tags.all(a, tags.all(b, a == b))', /more than 1000 steps/],
    ],
  ],
])('a condition on a %s', (kind, rows) => {
  test.each(rows)('%j is refused', (text, code, at, message) => {
    const error = refused(kind, text);
    expect({ ...error, at: pointedAt(text, error) }).toMatchObject({
      code,
      at,
      message: typeof message === 'string' ? message : expect.stringMatching(message),
    });
  });
});

describe('where an error is', () => {
  test.each<[text: string, line: number, column: number, length: number]>([
    ['value > 5 &&\n  valu < 6', 2, 3, 4],
    ['value > 5 &&\r\n\r\n  valu < 6', 3, 3, 4],
    ['value > 5\n&& value >\n\n', 2, 11, 1],
    ['(value > 5', 1, 11, 1],
    ['value = 5 && valu > 1', 1, 14, 4],
    ['value = 5 && value = 6 &&\nvalueNumber = "a"', 2, 1, 17],
    ['value = "a" && value > 1', 1, 1, 11],
    ['source == "🚗" && valu > 1', 1, 19, 4],
    ['// a comment\nvalue > > 5', 2, 9, 1],
    ['(value > 5) == 1', 1, 1, 16],
    ['value == (source)', 1, 1, 17],
    ['value\u0000', 1, 6, 1],
    ['source == "\ud800"', 1, 12, 1],
  ])('%j: line %d, column %d, length %d', (text, line, column, length) => {
    expect(refused('number', text)).toMatchObject({ line, column, length });
  });

  test.each(['\u0000', '\u0007', '\u001b', '\u007f', '\ud83d', '\udc00'])(
    '%j is a forbidden character',
    (character) => {
      expect(refused('number', `source == '${character}'`).code).toBe('forbidden_character');
    },
  );
});

test('a long name is quoted in part, so that the advice behind it is not lost', () => {
  const { message } = refused('number', `${'v'.repeat(1_000)} > 5`);
  expect(message).toMatch(/^Unknown variable 'v{40}…'\. A condition on a signal that is a number can read value, /);
});

describe('length', () => {
  const comment = (length: number) => `value > 55 //${'x'.repeat(length - 'value > 55 //'.length)}`;
  test('the longest text is accepted, one character more is not', () => {
    expect(checkCondition('number', comment(CONDITION_LENGTH_MAX)).kind).toBe('valid');
    expect(refused('number', comment(CONDITION_LENGTH_MAX + 1)).code).toBe('too_long');
  });

  test('a repaired text counts as it is stored, so that what was accepted is accepted again', () => {
    const text = comment(CONDITION_LENGTH_MAX).replace('>', '=');
    expect(text).toHaveLength(CONDITION_LENGTH_MAX);
    expect(refused('number', text).code).toBe('too_long');
  });
});
