import type { Closure, Overload } from './condition-closure.js';

/** The operators whose result is `true` or `false`, whatever they compare. */
const OPERATORS = ['==', '!=', '<', '<=', '>', '>='] as const;

/** What can be compared; the signatures under which comparisons are listed say that both sides fit. */
type Value = number | bigint | string | boolean;

type Comparisons = Readonly<
  Record<
    (typeof OPERATORS)[number],
    {
      of: (left: Closure<Value>, right: Closure<Value>) => Closure<boolean>;
      withConstant: (left: Closure<Value>, right: Value) => Closure<boolean>;
    }
  >
>;

/** Between values of one type. One set of these serves all types: a set for each was no faster over many conditions. */
const ALIKE: Comparisons = {
  '==': {
    of: (left, right) => (sample, before) => left(sample, before) === right(sample, before),
    withConstant: (left, right) => (sample, before) => left(sample, before) === right,
  },
  '!=': {
    of: (left, right) => (sample, before) => left(sample, before) !== right(sample, before),
    withConstant: (left, right) => (sample, before) => left(sample, before) !== right,
  },
  '<': {
    of: (left, right) => (sample, before) => left(sample, before) < right(sample, before),
    withConstant: (left, right) => (sample, before) => left(sample, before) < right,
  },
  '<=': {
    of: (left, right) => (sample, before) => left(sample, before) <= right(sample, before),
    withConstant: (left, right) => (sample, before) => left(sample, before) <= right,
  },
  '>': {
    of: (left, right) => (sample, before) => left(sample, before) > right(sample, before),
    withConstant: (left, right) => (sample, before) => left(sample, before) > right,
  },
  '>=': {
    of: (left, right) => (sample, before) => left(sample, before) >= right(sample, before),
    withConstant: (left, right) => (sample, before) => left(sample, before) >= right,
  },
};

/** JavaScript compares numbers with BigInts by their mathematical values, without rounding; `===` would tell them apart. */
const MIXED_NUMBERS: Comparisons = {
  ...ALIKE,
  '==': {
    of: (left, right) => (sample, before) => left(sample, before) == right(sample, before),
    withConstant: (left, right) => (sample, before) => left(sample, before) == right,
  },
  '!=': {
    of: (left, right) => (sample, before) => left(sample, before) != right(sample, before),
    withConstant: (left, right) => (sample, before) => left(sample, before) != right,
  },
};

/** All comparisons by their signatures: `double < int`. */
export const COMPARISONS: ReadonlyMap<string, Overload> = new Map([
  ...between('double', 'double', ALIKE),
  ...between('int', 'int', ALIKE),
  ...between('string', 'string', ALIKE),
  ...between('bool', 'bool', ALIKE),
  ...between('double', 'int', MIXED_NUMBERS),
  ...between('int', 'double', MIXED_NUMBERS),
]);

function between(left: string, right: string, comparisons: Comparisons): [string, Overload][] {
  return OPERATORS.map((operator) => [`${left} ${operator} ${right}`, { type: 'bool', ...comparisons[operator] }]);
}

/** What to ask when the operands change places. */
export const MIRRORED: ReadonlyMap<string, string> = new Map([
  ['==', '=='],
  ['!=', '!='],
  ['<', '>'],
  ['<=', '>='],
  ['>', '<'],
  ['>=', '<='],
]);
