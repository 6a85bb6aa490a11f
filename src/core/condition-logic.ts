import type { Closure, Operand } from './condition-closure.js';

/**
 * `&&` (decisive is false) and `||` (decisive is true), as CEL has them: a side that fails decides nothing, and the
 * other one may still. When both fail, the second failure is seen.
 */
export function logicOperand(decisive: boolean, left: Operand<boolean>, right: Operand<boolean>): Operand<boolean> {
  const canThrow = left.canThrow || right.canThrow;
  const join = left.canThrow ? (decisive ? patientOr : patientAnd) : decisive ? or : and;
  return { type: 'bool', ask: join(left.ask, right.ask), canThrow };
}

function and(left: Closure<boolean>, right: Closure<boolean>): Closure<boolean> {
  return (sample, before) => left(sample, before) && right(sample, before);
}

function or(left: Closure<boolean>, right: Closure<boolean>): Closure<boolean> {
  return (sample, before) => left(sample, before) || right(sample, before);
}

function patientAnd(left: Closure<boolean>, right: Closure<boolean>): Closure<boolean> {
  return (sample, before) => {
    let isLeft: boolean;
    try {
      isLeft = left(sample, before);
    } catch (failure) {
      if (right(sample, before)) throw failure;
      return false;
    }
    return isLeft && right(sample, before);
  };
}

function patientOr(left: Closure<boolean>, right: Closure<boolean>): Closure<boolean> {
  return (sample, before) => {
    let isLeft: boolean;
    try {
      isLeft = left(sample, before);
    } catch (failure) {
      if (!right(sample, before)) throw failure;
      return true;
    }
    return isLeft || right(sample, before);
  };
}

/** `condition ? left : right`, of which only one is asked. */
export function choiceOperand(condition: Operand<boolean>, left: Operand, right: Operand): Operand {
  const canThrow = condition.canThrow || left.canThrow || right.canThrow;
  return { type: left.type, ask: choice(condition.ask, left.ask, right.ask), canThrow };
}

function choice<T>(condition: Closure<boolean>, left: Closure<T>, right: Closure<T>): Closure<T> {
  return (sample, before) => (condition(sample, before) ? left(sample, before) : right(sample, before));
}

/** Where a quantifier puts the element that its predicate is asked about. A condition is never asked within itself. */
export interface Cell {
  element: unknown;
}

type Quantifier = (list: Closure<readonly unknown[]>, cell: Cell, predicate: Closure<boolean>) => Closure<boolean>;

/** `all` and `exists` go on after an element that failed, as `&&` and `||` would; `exists_one` fails with it. */
export const QUANTIFIER_CLOSURES: Readonly<Record<string, Quantifier>> = {
  all: (list, cell, predicate) => untilDecided(false, list, cell, predicate),
  exists: (list, cell, predicate) => untilDecided(true, list, cell, predicate),
  exists_one: (list, cell, predicate) => (sample, before) => {
    let count = 0;
    for (const element of list(sample, before)) {
      cell.element = element;
      if (predicate(sample, before)) count++;
    }
    return count === 1;
  },
};

function untilDecided(
  decisive: boolean,
  list: Closure<readonly unknown[]>,
  cell: Cell,
  predicate: Closure<boolean>,
): Closure<boolean> {
  return (sample, before) => {
    let firstFailure: Error | undefined;
    for (const element of list(sample, before)) {
      cell.element = element;
      try {
        if (predicate(sample, before) === decisive) return decisive;
      } catch (failure) {
        firstFailure ??= failure as Error;
      }
    }
    if (firstFailure !== undefined) throw firstFailure;
    return !decisive;
  };
}

/** How an element is read within a quantifier. */
export function elementOperand(type: string, cell: Cell): Operand {
  return { type, ask: () => cell.element, canThrow: false };
}

/** A list that is written out: its elements are asked from the last to the first, as the library does. */
export function listOperand(elements: readonly Operand[]): Operand<readonly unknown[]> {
  const type = `list<${elements[0]!.type}>`;
  const constants = elements.flatMap(({ constant }) => (constant ? [constant.value] : []));
  const isConstant = constants.length === elements.length;
  const ask = isConstant ? () => constants : elementsOf(elements.map((element) => element.ask));
  const canThrow = elements.some((element) => element.canThrow);
  return { type, ask, canThrow, ...(isConstant ? { constant: { value: constants } } : {}) };
}

function elementsOf(asked: readonly Closure<unknown>[]): Closure<readonly unknown[]> {
  return (sample, before) => {
    const elements = new Array<unknown>(asked.length);
    for (let at = asked.length - 1; at >= 0; at--) elements[at] = asked[at]!(sample, before);
    return elements;
  };
}
