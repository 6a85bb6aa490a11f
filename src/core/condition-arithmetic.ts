import type { Closure, Overload } from './condition-closure.js';
import { INT_MAX, INT_MIN } from './condition-conversions.js';
import { conditionFailure } from './condition-messages.js';

type Operator = '+' | '-' | '*' | '/' | '%';
type Arithmetic<T> = Readonly<Record<Operator, (left: Closure<T>, right: Closure<T>) => Closure<T>>>;

const DOUBLE: Arithmetic<number> = {
  '+': (left, right) => (sample, before) => left(sample, before) + right(sample, before),
  '-': (left, right) => (sample, before) => left(sample, before) - right(sample, before),
  '*': (left, right) => (sample, before) => left(sample, before) * right(sample, before),
  '/': (left, right) => (sample, before) => left(sample, before) / right(sample, before),
  '%': (left, right) => (sample, before) => left(sample, before) % right(sample, before),
};

/** Results of + - * stay within signed 64 bits; operands may be larger, as a duration is. */
const INT: Arithmetic<bigint> = {
  '+': (left, right) => (sample, before) => within(left(sample, before) + right(sample, before)),
  '-': (left, right) => (sample, before) => within(left(sample, before) - right(sample, before)),
  '*': (left, right) => (sample, before) => within(left(sample, before) * right(sample, before)),
  '/': (left, right) => (sample, before) => {
    const dividend = left(sample, before);
    const divisor = right(sample, before);
    if (divisor === 0n) throw conditionFailure('division_by_zero');
    return dividend / divisor;
  },
  '%': (left, right) => (sample, before) => {
    const dividend = left(sample, before);
    const divisor = right(sample, before);
    if (divisor === 0n) throw conditionFailure('modulo_by_zero');
    return dividend % divisor;
  },
};

function within(value: bigint): bigint {
  if (value <= INT_MAX && value >= INT_MIN) return value;
  throw conditionFailure('numeric_overflow');
}

const asDouble =
  (asked: Closure<bigint>): Closure<number> =>
  (sample, before) =>
    Number(asked(sample, before));

/** What is computed with two operands, by signature: `int / int`, which drops the fraction. */
export const ARITHMETIC: ReadonlyMap<string, Overload> = new Map<string, Overload>([
  ...(['+', '-', '*', '/', '%'] as const).flatMap((operator): [string, Overload][] => [
    [`double ${operator} double`, { type: 'double', of: DOUBLE[operator] }],
    [`int ${operator} int`, { type: 'int', canThrow: true, of: INT[operator] }],
    [`double ${operator} int`, { type: 'double', of: (left, right) => DOUBLE[operator](left, asDouble(right)) }],
    [`int ${operator} double`, { type: 'double', of: (left, right) => DOUBLE[operator](asDouble(left), right) }],
  ]),
  [
    'string + string',
    {
      type: 'string',
      of: (left: Closure<string>, right: Closure<string>) => (sample, before) =>
        left(sample, before) + right(sample, before),
    },
  ],
]);
