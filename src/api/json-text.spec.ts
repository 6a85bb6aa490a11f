import { expect, test } from '@jest/globals';
import { parseJson } from './json-text.js';

test.each([
  ['', 1, 1, 'the text ends too early'],
  ['{', 1, 2, 'the text ends too early'],
  ['{"a": 1,}', 1, 9, 'unexpected character }'],
  ['{"a" 1}', 1, 6, 'unexpected character 1'],
  ['{"a": 1 "b": 2}', 1, 9, 'unexpected character "'],
  ['{\n  "displayName": "reminder."\n  "targetURL": "x"\n}', 3, 3, 'unexpected character "'],
  ["{'a': 1}", 1, 2, "unexpected character '"],
  ['{"a": nul}', 1, 7, 'unexpected character n'],
  ['[1, 2', 1, 6, 'the text ends too early'],
  ['[1 2]', 1, 4, 'unexpected character 2'],
  ['[01]', 1, 3, 'unexpected character 1'],
  ['[1.]', 1, 4, 'unexpected character ]'],
  ['"a\tb"', 1, 3, 'unexpected character U+0009'],
  ['"\\x"', 1, 3, 'unexpected character x'],
  ['"\\u12G4"', 1, 6, 'unexpected character G'],
  ['"abc', 1, 5, 'the text ends too early'],
  ['{} x', 1, 4, 'unexpected character x'],
  ['[}', 1, 2, 'unexpected character }'],
  ['{"é😀": 1 😀}', 1, 11, 'unexpected character 😀'],
])('%j is malformed at line %i, column %i: %s', (text, line, column, reason) => {
  expect(parseJson(text)).toEqual({ kind: 'malformed', reason, line, column });
});

test('a control character is found wherever it stands', () => {
  const whole = '{"a":[12,{"b":"x\\u00e9\\n"},-1.5e+3,[],{}],"c":""}';
  expect(parseJson(whole).kind).toBe('ok');
  for (let at = 0; at <= whole.length; at++) {
    const text = `${whole.slice(0, at)}\u0001${whole.slice(at)}`;
    expect(parseJson(text)).toEqual({
      kind: 'malformed',
      reason: 'unexpected character U+0001',
      line: 1,
      column: at + 1,
    });
  }
});

test('depth and length cost no stack', () => {
  expect(parseJson('['.repeat(200_000))).toMatchObject({ kind: 'malformed', column: 200_001 });
  expect(parseJson(`"${'a'.repeat(2_000_000)}`)).toMatchObject({ kind: 'malformed', column: 2_000_002 });
});

test('a fault far into a long text has its place too', () => {
  const text = `{"a": "${'x'.repeat(2_000_000)}"\n, b}`;
  expect(parseJson(text)).toMatchObject({ kind: 'malformed', line: 2, column: 3 });
});
