import { describe, expect, test } from '@jest/globals';
import { explainCondition } from './condition.js';
import type { SignalReading } from './sample.js';

const NOWHERE = { latitude: 0, longitude: 0, hdop: 0, heading: 0 };

function number(valueNumber: number): SignalReading {
  return { kind: 'signal', valueNumber, valueString: '', valueLocation: NOWHERE, source: '' };
}

const FAILS = '10 / int(value - 5.0) > 1';

describe('the clauses of a condition', () => {
  test.each<[text: string, value: number, parts: [text: string, value: boolean | null][], result: boolean | undefined]>(
    [
      ['value > 1', 2, [['value > 1', true]], true],
      [
        'value > 1 && value < 5',
        2,
        [
          ['value > 1', true],
          ['value < 5', true],
        ],
        true,
      ],
      [
        'value > 1 && value < 5',
        0,
        [
          ['value > 1', false],
          ['value < 5', null],
        ],
        false,
      ],
      [
        'value > 1 || value < -5',
        2,
        [
          ['value > 1', true],
          ['value < -5', null],
        ],
        true,
      ],
      [
        'value > 1 || value < -5',
        0,
        [
          ['value > 1', false],
          ['value < -5', false],
        ],
        false,
      ],
      [
        '(value > 1 || value < 0) && value != 7',
        2,
        [
          ['value > 1', true],
          ['value < 0', null],
          ['value != 7', true],
        ],
        true,
      ],
      [
        'value > 1 && (value < 0 || value > 9)',
        0,
        [
          ['value > 1', false],
          ['value < 0', null],
          ['value > 9', null],
        ],
        false,
      ],
      [
        '((value) + 1.0 > (2.0)) && !(value > 1 && true)',
        2,
        [
          ['(value) + 1.0 > (2.0)', true],
          ['!(value > 1 && true)', false],
        ],
        false,
      ],
      [
        `value > 9 || ${FAILS}`,
        5,
        [
          ['value > 9', false],
          [FAILS, null],
        ],
        undefined,
      ],
      [
        `value != 0 && (${FAILS} || value == 5)`,
        5,
        [
          ['value != 0', true],
          [FAILS, null],
          ['value == 5', true],
        ],
        true,
      ],
      [
        `value != 0 && (${FAILS} && value == 4)`,
        5,
        [
          ['value != 0', true],
          [FAILS, null],
          ['value == 4', false],
        ],
        false,
      ],
      [
        "value > 1 && source == ')(' && (true)",
        2,
        [
          ['value > 1', true],
          ["source == ')('", false],
          ['true', null],
        ],
        false,
      ],
    ],
  )('%s of %d', (text, value, parts, result) => {
    const explanation = explainCondition('number', text, number(value), undefined);
    expect(explanation.parts.map((part) => [part.text, part.value])).toEqual(parts);
    expect(explanation.value).toBe(result);
  });
});

test('a clause is located in the text, over lines', () => {
  const { parts } = explainCondition('number', 'value > 1 &&\n  (value < 5 ||\n   value == 7)', number(2), undefined);
  expect(parts).toEqual([
    { text: 'value > 1', line: 1, column: 1, length: 9, value: true },
    { text: 'value < 5', line: 2, column: 4, length: 9, value: true },
    { text: 'value == 7', line: 3, column: 4, length: 10, value: null },
  ]);
});

test('a clause that fails says why, and so does the condition when nothing else decides', () => {
  const explanation = explainCondition('number', `value != 0 && ${FAILS}`, number(5), undefined);
  expect(explanation.parts[1]).toMatchObject({ value: null, error: 'it divides by zero' });
  expect(explanation).toMatchObject({ value: undefined, error: 'it divides by zero' });
});

test('previous values are those given', () => {
  const { parts } = explainCondition('number', 'value > 1 && value != previousValue', number(2), number(2));
  expect(parts.map(({ value }) => value)).toEqual([true, false]);
});

test('a text that is no condition cannot be explained', () => {
  expect(() => explainCondition('number', 'value >', number(2), undefined)).toThrow(
    expect.objectContaining({ code: 'syntax' }),
  );
});
