import type { ValueKind } from './catalog.js';
import { compileCondition, type Condition } from './condition-compile.js';
import { ConditionFailure, positionOf } from './condition-error.js';
import { LibraryCondition } from './condition-library.js';
import { readClause } from './condition-read.js';
import { balancedRange, scan, type Token } from './condition-scan.js';
import type { Node } from './condition-tree.js';
import type { Reading } from './sample.js';

/** What one clause of a condition said about a sample. */
export interface ClauseExplanation {
  text: string;
  /** 1-based, in the normalised text. */
  line: number;
  column: number;
  length: number;
  /** Null where the clause was not reached, because those before it decided, or where it failed. */
  value: boolean | null;
  /** Why it failed. */
  error?: string;
}

export interface ConditionExplanation {
  /** The operands of the && and || at the top of the condition, from left to right. */
  parts: ClauseExplanation[];
  /** Undefined when the evaluation failed. */
  value: boolean | undefined;
  error?: string;
}

/**
 * Evaluates a condition for a sample and tells what each of its clauses said. As in any evaluation, the right side of
 * && and || is reached only if the left one did not decide; a side that failed decides nothing. Throws as
 * `compileCondition` does.
 */
export function explainCondition(
  valueKind: ValueKind,
  normalized: string,
  sample: Reading,
  previous: Reading | undefined,
): ConditionExplanation {
  const condition = compileCondition(valueKind, normalized);
  const { tree } = readClause(valueKind, normalized);
  const explainer = new Explainer(valueKind, normalized, (clause) => clause.evaluate(sample, previous));
  explainer.visit(tree, true);
  const result = attempt(() => condition.evaluate(sample, previous));
  return result instanceof ConditionFailure
    ? { parts: explainer.parts, value: undefined, error: result.message }
    : { parts: explainer.parts, value: result };
}

class Explainer {
  readonly parts: ClauseExplanation[] = [];
  private readonly tokens: readonly Token[];

  constructor(
    private readonly valueKind: ValueKind,
    private readonly text: string,
    private readonly ask: (clause: Condition) => boolean,
  ) {
    this.tokens = scan(text).tokens;
  }

  /** The value of a node, undefined when it failed or was not reached. */
  visit(node: Node, isReached: boolean): boolean | undefined {
    if (node.op !== '&&' && node.op !== '||') return this.explainClause(node, isReached);
    const decisive = node.op === '||';
    const left = this.visit(node.args[0], isReached);
    const right = this.visit(node.args[1], isReached && left !== decisive);
    if (left === decisive || right === decisive) return decisive;
    return left === undefined || right === undefined ? undefined : !decisive;
  }

  private explainClause(node: Node, isReached: boolean): boolean | undefined {
    const range = balancedRange(this.tokens, node);
    const text = this.text.slice(range.start, range.end);
    const part: ClauseExplanation = { text, ...positionOf(this.text, range), value: null };
    this.parts.push(part);
    if (!isReached) return undefined;
    const clause = new LibraryCondition(this.valueKind, readClause(this.valueKind, text));
    const value = attempt(() => this.ask(clause));
    if (value instanceof ConditionFailure) part.error = value.message;
    else part.value = value;
    return part.value ?? undefined;
  }
}

function attempt(evaluate: () => boolean): boolean | ConditionFailure {
  try {
    return evaluate();
  } catch (error) {
    if (error instanceof ConditionFailure) return error;
    throw error;
  }
}
