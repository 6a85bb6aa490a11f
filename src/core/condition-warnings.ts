import type { ValueKind } from './catalog.js';
import { positionOf } from './condition-error.js';
import type { ReadCondition } from './condition-read.js';
import { sentOffset } from './condition-scan.js';
import { operands, type Node } from './condition-tree.js';
import { bind, isPrevious, VARIABLES, zeroReading } from './condition-variables.js';
import { isImpossible } from './condition-ranges.js';

/** What is allowed and probably not meant, each as a sentence. */
export function warningsOf(valueKind: ValueKind, text: string, condition: ReadCondition): string[] {
  return [
    ...repairs(text, condition),
    ...wholeDivisions(valueKind, text, condition),
    ...unread(valueKind, condition),
    ...impossible(valueKind, condition),
  ];
}

function* repairs(text: string, { scan }: ReadCondition): Generator<string> {
  for (const insertion of scan.insertions) {
    const start = sentOffset(scan.insertions, insertion);
    const { line, column } = positionOf(text, { start, end: start + 1 });
    yield `The = at line ${line}, column ${column} was read as ==.`;
  }
}

/** `durationNs / 1000000000 > 1.5` is false for 1.9 s: integers divide as integers. */
function* wholeDivisions(valueKind: ValueKind, text: string, { tree, scan }: ReadCondition): Generator<string> {
  if (valueKind !== 'event') return;
  for (const node of descendants(tree)) {
    if (!COMPARISONS.has(node.op)) continue;
    const sides = operands(node);
    const division = sides.find((side) => isWholeDivision(side));
    if (
      !division ||
      !sides.some(({ op, args }) => op === 'value' && typeof args === 'number' && !Number.isInteger(args))
    )
      continue;
    const { line, column } = positionOf(text, {
      start: sentOffset(scan.insertions, division.start),
      end: division.end,
    });
    yield `The division at line ${line}, column ${column} drops the fraction: write a decimal point in the divisor, such as 1e9.`;
  }
}

const COMPARISONS: ReadonlySet<string> = new Set(['==', '!=', '<', '<=', '>', '>=']);

function isWholeDivision(node: Node): boolean {
  return node.op === '/' && node.args[1].op === 'value' && typeof node.args[1].args === 'bigint';
}

function* unread(valueKind: ValueKind, { reads, program }: ReadCondition): Generator<string> {
  if (reads.size === 0) {
    const isMet = program(bind(valueKind, zeroReading(valueKind), undefined)) === true;
    yield isMet
      ? 'The condition is always true: it fires for every sample, as often as the cool-down allows.'
      : 'The condition is always false: it never fires.';
  } else if ([...reads].every(isPrevious)) {
    const names = [...VARIABLES[valueKind].keys()].filter((name) => !isPrevious(name));
    yield `The condition reads nothing of the sample at hand: ${names.join(', ')}.`;
  }
}

function* impossible(valueKind: ValueKind, { tree, reads }: ReadCondition): Generator<string> {
  if (reads.size === 0) return;
  if (isImpossible(valueKind, tree, 'any')) {
    yield 'The condition can never be true: its parts exclude each other.';
  } else if (isImpossible(valueKind, tree, 'zero')) {
    yield 'The condition cannot fire for the first time: until it has fired, previous values are 0 and empty text, and with these it is never true.';
  }
}

function* descendants(node: Node): Generator<Node> {
  yield node;
  for (const operand of operands(node)) yield* descendants(operand);
}
