import type { ValueKind } from './catalog.js';
import { ENVIRONMENTS } from './condition-environments.js';
import { positionOf, Refusal, type ConditionError } from './condition-error.js';
import { assertKnownWords } from './condition-functions.js';
import { failureOf, notBoolean, refusalOf } from './condition-messages.js';
import { normalise } from './condition-normalise.js';
import { survey } from './condition-policy.js';
import { balancedRange, scan, sentOffset, type Scan } from './condition-scan.js';
import type { Node } from './condition-tree.js';
import { bind, zeroReading, type Bindings } from './condition-variables.js';

/** How the library evaluates a checked condition; see `programOf` for how it is done at each sample. */
export type Program = (bindings: Bindings) => unknown;

/** A condition that passed all checks. */
export interface ReadCondition {
  /** The text with lone `=` repaired: what `tree`'s ranges count in. */
  normalized: string;
  scan: Scan;
  tree: Node;
  /** The variables that it names. */
  reads: ReadonlySet<string>;
  cost: number;
  program: Program;
}

/** Takes a text through all checks. Never throws, and takes at most some 20 ms, whatever the text: compiling a pattern that is too large. */
export function readCondition(
  valueKind: ValueKind,
  text: string,
): { kind: 'ok'; condition: ReadCondition } | { kind: 'invalid'; error: ConditionError } {
  let scanned: Scan | undefined;
  try {
    scanned = scan(text);
    assertKnownWords(scanned.tokens);
    const condition = compile(valueKind, scanned);
    tryWithZeroValues(valueKind, condition);
    return { kind: 'ok', condition };
  } catch (error) {
    return { kind: 'invalid', error: conditionError(error, valueKind, text, scanned) };
  }
}

/** A part of a checked condition as a condition of its own; without the trial, which a part may fail for itself. */
export function readClause(valueKind: ValueKind, text: string): ReadCondition {
  return compile(valueKind, scan(text));
}

function compile(valueKind: ValueKind, scanned: Scan): ReadCondition {
  const normalized = scanned.repaired;
  const parsed = ENVIRONMENTS[valueKind].parse(normalized);
  const { cost, reads, patterns } = survey(valueKind, parsed.ast);
  normalise(valueKind, parsed.ast, patterns);
  const { valid, type, error } = parsed.check();
  if (!valid) throw error!;
  if (type !== 'bool') throw notBoolean(type!, normalized);
  return { normalized, scan: scanned, tree: parsed.ast, reads, cost, program: parsed as Program };
}

const GUARDS: Readonly<Record<ValueKind, string>> = {
  number: 'value != 0',
  string: "value != ''",
  location: 'value.latitude != 0',
  event: 'previousDurationNs != 0',
};

/** Finds what fails for certain: before the first firing, every previous value is zero. */
function tryWithZeroValues(valueKind: ValueKind, { program, normalized }: ReadCondition): void {
  let result: unknown;
  try {
    result = program(bind(valueKind, zeroReading(valueKind), undefined));
  } catch (error) {
    const advice = `Ask for that first, for example: ${GUARDS[valueKind]} && …`;
    const message = `With values of 0 and empty text, which also stand for what is not known yet, ${failureOf(error).message}. ${advice}`;
    const range = (error as { range?: { start: number; end: number } }).range;
    throw new Refusal('fails_on_zero_values', message, range ?? { start: 0, end: normalized.length });
  }
  if (typeof result !== 'boolean') throw notBoolean(typeof result, normalized);
}

function conditionError(error: unknown, valueKind: ValueKind, text: string, scanned: Scan | undefined): ConditionError {
  const refusal = refusalOf(error, valueKind, scanned?.repaired ?? text);
  const { code, message } = refusal;
  if (!scanned) return { code, message, ...positionOf(text, refusal.range) };
  const { start, end } = balancedRange(scanned.tokens, refusal.range);
  const sent = { start: sentOffset(scanned.insertions, start), end: sentOffset(scanned.insertions, end) };
  return { code, message, ...positionOf(text, sent) };
}
