import { z } from 'zod';
import { nearestNames } from '../core/catalog.js';
import { isObject } from '../core/json.js';
import { Problem, invalidFields } from './problem.js';
import type { FieldError } from './problem.js';

/** What a body or a query string says, checked, and the names in it that mean nothing to us. */
export interface Given<T> {
  fields: T;
  unknownKeys: string[];
}

/** Enough to see what is wrong with a long list. */
const ERRORS_MAX = 20;
const UNKNOWN_KEYS_MAX = 20;
const KEY_LENGTH_MAX = 100;

/**
 * Checks a JSON body against an object schema; throws a problem that names every field that is wrong. As clients of the
 * original API expect, the letter case of names is not significant, null means "not given" (except where the schema
 * takes null), and the object may be wrapped as `{"request": {…}}`; pointers lead from the object. A strict schema takes
 * no other names than its own.
 */
export function readFields<S extends z.ZodObject>(schema: S, body: unknown): Given<z.output<S>> {
  if (!isObject(body)) {
    const detail = 'The body must be a JSON object.';
    throw new Problem(400, { kind: 'invalid-request', message: `Invalid request payload: ${detail}`, detail });
  }
  const wrapped = wrappedRequest(schema, body);
  const { known, unknownKeys } = sortKeys(schema, wrapped ?? body);
  if (isStrict(schema)) {
    const beside = wrapped === undefined ? [] : Object.keys(body).filter((key) => key.toLowerCase() !== 'request');
    refuseUnknown([...unknownKeys, ...beside], Object.keys(schema.shape));
  }
  const result = schema.safeParse(known, { error: describeIssue });
  if (result.success) return { fields: result.data, unknownKeys };
  throw invalidFields(fieldErrors(result.error.issues, '#'));
}

/** The same for a query string; other names than the schema's mean nothing. */
export function readQuery<S extends z.ZodObject>(schema: S, query: unknown): z.output<S> {
  const result = schema.safeParse(query, { error: describeIssue });
  if (result.success) return result.data;
  throw invalidFields(fieldErrors(result.error.issues, '?'));
}

/** The body of what takes none: for who sends one nevertheless, to be told that nothing in it would count. */
export const nothing = z.strictObject({}).meta({ id: 'Nothing' });

/** What the answer says about names that were ignored. */
export function unknownKeyWarnings(unknownKeys: readonly string[]): string[] {
  return unknownKeys.map((key) => `Unknown field ${JSON.stringify(key)} was ignored.`);
}

/** Text of limited length that PostgreSQL and JSON can carry unchanged. */
export function text(lengthMax: number): z.ZodString {
  return z
    .string()
    .max(lengthMax)
    .refine((value) => !/[\0\p{Cs}]/u.test(value), 'must not contain NUL or half a surrogate pair');
}

/** A mistake that only shows once fields are known to have the right form: throws like `readFields`. */
export function refuseField(pointer: string, detail: string): never {
  throw invalidFields([{ pointer, detail }]);
}

function isStrict(schema: z.ZodObject): boolean {
  return schema.def.catchall instanceof z.ZodNever;
}

/** Where a name that was misspelt would make a call do more than was asked, or something else. */
function refuseUnknown(keys: readonly string[], names: readonly string[]): void {
  const [first, ...others] = keys.slice(0, UNKNOWN_KEYS_MAX).map((key) => {
    const name = key.slice(0, KEY_LENGTH_MAX);
    const [nearest] = nearestNames(name, names);
    const hint = nearest === undefined ? '' : ` Did you mean ${nearest}?`;
    const detail = `Unknown field ${JSON.stringify(name)}.${hint} Nothing was done.`;
    return { pointer: `#${pointerStep(name)}`, detail };
  });
  if (first) throw invalidFields([first, ...others]);
}

function pointerStep(key: string): string {
  return `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

function wrappedRequest(schema: z.ZodObject, body: Record<string, unknown>): Record<string, unknown> | undefined {
  if ('request' in schema.shape) return undefined;
  const inner = Object.entries(body).find(([key]) => key.toLowerCase() === 'request')?.[1];
  return isObject(inner) ? inner : undefined;
}

function sortKeys(
  schema: z.ZodObject,
  body: Record<string, unknown>,
): { known: Record<string, unknown>; unknownKeys: string[] } {
  const names = new Map(Object.keys(schema.shape).map((name) => [name.toLowerCase(), name]));
  const known: Record<string, unknown> = {};
  const unknownKeys: string[] = [];
  for (const [key, value] of Object.entries(body)) {
    const name = names.get(key.toLowerCase());
    const isSaidExactly = name !== undefined && name !== key && Object.hasOwn(body, name);
    if (name === undefined || isSaidExactly) {
      if (unknownKeys.length < UNKNOWN_KEYS_MAX) unknownKeys.push(key.slice(0, KEY_LENGTH_MAX));
    } else if (value !== null || (schema.shape[name] as z.ZodType).safeParse(null).success) {
      known[name] = value;
    }
  }
  return { known, unknownKeys };
}

/**
 * Says what is wrong with a value. Texts that begin with a small letter are predicates: the field's name is put in
 * front. A schema's own texts are either such predicates or, with a capital, the original API's sentences.
 */
function describeIssue(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined ? 'is required' : `must be ${TYPE_NAMES[issue.expected] ?? issue.expected}`;
    case 'too_small':
      return issue.origin === 'string' ? 'must not be empty' : `must be ${issue.minimum} or more`;
    case 'too_big':
      if (issue.origin === 'string') return `may have at most ${issue.maximum} characters`;
      return issue.origin === 'array'
        ? `may have at most ${issue.maximum} entries`
        : `must be ${issue.maximum} or less`;
    case 'unrecognized_keys':
      return `has unknown members: ${issue.keys.slice(0, UNKNOWN_KEYS_MAX).join(', ')}`;
    default:
      return undefined;
  }
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
};

function isOfSafeIntegers(issue: z.core.$ZodIssue): boolean {
  return (issue.code === 'too_big' || issue.code === 'too_small') && issue.origin === 'int';
}

/** The pointer says which entry of a list it is. */
function nameOf(path: readonly PropertyKey[]): string {
  const last = path.at(-1);
  if (last === undefined) return 'The body';
  return typeof last === 'number' ? `an entry of ${nameOf(path.slice(0, -1))}` : path.map(String).join('.');
}

function fieldErrors(issues: readonly z.core.$ZodIssue[], root: '#' | '?'): [FieldError, ...FieldError[]] {
  // Of two bounds of a number its own counts, not that of all whole numbers.
  const sorted = issues.toSorted((left, right) => Number(isOfSafeIntegers(left)) - Number(isOfSafeIntegers(right)));
  const errors = sorted.slice(0, ERRORS_MAX).map(({ path, message }) => {
    const name = path.map(String).join('.');
    const steps = path.map((step) => pointerStep(String(step))).join('');
    return {
      pointer: root === '?' ? name : root + steps,
      detail: /^[a-z]/.test(message) ? `${nameOf(path)} ${message}` : message,
    };
  });
  // One sentence about a field is enough, and the first is the most general.
  const first = errors.filter(({ pointer }, at) => errors.findIndex((other) => other.pointer === pointer) === at);
  return first as [FieldError, ...FieldError[]];
}
