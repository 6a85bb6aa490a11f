/** What is wrong with a condition, and where. */
export type ConditionError = {
  /** One of `REFUSAL_CODES`. */
  code: string;
  /** What is wrong and what to do, as a sentence for the developer. */
  message: string;
  /** 1-based. A line ends with a line feed. */
  line: number;
  /** 1-based, in UTF-16 units of the text as sent: the unit in which editors and JavaScript count. */
  column: number;
  /** UTF-16 units, at least 1; goes on over line feeds. */
  length: number;
};

/** The codes that a refused condition can have. They are part of the REST surface: change none. */
export const REFUSAL_CODES = [
  'empty',
  'too_long',
  'forbidden_character',
  'syntax',
  'unknown_variable',
  'unknown_function',
  'unknown_field',
  'not_allowed',
  'too_complex',
  'too_costly',
  'invalid_pattern',
  'invalid_number',
  'type_mismatch',
  'not_boolean',
  'fails_on_zero_values',
  'invalid',
] as const;

export type RefusalCode = (typeof REFUSAL_CODES)[number];

/** A stretch of text in UTF-16 units, `end` excluded. */
export interface Range {
  start: number;
  end: number;
}

/** Thrown inside the condition files to leave a deep walk; it never leaves them. The range is one of the repaired text. */
export class Refusal extends Error {
  constructor(
    readonly code: RefusalCode,
    message: string,
    readonly range: Range,
  ) {
    super(message.length > MESSAGE_LENGTH_MAX ? `${message.slice(0, MESSAGE_LENGTH_MAX)}…` : message);
  }
}

/**
 * A condition that could not be evaluated for a sample: a division by zero, a text that is too long. It carries no
 * stack, because a trigger may fail for each of a million samples and capturing stacks costs a hundred evaluations.
 */
export class ConditionFailure extends Error {
  override readonly name = 'ConditionFailure';

  constructor(
    readonly code: string,
    message: string,
  ) {
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    super(message);
    Error.stackTraceLimit = limit;
  }
}

/** Above any message of ours, unless a number in it is absurdly long. */
const MESSAGE_LENGTH_MAX = 400;

const QUOTED_LENGTH_MAX = 40;

/** A part of a developer's text as messages quote it: they do not grow with it. */
export function quoted(text: string): string {
  return `'${text.length > QUOTED_LENGTH_MAX ? `${text.slice(0, QUOTED_LENGTH_MAX)}…` : text}'`;
}

/** Line, column and length of a range; an empty range at the end of the text is moved to just behind its last word. */
export function positionOf(text: string, range: Range): { line: number; column: number; length: number } {
  const length = Math.max(1, range.end - range.start);
  const start = range.start >= text.length ? text.trimEnd().length : range.start;
  const before = text.slice(0, start);
  const lineStart = before.lastIndexOf('\n') + 1;
  return { line: before.split('\n').length, column: start - lineStart + 1, length };
}
