import type { ValueKind } from './catalog.js';
import type { Condition } from './condition-compile.js';
import { ConditionFailure } from './condition-error.js';
import { failureOf } from './condition-messages.js';
import type { Program, ReadCondition } from './condition-read.js';
import { bind, isPrevious, limitTexts, VARIABLES } from './condition-variables.js';
import type { Reading } from './sample.js';

/**
 * A condition that the library evaluates: the reference for what conditions mean, and what evaluates those that are not
 * compiled to closures. It holds some 2 KB, the tree among them.
 */
export class LibraryCondition implements Condition {
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
