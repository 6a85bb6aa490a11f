import { conditionFailure } from './condition-messages.js';

/** What an `int` computed by a condition may be; what it reads may be larger. */
export const INT_MAX = 2n ** 63n - 1n;
export const INT_MIN = -(2n ** 63n);

/** Characters as CEL counts them: a pair of surrogates is one, half a pair too. */
export function characters(text: string): number {
  let count = text.length;
  for (let at = 1; at < text.length; at++) {
    if ((text.charCodeAt(at) & 0xfc00) === 0xdc00 && (text.charCodeAt(at - 1) & 0xfc00) === 0xd800) count--;
  }
  return count;
}

/** Drops the fraction. */
export function intOfDouble(value: number): bigint {
  if (Number.isFinite(value)) return BigInt(Math.trunc(value));
  throw conditionFailure('numeric_overflow');
}

const INT_TEXT_LENGTH_MAX = 20;

/** Whatever the library reads as a whole number, its oddities included: '' is 0, and '0X1F' is 31 while '0x1F' fails. */
export function intOfText(text: string): bigint {
  if (text === text.trim() && text.length <= INT_TEXT_LENGTH_MAX && !text.includes('0x')) {
    try {
      const value = BigInt(text);
      if (value <= INT_MAX && value >= INT_MIN) return value;
    } catch {
      // Not a number: fails as one that is too large does.
    }
  }
  throw conditionFailure('int_conversion_error');
}

const SPECIAL_DOUBLES: ReadonlyMap<string, number> = new Map([
  ['inf', Infinity],
  ['+inf', Infinity],
  ['infinity', Infinity],
  ['+infinity', Infinity],
  ['-inf', -Infinity],
  ['-infinity', -Infinity],
  ['nan', Number.NaN],
]);

/** Whatever JavaScript reads as a number, and CEL's names of infinities and NaN in any case. */
export function doubleOfText(text: string): number {
  if (text === '' || text !== text.trim()) throw conditionFailure('double_conversion_error');
  const value = Number(text);
  if (!Number.isNaN(value)) return value;
  const special = SPECIAL_DOUBLES.get(text.toLowerCase());
  if (special !== undefined) return special;
  throw conditionFailure('double_conversion_error');
}

const TRUTHS: ReadonlyMap<string, boolean> = new Map([
  ...['1', 't', 'true', 'TRUE', 'True'].map((text) => [text, true] as const),
  ...['0', 'f', 'false', 'FALSE', 'False'].map((text) => [text, false] as const),
]);

export function boolOfText(text: string): boolean {
  const truth = TRUTHS.get(text);
  if (truth === undefined) throw conditionFailure('bool_conversion_error');
  return truth;
}

export function textOfDouble(value: number): string {
  if (value === Infinity) return '+Inf';
  return value === -Infinity ? '-Inf' : String(value);
}
