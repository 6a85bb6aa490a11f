import type { Closure, Overload } from './condition-closure.js';

/** The operators whose result is `true` or `false`, whatever they compare. */
const OPERATORS = ['==', '!=', '<', '<=', '>', '>='] as const;

type Comparisons<Left, Right> = Readonly<
  Record<
    (typeof OPERATORS)[number],
    {
      of: (left: Closure<Left>, right: Closure<Right>) => Closure<boolean>;
      withConstant: (left: Closure<Left>, right: Right) => Closure<boolean>;
    }
  >
>;

/*
 * The same six lines for each type, on purpose: V8 collects what it learns of types for each place in the text, and a
 * `<` that has seen numbers, texts and BigInts is slower with each of them than one that has seen numbers alone.
 */

const NUMBERS: Comparisons<number, number> = {
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

const WHOLE_NUMBERS: Comparisons<bigint, bigint> = {
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

const TEXTS: Comparisons<string, string> = {
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

const TRUTHS: Comparisons<boolean, boolean> = {
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
const MIXED_NUMBERS: Comparisons<number | bigint, number | bigint> = {
  '==': {
    of: (left, right) => (sample, before) => left(sample, before) == right(sample, before),
    withConstant: (left, right) => (sample, before) => left(sample, before) == right,
  },
  '!=': {
    of: (left, right) => (sample, before) => left(sample, before) != right(sample, before),
    withConstant: (left, right) => (sample, before) => left(sample, before) != right,
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

/** All comparisons by their signatures: `double < int`. */
export const COMPARISONS: ReadonlyMap<string, Overload> = new Map([
  ...between('double', 'double', NUMBERS),
  ...between('int', 'int', WHOLE_NUMBERS),
  ...between('string', 'string', TEXTS),
  ...between('bool', 'bool', TRUTHS),
  ...between('double', 'int', MIXED_NUMBERS),
  ...between('int', 'double', MIXED_NUMBERS),
]);

function between<Left, Right>(
  left: string,
  right: string,
  comparisons: Comparisons<Left, Right>,
): [string, Overload][] {
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
