import { isNativeError } from 'node:util/types';

const HIDDEN = '[hidden]';
const DEPTH_MAX = 8;
const ENTRIES_MAX = 100;
const TEXT_LENGTH_MAX = 8192;
/** Shorter ones would hide half of every line, and are no secrets. */
const SECRET_LENGTH_MIN = 4;

/** Field names whose values are never logged, compared in lower case without `-` and `_`. */
const SECRET_NAME =
  /(authorization|cookie|password|passwd|passphrase|secrets?|tokens?|jwt|apikeys?|privatekey|encryptionkeys?|credentials?|signatures?)$/;

/** Secrets that betray themselves inside a text, in a URL too, each with what is left of it. */
const SECRET_TEXT: readonly (readonly [RegExp, string])[] = [
  [/\b(Bearer|Basic)(?:\s|%20|\+)+[A-Za-z0-9._~+/=%-]+/gi, `$1 ${HIDDEN}`],
  [/eyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]*(\.[A-Za-z0-9_-]*)?/g, HIDDEN],
  [/(whsec|whsk|tl_live)_[A-Za-z0-9+/=_%-]+/g, `$1_${HIDDEN}`],
  [/(\b[a-z][a-z0-9+.-]{1,20}:\/\/)[^\s/?#@:]*:[^\s/?#]*@/gi, `$1${HIDDEN}@`],
];

/**
 * What a text has that one of these patterns changes, or that hides something in escapes: one look at a text that has
 * nothing of it, as nearly all have, instead of five (a line of an attempt takes a quarter of the time).
 */
const MAY_BETRAY = /%|bearer|basic|eyJ|whsec_|whsk_|tl_live_|:\/\//i;

/** Names that are remembered with what becomes of them: most are members of literals. */
const NAMES_MAX = 1_000;

/**
 * Takes secrets out of what is to be written: values under a secret's name are hidden at any depth, and so are bearer
 * tokens, JWTs, our own keys, passwords in URLs and the program's `own` secrets wherever a text contains them, in a URL
 * or JSON too.
 */
export class Redactor {
  private readonly own: RegExp | undefined;
  private readonly ownLengthMin: number;
  private readonly ownLengthMax: number;
  private readonly names = new Map<string, { shown: string; isSecret: boolean }>();

  constructor(own: readonly string[]) {
    const secrets = own.filter((secret) => secret.length >= SECRET_LENGTH_MIN);
    // Longer ones first: one may begin with another.
    const patterns = secrets.toSorted((a, b) => b.length - a.length).flatMap(patternsOf);
    this.own = patterns.length === 0 ? undefined : new RegExp(patterns.join('|'), 'gi');
    this.ownLengthMin = Math.min(...secrets.map(({ length }) => length));
    this.ownLengthMax = Math.max(0, ...secrets.map(({ length }) => length)) * ESCAPED_LENGTH_MAX;
  }

  /**
   * A copy of log fields that is safe to write. Errors become plain objects with their causes. Depth, entries and text
   * lengths are bounded; cycles therefore end.
   */
  fields(fields: object): Record<string, unknown> {
    return this.members(fields, 0);
  }

  /** A text without the secrets that can be recognised in it, cut to a bounded length. */
  text(text: string): string {
    if (text.length <= TEXT_LENGTH_MAX && !MAY_BETRAY.test(text)) return this.withoutOwn(text);
    const bounded = withoutNeedlessEscapes(this.bounded(text));
    return SECRET_TEXT.reduce(
      (left, [pattern, replacement]) => left.replace(pattern, replacement),
      this.withoutOwn(bounded),
    );
  }

  /** No form of a secret is shorter than it is. */
  private withoutOwn(text: string): string {
    return this.own === undefined || text.length < this.ownLengthMin ? text : text.replace(this.own, HIDDEN);
  }

  /** Never cut in the middle of an own secret, whose rest nobody would know any more. */
  private bounded(text: string): string {
    if (text.length <= TEXT_LENGTH_MAX) return text;
    let end = TEXT_LENGTH_MAX;
    if (this.own !== undefined) {
      for (const { index, 0: found } of text.slice(0, end + this.ownLengthMax).matchAll(this.own)) {
        if (index < TEXT_LENGTH_MAX && index + found.length > TEXT_LENGTH_MAX) end = index;
      }
    }
    return `${text.slice(0, end)}… (${text.length} characters)`;
  }

  private members(fields: object, depth: number): Record<string, unknown> {
    const entries = Object.entries(fields).slice(0, ENTRIES_MAX);
    return Object.fromEntries(
      entries.map(([name, value]) => {
        const { shown, isSecret } = this.named(name);
        return [shown, this.member(isSecret, value, depth)];
      }),
    );
  }

  private named(name: string): { shown: string; isSecret: boolean } {
    const known = this.names.get(name);
    if (known) return known;
    const named = { shown: this.text(name), isSecret: SECRET_NAME.test(name.toLowerCase().replace(/[-_]/g, '')) };
    if (this.names.size < NAMES_MAX) this.names.set(name, named);
    return named;
  }

  private member(isSecret: boolean, value: unknown, depth: number): unknown {
    const tellsNothing = value === undefined || value === null || value === '' || typeof value === 'boolean';
    return isSecret && !tellsNothing ? HIDDEN : this.value(value, depth + 1);
  }

  private value(value: unknown, depth: number): unknown {
    if (typeof value === 'string') return this.text(value);
    if (typeof value === 'bigint') return value.toString();
    if (typeof value === 'function' || typeof value === 'symbol') return undefined;
    if (typeof value !== 'object' || value === null) return value;
    if (depth > DEPTH_MAX) return '[deeper]';
    if (value instanceof Uint8Array) return `[${value.length} bytes]`;
    if (isNativeError(value) || value instanceof Error) return this.error(value, depth);
    if (Array.isArray(value)) return value.slice(0, ENTRIES_MAX).map((entry) => this.value(entry, depth + 1));
    if (hasToJson(value)) return this.value(value.toJSON(), depth + 1);
    return this.members(value, depth);
  }

  private error(error: Error, depth: number): Record<string, unknown> {
    const { name, message, stack, cause } = error;
    return {
      ...this.members(error, depth),
      type: name,
      message: this.text(message),
      ...(stack === undefined ? {} : { stack: this.text(stack) }),
      ...(cause === undefined ? {} : { cause: this.value(cause, depth + 1) }),
    };
  }
}

/** A character becomes at most four bytes, `%F0%9F%98%80`. */
const ESCAPED_LENGTH_MAX = 12;

/** A secret as it is, as JSON has it, and with any of its characters as URLs may have them. */
function patternsOf(secret: string): string[] {
  const characters = [...secret].map((character) => {
    const bytes = [...Buffer.from(character)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
    return `(?:${bytes}|${literal(character)}${character === ' ' ? '|\\+' : ''})`;
  });
  return [characters.join(''), literal(JSON.stringify(secret).slice(1, -1))];
}

/** Of two forms of one URL the plain one (RFC 3986 §6.2.2.2): in the other nobody recognises a key. */
function withoutNeedlessEscapes(text: string): string {
  return text.replace(/%(?:2[DE]|3\d|[46][1-9A-F]|[57][0-9A]|5F|7E)/gi, decodeURIComponent);
}

function literal(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}

/** Dates, URLs and others that say themselves how they are written. */
function hasToJson(value: object): value is { toJSON(): unknown } {
  return 'toJSON' in value && typeof value.toJSON === 'function';
}
