import type { ValueKind } from './catalog.js';
import { ConditionFailure } from './condition-error.js';
import { failureOf } from './condition-messages.js';
import { readCondition, type Program, type ReadCondition } from './condition-read.js';
import { bind, isPrevious, limitTexts, VARIABLES } from './condition-variables.js';
import type { Reading } from './sample.js';

/** A checked condition, ready to be asked. */
export interface Condition {
  /** Whether its answer can depend on the previous sample. */
  readonly readsPrevious: boolean;
  /**
   * Whether a sample meets the condition. `previous` is the sample that last fired; undefined counts as zero values.
   * Throws a `ConditionFailure` when there is no answer for this sample.
   */
  evaluate(sample: Reading, previous: Reading | undefined): boolean;
}

/** Compiled conditions that are kept; about 2 KB each. More distinct texts work, and are compiled once per trigger. */
export const CONDITIONS_CACHED_MAX = 10_000;

/** In order of last use: a `Map` keeps the order of insertion. */
const cache = new Map<string, Condition>();

/**
 * The condition of a text that `checkCondition` accepts. Triggers with the same text share one object. Throws a
 * `ConditionFailure` with the code of the refusal for any other text.
 */
export function compileCondition(valueKind: ValueKind, normalized: string): Condition {
  const key = `${valueKind} ${normalized}`;
  let condition = cache.get(key);
  if (condition) cache.delete(key);
  else condition = compileUncached(valueKind, normalized);
  cache.set(key, condition);
  if (cache.size > CONDITIONS_CACHED_MAX) cache.delete(cache.keys().next().value!);
  return condition;
}

function compileUncached(valueKind: ValueKind, text: string): Condition {
  const result = readCondition(valueKind, text);
  if (result.kind === 'invalid') throw new ConditionFailure(result.error.code, result.error.message);
  return new CompiledCondition(valueKind, result.condition);
}

export class CompiledCondition implements Condition {
  readonly readsPrevious: boolean;
  private readonly program: Program;
  private readonly textsRead: readonly string[];

  constructor(
    private readonly valueKind: ValueKind,
    { program, reads }: Pick<ReadCondition, 'program' | 'reads'>,
  ) {
    const types = VARIABLES[valueKind];
    this.program = program;
    this.readsPrevious = [...reads].some(isPrevious);
    this.textsRead = [...reads].filter((name) => ['string', 'list<string>'].includes(types.get(name)!));
  }

  evaluate(sample: Reading, previous: Reading | undefined): boolean {
    let bindings = bind(this.valueKind, sample, previous);
    if (this.textsRead.length > 0) bindings = limitTexts(bindings, this.textsRead);
    const result = this.run(bindings);
    if (typeof result === 'boolean') return result;
    throw new ConditionFailure('not_boolean', 'the result is neither true nor false');
  }

  /** The library's errors capture no stack either: see `ConditionFailure`. */
  private run(bindings: ReturnType<typeof bind>): unknown {
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    try {
      return this.program(bindings);
    } catch (error) {
      const { code, message } = failureOf(error);
      throw new ConditionFailure(code, message);
    } finally {
      Error.stackTraceLimit = limit;
    }
  }
}
