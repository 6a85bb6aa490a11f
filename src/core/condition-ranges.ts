import type { ValueKind } from './catalog.js';
import { operands, type Node } from './condition-tree.js';
import { isPrevious, VARIABLES, type VariableType } from './condition-variables.js';

type Scalar = number | bigint | string | boolean;

/** What previous values are taken to be: anything, or what they are before the first firing. */
export type PreviousValues = 'any' | 'zero';

/**
 * Whether no sample at all can meet the condition. True only where it is certain: in alternatives of which each is a
 * conjunction of comparisons of one variable with a constant that exclude each other, as `value == 0 && value != 0`.
 * A previous value counts as the constant zero when it is `zero`, and else as unknown.
 *
 * `value < previousValue` on a speed is not decided: that speeds are never negative is knowledge about vehicles, not
 * about the condition. Durations are unsigned by their type, so `durationNs < previousDurationNs` is.
 */
export function isImpossible(valueKind: ValueKind, node: Node, previous: PreviousValues): boolean {
  if (node.op === '||') return node.args.every((side) => isImpossible(valueKind, side, previous));
  const constraints = new Map<string, Constraint>();
  for (const conjunct of conjunctsOf(node)) {
    if (conjunct.op === '||' && isImpossible(valueKind, conjunct, previous)) return true;
    if (conjunct.op === 'value' && conjunct.args === false) return true;
    const comparison = comparisonOf(valueKind, conjunct, previous);
    if (!comparison) continue;
    if (comparison.kind === 'constant') {
      if (!comparison.isMet) return true;
      continue;
    }
    const { subject, operator, constant } = comparison;
    const constraint = constraints.get(subject) ?? new Constraint(subject === 'durationNs' ? 0 : undefined);
    constraints.set(subject, constraint);
    constraint.add(operator, constant);
    if (constraint.isEmpty()) return true;
  }
  return false;
}

type Operator = '==' | '!=' | '<' | '<=' | '>' | '>=';
type Comparison =
  { kind: 'constant'; isMet: boolean } | { kind: 'comparison'; subject: string; operator: Operator; constant: Scalar };

function conjunctsOf(node: Node): Node[] {
  return node.op === '&&' ? node.args.flatMap(conjunctsOf) : [node];
}

const MIRRORED: Readonly<Record<Operator, Operator>> = {
  '==': '==',
  '!=': '!=',
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
};

function comparisonOf(valueKind: ValueKind, node: Node, previous: PreviousValues): Comparison | undefined {
  if (!Object.hasOwn(MIRRORED, node.op)) return undefined;
  const operator = node.op as Operator;
  const [left, right] = operands(node) as [Node, Node];
  const [leftValue, rightValue] = [left, right].map((side) => constantOf(valueKind, side, previous));
  if (leftValue !== undefined && rightValue !== undefined) {
    return { kind: 'constant', isMet: compare(leftValue, operator, rightValue) };
  }
  if (rightValue !== undefined) return about(valueKind, left, operator, rightValue);
  if (leftValue !== undefined) return about(valueKind, right, MIRRORED[operator], leftValue);
  const isSame = subjectOf(valueKind, left) !== undefined && subjectOf(valueKind, left) === subjectOf(valueKind, right);
  return isSame && ['<', '>'].includes(operator) ? { kind: 'constant', isMet: false } : undefined;
}

function about(valueKind: ValueKind, node: Node, operator: Operator, constant: Scalar): Comparison | undefined {
  const subject = subjectOf(valueKind, node);
  return subject === undefined ? undefined : { kind: 'comparison', subject, operator, constant };
}

/** A variable, or a field of one, under the one name that its aliases share. */
function subjectOf(valueKind: ValueKind, node: Node): string | undefined {
  if (node.op === '.') {
    const owner = subjectOf(valueKind, node.args[0]);
    return owner === undefined ? undefined : `${owner}.${node.args[1]}`;
  }
  if (node.op !== 'id' || !VARIABLES[valueKind].has(node.args)) return undefined;
  const isAlias = (suffix: string, kind: ValueKind) => valueKind === kind && node.args.endsWith(suffix);
  return isAlias('Number', 'number') || isAlias('String', 'string')
    ? node.args.replace(/(Number|String)$/, '')
    : node.args;
}

const ZEROS: Readonly<Partial<Record<VariableType, Scalar>>> = { double: 0, int: 0, string: '' };

function constantOf(valueKind: ValueKind, node: Node, previous: PreviousValues): Scalar | undefined {
  switch (node.op) {
    case 'value':
      return ['number', 'bigint', 'string', 'boolean'].includes(typeof node.args) ? (node.args as Scalar) : undefined;
    case '-_': {
      const operand = constantOf(valueKind, node.args, previous);
      return typeof operand === 'number' || typeof operand === 'bigint' ? -operand : undefined;
    }
    case '.':
      return previous === 'zero' && node.args[0].op === 'id' && isPrevious(node.args[0].args) ? 0 : undefined;
    case 'id':
      if (previous !== 'zero' || !isPrevious(node.args)) return undefined;
      return ZEROS[VARIABLES[valueKind].get(node.args) ?? 'Location'];
    default:
      return undefined;
  }
}

/** What comparisons leave of one variable's values. Whole and other numbers compare by their exact values. */
class Constraint {
  private low: { bound: Scalar; isOpen: boolean } | undefined;
  private high: { bound: Scalar; isOpen: boolean } | undefined;
  private readonly excluded: Scalar[] = [];

  constructor(lowest: Scalar | undefined) {
    if (lowest !== undefined) this.low = { bound: lowest, isOpen: false };
  }

  add(operator: Operator, constant: Scalar): void {
    if (operator === '!=') this.excluded.push(constant);
    if (['>', '>=', '=='].includes(operator)) this.raise(constant, operator === '>');
    if (['<', '<=', '=='].includes(operator)) this.lower(constant, operator === '<');
  }

  isEmpty(): boolean {
    const { low, high } = this;
    if (!low || !high || low.bound < high.bound) return false;
    if (low.bound > high.bound || low.isOpen || high.isOpen) return true;
    return this.excluded.some((constant) => constant == low.bound);
  }

  private raise(bound: Scalar, isOpen: boolean): void {
    if (!this.low || bound > this.low.bound || (bound == this.low.bound && isOpen)) this.low = { bound, isOpen };
  }

  private lower(bound: Scalar, isOpen: boolean): void {
    if (!this.high || bound < this.high.bound || (bound == this.high.bound && isOpen)) this.high = { bound, isOpen };
  }
}

function compare(left: Scalar, operator: Operator, right: Scalar): boolean {
  switch (operator) {
    case '==':
      return left == right;
    case '!=':
      return left != right;
    case '<':
      return left < right;
    case '<=':
      return left <= right;
    case '>':
      return left > right;
    case '>=':
      return left >= right;
  }
}
