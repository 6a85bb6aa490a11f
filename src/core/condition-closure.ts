import type { EventReading, SignalReading } from './sample.js';

/** The members of both kinds of reading: a closure reads those of the kind that its condition is about. */
export type Members = Omit<SignalReading, 'kind'> & Omit<EventReading, 'kind'>;

/** A part of a condition, ready to be asked: of the sample, and of the one that last fired or the zero reading. */
export type Closure<T> = (sample: Members, before: Members) => T;

/** A part of a condition as the compiler knows it. */
export interface Operand<T = unknown> {
  /** As CEL writes types: `double`, `list<string>`. A `double` is a number, an `int` a bigint. */
  readonly type: string;
  readonly ask: Closure<T>;
  /** Whether asking can throw. What cannot needs no `try`, and may be asked in any order. */
  readonly canThrow: boolean;
  /** What it always is. */
  readonly constant?: { readonly value: T };
  /** The same whole number as a `number`, where it is known to be small: a BigInt takes ten times as long. */
  readonly count?: Closure<number>;
}

/** An operand that is always the same. */
export function constantOperand<T>(type: string, value: T): Operand<T> {
  return { type, ask: () => value, canThrow: false, constant: { value } };
}

/** An operator or a function between operands of certain types. The first operand is asked before the second. */
export interface Overload {
  readonly type: string;
  readonly canThrow?: boolean;
  // The signature under which it is listed says what the operands are; TypeScript cannot.
  readonly of: (...asked: Closure<never>[]) => Closure<unknown>;
  /** The same where the second operand is a constant: one call less, which is half the time of a comparison. */
  readonly withConstant?: (asked: Closure<never>, constant: never) => Closure<unknown>;
}

/** An overload on its operands; computed at once where all of them are constants and nothing can throw. */
export function applied(overload: Overload, operands: readonly Operand[]): Operand {
  const canThrow = overload.canThrow === true || operands.some((operand) => operand.canThrow);
  const constant = operands[1]?.constant;
  const asked = operands.map(({ ask }) => ask as Closure<never>);
  const ask =
    constant && overload.withConstant && operands.length === 2
      ? overload.withConstant(asked[0]!, constant.value as never)
      : overload.of(...asked);
  if (!canThrow && operands.every((operand) => operand.constant)) {
    return constantOperand(overload.type, ask(NOTHING, NOTHING));
  }
  return { type: overload.type, ask, canThrow };
}

/** Constants read nothing. */
const NOTHING = {} as Members;
