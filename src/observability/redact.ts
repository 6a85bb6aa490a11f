import { isNativeError } from 'node:util/types';

const HIDDEN = '[hidden]';
const DEPTH_MAX = 8;
const ENTRIES_MAX = 100;
const TEXT_LENGTH_MAX = 8192;

/** Field names whose values are never logged, compared in lower case without `-` and `_`. */
const SECRET_NAME =
  /(authorization|cookie|password|passwd|passphrase|secrets?|tokens?|jwt|apikeys?|privatekey|encryptionkeys?|credentials?|signatures?)$/;

/** Secrets that betray themselves inside a text, each with what is left of it. */
const SECRET_TEXT: readonly (readonly [RegExp, string])[] = [
  [/\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]+/gi, `$1 ${HIDDEN}`],
  [/\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]*(\.[A-Za-z0-9_-]*)?/g, HIDDEN],
  [/\b(whsec|tl_live)_[A-Za-z0-9+/=_-]+/g, `$1_${HIDDEN}`],
  [/(\b[a-z][a-z0-9+.-]{1,20}:\/\/)[^\s/?#@:]*:[^\s/?#]*@/gi, `$1${HIDDEN}@`],
];

/**
 * A copy of log fields that is safe to write: values under a secret's name are hidden at any depth, and so are bearer
 * tokens, JWTs, our own keys and passwords in URLs wherever a text contains them. Errors become plain objects with
 * their causes. Depth, entries and text lengths are bounded; cycles therefore end.
 */
export function redactFields(fields: object): Record<string, unknown> {
  return redactMembers(fields, 0);
}

/** A text without the secrets that can be recognised in it, cut to a bounded length. */
export function redactText(text: string): string {
  const bounded =
    text.length > TEXT_LENGTH_MAX ? `${text.slice(0, TEXT_LENGTH_MAX)}… (${text.length} characters)` : text;
  return SECRET_TEXT.reduce((rest, [pattern, replacement]) => rest.replace(pattern, replacement), bounded);
}

function redactMembers(fields: object, depth: number): Record<string, unknown> {
  const entries = Object.entries(fields).slice(0, ENTRIES_MAX);
  return Object.fromEntries(entries.map(([name, value]) => [name, redactMember(name, value, depth)]));
}

function redactMember(name: string, value: unknown, depth: number): unknown {
  const isSecret = SECRET_NAME.test(name.toLowerCase().replace(/[-_]/g, ''));
  const tellsNothing = value === undefined || value === null || value === '' || typeof value === 'boolean';
  return isSecret && !tellsNothing ? HIDDEN : redactValue(value, depth + 1);
}

function redactValue(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return redactText(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'function' || typeof value === 'symbol') return undefined;
  if (typeof value !== 'object' || value === null) return value;
  if (depth > DEPTH_MAX) return '[deeper]';
  if (value instanceof Uint8Array) return `[${value.length} bytes]`;
  if (isNativeError(value) || value instanceof Error) return redactError(value, depth);
  if (Array.isArray(value)) return value.slice(0, ENTRIES_MAX).map((entry) => redactValue(entry, depth + 1));
  if (hasToJson(value)) return redactValue(value.toJSON(), depth + 1);
  return redactMembers(value, depth);
}

/** Dates, URLs and others that say themselves how they are written. */
function hasToJson(value: object): value is { toJSON(): unknown } {
  return 'toJSON' in value && typeof value.toJSON === 'function';
}

function redactError(error: Error, depth: number): Record<string, unknown> {
  const { name, message, stack, cause } = error;
  const members = redactMembers(error, depth);
  return {
    ...members,
    type: name,
    message: redactText(message),
    ...(stack === undefined ? {} : { stack: redactText(stack) }),
    ...(cause === undefined ? {} : { cause: redactValue(cause, depth + 1) }),
  };
}
