import { expect, test } from '@jest/globals';
import { limitNumber, numberText, readNumber, stepNumber } from './number-text.js';

const { NaN: none } = Number;
const ANY = { min: -Infinity, max: Infinity };

test.each([
  ['120', 120],
  [' -12.5 ', -12.5],
  ['−3', -3],
  ['.5', 0.5],
  ['1.', 1],
  ['', none],
  ['-', none],
  ['1,5', none],
  ['abc', none],
  ['0x10', none],
])('"%s" is read as %d', (text, value) => {
  expect(readNumber(text)).toBe(value);
});

test('a number is written as a person would', () => {
  expect([0, -12.5, 0.1 + 0.2, none].map(numberText)).toEqual(['0', '-12.5', '0.3', '']);
});

test('a number stays within its limits, and none stays none', () => {
  expect([limitNumber(-1, { min: 0, max: 9 }), limitNumber(10, { min: 0, max: 9 })]).toEqual([0, 9]);
  expect(limitNumber(none, { min: 0, max: 9 })).toBe(none);
});

test('an arrow key steps exactly, within the limits, and begins somewhere', () => {
  expect(stepNumber(0.2, 0.1, ANY)).toBe(0.3);
  expect(stepNumber(9, 1, { min: 0, max: 9 })).toBe(9);
  expect(stepNumber(none, 1, { min: 1, max: 9 })).toBe(1);
});
