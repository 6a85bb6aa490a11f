import { EvaluationError, ParseError, TypeError as CheckError } from '@marcbachmann/cel-js';
import type { ValueKind } from './catalog.js';
import { ConditionFailure, Refusal, type Range, type RefusalCode } from './condition-error.js';
import { MATCHES_COMPILED } from './condition-environments.js';
import { FUNCTIONS, METHODS } from './condition-functions.js';
import { explainSyntax } from './condition-syntax.js';
import { LOCATION_FIELDS } from './condition-variables.js';

/** An error of the library, in a developer's words. The range is one of the text that the library was given. */
export function refusalOf(error: unknown, valueKind: ValueKind, text: string): Refusal {
  if (error instanceof Refusal) return error;
  const whole = { start: 0, end: text.length };
  if (!isLibraryError(error)) {
    return new Refusal('invalid', 'The condition cannot be understood: write it in a simpler way.', whole);
  }
  const range = { start: error.range?.start ?? 0, end: error.range?.end ?? text.length };
  if (error.code === 'limit_exceeded') {
    const message = 'The condition is too deeply nested or has too many parts: split it into several webhooks.';
    return new Refusal('too_complex', message, range);
  }
  if (error instanceof ParseError) return explainSyntax(error.code, error.summary, text, range);
  return explainType(error, valueKind, text, range);
}

/** The reason why an evaluation failed, as code and clause of a sentence. */
export function failureOf(error: unknown): { code: string; message: string } {
  if (!isLibraryError(error)) return { code: 'evaluation_failed', message: 'it cannot be evaluated for this sample' };
  return { code: error.code, message: (FAILURES as Readonly<Record<string, string>>)[error.code] ?? error.summary };
}

/** What the library would have failed with. */
export function conditionFailure(code: keyof typeof FAILURES): ConditionFailure {
  return new ConditionFailure(code, FAILURES[code]);
}

/** Why a condition of the given type is none. */
export function notBoolean(type: string, text: string): Refusal {
  const advice = COMPARISONS[type] ?? 'compare it with something';
  const message = `The result is ${nameOfType(type)}, but a condition must be true or false: ${advice}.`;
  return new Refusal('not_boolean', message, { start: 0, end: text.length });
}

type LibraryError = ParseError | CheckError | EvaluationError;

function isLibraryError(error: unknown): error is LibraryError {
  return error instanceof ParseError || error instanceof CheckError || error instanceof EvaluationError;
}

const FAILURES = {
  division_by_zero: 'it divides by zero',
  modulo_by_zero: 'it divides by zero',
  numeric_overflow: 'a whole number becomes too large',
  double_conversion_error: 'double() got a text that is no number',
  int_conversion_error: 'int() got a text that is no whole number',
  bool_conversion_error: 'bool() got a text that is neither true nor false',
} as const;

const COMPARISONS: Readonly<Record<string, string>> = {
  double: 'compare it with a number, as in … > 10',
  int: 'compare it with a number, as in … > 10',
  string: "compare it with a text, as in … == 'text'",
  Location: 'compare a field, as in value.latitude > 40',
  'list<string>': "ask what is in it, as in 'text' in tags",
};

const TYPE_NAMES: Readonly<Record<string, string>> = {
  double: 'a number',
  int: 'a whole number',
  string: 'a text',
  bool: 'true or false',
  Location: 'a location',
  Pattern: 'a pattern',
};

function nameOfType(type: string): string {
  return TYPE_NAMES[type] ?? (type.startsWith('list') ? 'a list' : type);
}

function explainType(error: LibraryError, valueKind: ValueKind, text: string, range: Range): Refusal {
  const refuse = (code: RefusalCode, message: string) => new Refusal(code, message, range);
  switch (error.code) {
    case 'no_such_overload':
      return refuse('type_mismatch', explainOperator(error.summary, valueKind, text.slice(range.start, range.end)));
    case 'no_matching_overload':
      return refuse('type_mismatch', explainCall(error.summary));
    case 'no_such_key':
      return refuse('unknown_field', `A location has no such field. It has ${LOCATION_FIELDS.join(', ')}.`);
    case 'cannot_index_type':
    case 'invalid_index_type':
      return refuse('unknown_field', 'Only a location has fields. Write the variable without what follows the dot.');
    case 'invalid_logical_operand':
      return refuse('type_mismatch', 'Both sides of && and || must be true or false: compare each, a > 1 && b > 1.');
    case 'invalid_condition_type':
      return refuse('type_mismatch', 'What stands before ? or is asked of a list must be true or false: compare it.');
    case 'incompatible_ternary_branches':
      return refuse('type_mismatch', 'Both results of condition ? a : b must be of one type.');
    case 'heterogeneous_list_element':
      return refuse('type_mismatch', 'All elements of a list must be of one type.');
    default:
      return refuse('invalid', `This is not possible in a condition: ${error.summary}.`);
  }
}

const BINARY = /^no such overload: (.+) (==|!=|<=|>=|<|>|in|\+|-|\*|\/|%) (.+)$/;

function explainOperator(summary: string, valueKind: ValueKind, part: string): string {
  const [, left, operator, right] = BINARY.exec(summary) ?? [];
  if (left === undefined || operator === undefined || right === undefined) {
    return `Neither ! nor - works here: ! is for what is true or false, - for numbers.`;
  }
  const what = `${operator} does not work between ${nameOfType(left)} and ${nameOfType(right)}`;
  return `${what}${adviceOn([left, right], operator, valueKind, part)}.`;
}

function adviceOn(types: readonly string[], operator: string, valueKind: ValueKind, part: string): string {
  const has = (...wanted: string[]) => wanted.every((type) => types.some((actual) => IS_OF[type]?.test(actual)));
  const quoted = /(['"])\s*(-?\d+(?:\.\d+)?)\s*\1/.exec(part);
  if (operator === 'in') return ': write a list of what it may be, value in [1, 2]';
  if (has('number', 'text') && quoted) return `: write ${quoted[2]} without quotes`;
  if (has('number', 'text') && valueKind === 'string')
    return ': the values of this metric are texts, so put quotes around what you compare with';
  if (has('number', 'text')) return ': compare numbers with numbers, and texts with texts in quotes';
  if (has('number', 'bool') && ['==', '!='].includes(operator)) return ': true is the number 1 here and false is 0';
  if (has('bool') && operator !== '==' && operator !== '!=')
    return ': comparisons cannot be chained, write a < b && b < c';
  if (has('location')) return ': compare its fields, such as value.latitude, or use geoDistance()';
  return '';
}

const IS_OF: Readonly<Record<string, RegExp>> = {
  number: /^(double|int)$/,
  text: /^string$/,
  bool: /^bool$/,
  location: /^Location$/,
};

const CALL = /^found no matching overload for '(?:(.+)\.)?(\w+)\((.*)\)'$/;

function explainCall(summary: string): string {
  const [, receiver, called, types = ''] = CALL.exec(summary) ?? [];
  const name = called === MATCHES_COMPILED ? 'matches' : (called ?? '');
  const form = receiver === undefined ? FUNCTIONS.get(name) : METHODS.get(name);
  if (form === undefined) return 'This cannot be called like that.';
  if (receiver !== undefined && !/^(string|list)/.test(receiver)) {
    return `${name}() works on a text, and this is ${nameOfType(receiver)}: write ${form}.`;
  }
  const given = types === '' ? 'nothing' : types.split(', ').map(nameOfType).join(', ');
  return name === 'matches' ? `Write ${form}.` : `Write ${form}. It got ${given}.`;
}
