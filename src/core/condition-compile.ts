import type { ValueKind } from './catalog.js';
import type { Closure, Members } from './condition-closure.js';
import { ConditionFailure } from './condition-error.js';
import { LibraryCondition } from './condition-library.js';
import { failureOf } from './condition-messages.js';
import { programOf } from './condition-program.js';
import { readCondition, type ReadCondition } from './condition-read.js';
import { isPrevious, wrongKind, zeroReading } from './condition-variables.js';
import { RecentMap } from './recent-map.js';
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

/** Compiled conditions that are kept; about 1 KB each. More distinct texts work, and are compiled once per trigger. */
export const CONDITIONS_CACHED_MAX = 10_000;

/** In order of last use: each use is written anew. */
const cache = new RecentMap<string, Condition>(CONDITIONS_CACHED_MAX);

/**
 * The condition of a text that `checkCondition` accepts. Triggers with the same text share one object. Throws a
 * `ConditionFailure` with the code of the refusal for any other text.
 */
export function compileCondition(valueKind: ValueKind, normalized: string): Condition {
  const key = `${valueKind} ${normalized}`;
  const condition = cache.get(key) ?? compileUncached(valueKind, normalized);
  cache.set(key, condition);
  return condition;
}

function compileUncached(valueKind: ValueKind, text: string): Condition {
  const result = readCondition(valueKind, text);
  if (result.kind === 'invalid') throw new ConditionFailure(result.error.code, result.error.message);
  return compileRead(valueKind, result.condition);
}

/** A condition that was read: closures where they cover it, else the library. */
export function compileRead(valueKind: ValueKind, read: Pick<ReadCondition, 'tree' | 'reads' | 'program'>): Condition {
  const program = programOf(valueKind, read);
  return program
    ? new CompiledCondition(valueKind, program, [...read.reads].some(isPrevious))
    : new LibraryCondition(valueKind, read);
}

/** A condition as closures: see `programOf`. It keeps neither the tree nor anything else of the library. */
export class CompiledCondition implements Condition {
  private readonly readingKind: Reading['kind'];
  private readonly zero: Reading;

  constructor(
    valueKind: ValueKind,
    private readonly program: Closure<boolean>,
    readonly readsPrevious: boolean,
  ) {
    this.readingKind = valueKind === 'event' ? 'event' : 'signal';
    this.zero = zeroReading(valueKind);
  }

  evaluate(sample: Reading, previous: Reading | undefined): boolean {
    const { readingKind } = this;
    if (sample.kind !== readingKind) throw wrongKind(readingKind);
    const before = previous !== undefined && previous.kind === readingKind ? previous : this.zero;
    try {
      return this.program(sample as unknown as Members, before as unknown as Members);
    } catch (error) {
      if (error instanceof ConditionFailure) throw error;
      const { code, message } = failureOf(error);
      throw new ConditionFailure(code, message);
    }
  }
}
