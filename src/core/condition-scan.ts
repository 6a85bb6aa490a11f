import { Refusal, type Range } from './condition-error.js';

/** Characters of a condition. Longer ones are lists of values that belong in code; parsing stays below a few ms. */
export const CONDITION_LENGTH_MAX = 2_000;

export interface Token extends Range {
  /** `text` is a quoted literal, `blank` is white space or a comment. */
  kind: 'word' | 'text' | 'number' | 'blank' | 'symbol';
  text: string;
}

export interface Scan {
  /** The text with each lone `=` written as `==`. */
  repaired: string;
  /** Where a `=` was inserted, as offsets in the repaired text, ascending. */
  insertions: readonly number[];
  /** Of the repaired text, without blanks. */
  tokens: readonly Token[];
}

/**
 * Cuts a text into the tokens of CEL, and repairs the single `=` that the API's older documents teach as equality. It
 * knows just enough to tell code from quoted text and comments, exactly as the parser does: that is what the repair,
 * the check of function names before parsing (the parser keeps every name it ever saw) and clauses cut from the text
 * rely on. Whether the tokens make sense is the parser's business.
 */
export function scan(text: string): Scan {
  assertLength(text);
  assertCharacters(text);
  const insertions: number[] = [];
  let repaired = '';
  for (const token of tokenize(text)) {
    repaired += token.text;
    if (isLoneEqualsSign(text, token)) {
      insertions.push(repaired.length);
      repaired += '=';
    }
  }
  assertLength(repaired, ', with each = read as ==');
  const tokens = tokenize(repaired).filter(({ kind }) => kind !== 'blank');
  if (tokens.length === 0)
    throw new Refusal('empty', 'The condition is empty. Write one such as: value > 55', ALL(text));
  return { repaired, insertions, tokens };
}

/** Where an offset of the repaired text is in the text as sent. */
export function sentOffset(insertions: readonly number[], offset: number): number {
  let count = 0;
  while (count < insertions.length && insertions[count]! <= offset) count++;
  return offset - count;
}

/**
 * Widens a range until its parentheses are balanced. Needed because the parser drops parentheses: the range of
 * `(a || b) && c` begins behind the first of them.
 */
export function balancedRange(tokens: readonly Token[], range: Range): Range {
  let unopened = 0;
  let unclosed = 0;
  for (const { start, text } of tokens) {
    if (start < range.start || start >= range.end) continue;
    if (text === '(') unclosed++;
    else if (text === ')' && unclosed > 0) unclosed--;
    else if (text === ')') unopened++;
  }
  let { start, end } = range;
  for (const token of tokens.toReversed()) {
    if (unopened > 0 && token.start < start && token.text === '(') [start, unopened] = [token.start, unopened - 1];
  }
  for (const token of tokens) {
    if (unclosed > 0 && token.start >= end && token.text === ')') [end, unclosed] = [token.end, unclosed - 1];
  }
  return { start, end };
}

const ALL = (text: string): Range => ({ start: 0, end: text.length });

/** The alternatives exclude each other, so that matching is linear whatever the text. */
const TOKEN = new RegExp(
  [
    /(?<blank>[ \t\n\r]+|\/\/[^\n]*)/,
    /(?<text>[rRbB]?(?:'''(?:\\[^]|(?!''')[^\\])*'''|"""(?:\\[^]|(?!""")[^\\])*"""|'(?:\\[^]|[^'\\\n\r])*'|"(?:\\[^]|[^"\\\n\r])*"))/,
    /(?<word>[A-Za-z_][A-Za-z0-9_]*)/,
    /(?<number>0[xX][0-9a-fA-F]*|[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)/,
    /(?<symbol>[^])/,
  ]
    .map(({ source }) => source)
    .join('|'),
  'g',
);

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  for (const match of text.matchAll(TOKEN)) {
    const kind = Object.entries(match.groups!).find(([, part]) => part !== undefined)![0] as Token['kind'];
    tokens.push({ kind, text: match[0], start: match.index, end: match.index + match[0].length });
  }
  return tokens;
}

/** `===`, `=>`, `=!` and the like are mistakes of another kind and stay for the parser to refuse. */
function isLoneEqualsSign(text: string, token: Token): boolean {
  return token.text === '=' && !/[=<>!]/.test(text[token.start - 1] ?? '') && !/[=<>!~]/.test(text[token.end] ?? '');
}

/** Counts the repaired text too, so that what is stored passes the same check again. */
function assertLength(text: string, note = ''): void {
  if (text.length <= CONDITION_LENGTH_MAX) return;
  const message = `The condition has ${text.length} characters${note}; at most ${CONDITION_LENGTH_MAX} are allowed.`;
  throw new Refusal('too_long', message, { start: CONDITION_LENGTH_MAX, end: text.length });
}

/** Half a surrogate pair and NUL cannot be stored as text; other control characters are invisible in what a user reads. */
function assertCharacters(text: string): void {
  const match = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]|\p{Surrogate}/u.exec(text);
  if (!match) return;
  const code = match[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
  const message = `The character U+${code} is not allowed in a condition: remove it, or write \\u${code} in a quoted text.`;
  throw new Refusal('forbidden_character', message, { start: match.index, end: match.index + 1 });
}
