/** The one door to conditions: whether a text is one, what it says about a sample, and why. */
import type { ValueKind } from './catalog.js';
import type { ConditionError } from './condition-error.js';
import { readCondition } from './condition-read.js';
import { isPrevious } from './condition-variables.js';
import { warningsOf } from './condition-warnings.js';

export { compileCondition, type Condition } from './condition-compile.js';
export { ConditionFailure, type ConditionError } from './condition-error.js';
export { readAloud, type MetricWords } from './condition-words.js';
export { explainCondition, type ClauseExplanation, type ConditionExplanation } from './condition-explain.js';

/** What the check of a text found. */
export type ConditionCheck =
  | {
      kind: 'valid';
      /** The text with each lone `=` repaired. Checking it again gives itself. */
      normalized: string;
      readsPrevious: boolean;
      /** Steps of one evaluation in the worst case, at most `CONDITION_COST_MAX`. */
      cost: number;
      /** What is probably not meant, each as a sentence. */
      warnings: string[];
    }
  | { kind: 'invalid'; error: ConditionError };

/**
 * Checks a text that a developer wrote, for a metric whose values are of this kind. A condition that passes cannot
 * hang, exhaust or crash who evaluates it, its result is `true` or `false`, and its types fit in every branch. Never
 * throws, whatever the text.
 */
export function checkCondition(valueKind: ValueKind, text: string): ConditionCheck {
  const result = readCondition(valueKind, text);
  if (result.kind === 'invalid') return result;
  const { condition } = result;
  return {
    kind: 'valid',
    normalized: condition.normalized,
    readsPrevious: [...condition.reads].some(isPrevious),
    cost: condition.cost,
    warnings: warningsOf(valueKind, text, condition),
  };
}
