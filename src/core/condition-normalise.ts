import type { ValueKind } from './catalog.js';
import { MATCHES_COMPILED, type Pattern } from './condition-environments.js';
import { operands, type Node } from './condition-tree.js';
import { VARIABLES } from './condition-variables.js';

/**
 * Changes a parsed tree, before its types are checked, into one that means the same and runs faster or checks more
 * strictly:
 * - an integer literal beside a `double` becomes a `double` (comparing 60.0 with a BigInt takes 20 times as long), if
 *   that is exact; so do those of a list that has a `double`, whose elements must all have one type;
 * - an unsigned literal, `5u`, becomes a plain integer, since no variable is unsigned;
 * - a call of `matches` gets its compiled pattern.
 * What a variable's type leaves open stays as it is: the operators between `double` and `int` give the same results.
 */
export function normalise(valueKind: ValueKind, tree: Node, patterns: ReadonlyMap<Node, Pattern>): void {
  const isDouble = (node: Node): boolean => isDoubleIn(valueKind, node);
  visit(tree, (node) => {
    switch (node.op) {
      case 'value':
        if (isUnsigned(node.args)) replaceArguments(node, BigInt(String(node.args)));
        return;
      case 'list':
        return alignNumbers(node.args, isDouble);
      case 'in':
        return alignNumbers([node.args[0], ...(node.args[1].op === 'list' ? node.args[1].args : [])], isDouble);
      case '?:':
        return alignNumbers([node.args[1], node.args[2]], isDouble);
      case 'call':
        if (node.args[0] === 'geoDistance') node.args[1].forEach(toDouble);
        return;
      case 'rcall':
        return useCompiledPattern(node, patterns.get(node));
      default:
        return BETWEEN_NUMBERS.has(node.op) ? alignNumbers(operands(node), isDouble) : undefined;
    }
  });
}

const BETWEEN_NUMBERS: ReadonlySet<string> = new Set(['==', '!=', '<', '<=', '>', '>=', '+', '-', '*', '/', '%']);

/** Operands before the operators on them, so that what they have become is known. */
function visit(node: Node, change: (node: Node) => void): void {
  for (const operand of operands(node)) visit(operand, change);
  change(node);
}

/** All or none, so that a list of one type stays one. */
function alignNumbers(nodes: readonly Node[], isDouble: (node: Node) => boolean): void {
  if (nodes.some(isDouble) && nodes.every((node) => isDouble(node) || isExactAsDouble(node))) nodes.forEach(toDouble);
}

function isDoubleIn(valueKind: ValueKind, node: Node): boolean {
  switch (node.op) {
    case 'value':
      return typeof node.args === 'number';
    case 'id':
      return VARIABLES[valueKind].get(node.args) === 'double';
    case '.':
      return true;
    case 'call':
      return node.args[0] === 'double' || node.args[0] === 'geoDistance';
    case '-_':
      return isDoubleIn(valueKind, node.args);
    case '+':
    case '-':
    case '*':
    case '/':
    case '%':
      return node.args.some((operand) => isDoubleIn(valueKind, operand));
    case '?:':
      return isDoubleIn(valueKind, node.args[1]);
    default:
      return false;
  }
}

/** Zero under a minus stays an integer: the double would be -0, and `1.0 / -0` another infinity. */
function isExactAsDouble(node: Node): boolean {
  if (node.op === '-_') return isExactAsDouble(node.args) && node.args.args !== 0n;
  return node.op === 'value' && typeof node.args === 'bigint' && Number.isSafeInteger(Number(node.args));
}

function toDouble(node: Node): void {
  if (!isExactAsDouble(node)) return;
  if (node.op === '-_') toDouble(node.args);
  else replaceArguments(node, Number(node.args));
}

function useCompiledPattern(node: Extract<Node, { op: 'rcall' }>, pattern: Pattern | undefined): void {
  if (!pattern) return;
  const [, receiver, [argument]] = node.args;
  replaceArguments(argument!, pattern);
  replaceArguments(node, [MATCHES_COMPILED, receiver, [argument]]);
}

/** The library exports no constructor for nodes; its own objects are plain and writable. */
function replaceArguments(node: Node, value: unknown): void {
  (node as { args: unknown }).args = value;
}

function isUnsigned(literal: unknown): boolean {
  return typeof literal === 'object' && literal !== null;
}
