export type ParsedJson =
  { kind: 'ok'; value: unknown } | { kind: 'malformed'; reason: string; line: number; column: number };

/** Reads JSON; when it is malformed, says where: line and column from 1, columns in UTF-16 units. */
export function parseJson(text: string): ParsedJson {
  try {
    return { kind: 'ok', value: JSON.parse(text) as unknown };
  } catch (error) {
    const offset = text.length <= SCANNED_LENGTH_MAX ? new Scanner(text).firstFault() : offsetOf(error, text);
    const before = text.slice(0, offset);
    const lineStart = before.lastIndexOf('\n') + 1;
    return {
      kind: 'malformed',
      reason: offset >= text.length ? 'the text ends too early' : `unexpected ${printable(text, offset)}`,
      line: before.split('\n').length,
      column: offset - lineStart + 1,
    };
  }
}

/** Walking a longer text would keep everyone waiting. */
const SCANNED_LENGTH_MAX = 1024 * 1024;

/** The place that V8 names, where it does; else the end. */
function offsetOf(error: unknown, text: string): number {
  const position = /at position (\d+)/.exec((error as Error).message)?.[1];
  return position === undefined ? text.length : Math.min(Number(position), text.length);
}

function printable(text: string, offset: number): string {
  const character = String.fromCodePoint(text.codePointAt(offset)!);
  return /[\p{C}\p{Z}]/u.test(character)
    ? `character U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`
    : `character ${character}`;
}

const SPACE = ' \t\r\n';
const DIGITS = '0123456789';
const HEX_DIGITS = '0123456789abcdefABCDEF';

/**
 * Finds where a malformed text stops being JSON: V8's own messages name no position in some versions. Walks the text
 * with a stack of open brackets instead of recursion, so that depth costs no call stack.
 */
class Scanner {
  private at = 0;
  private readonly open: ('{' | '[')[] = [];

  constructor(private readonly text: string) {}

  firstFault(): number {
    for (;;) {
      this.skipAll(SPACE);
      if (!this.startValue()) return this.at;
      for (;;) {
        this.skipAll(SPACE);
        const container = this.open.at(-1);
        if (container === undefined) return this.at;
        if (this.take(container === '{' ? '}' : ']')) this.open.pop();
        else if (this.take(',')) break;
        else return this.at;
      }
      if (this.open.at(-1) === '{' && !this.takeKey()) return this.at;
    }
  }

  /** Passes a scalar, an empty container, or everything up to the first value inside a container. */
  private startValue(): boolean {
    for (;;) {
      this.skipAll(SPACE);
      if (this.take('[')) {
        this.skipAll(SPACE);
        if (this.take(']')) return true;
        this.open.push('[');
      } else if (this.take('{')) {
        this.skipAll(SPACE);
        if (this.take('}')) return true;
        this.open.push('{');
        if (!this.takeKey()) return false;
      } else {
        return this.takeString() || this.takeNumber() || ['true', 'false', 'null'].some((word) => this.take(word));
      }
    }
  }

  private takeKey(): boolean {
    this.skipAll(SPACE);
    if (!this.takeString()) return false;
    this.skipAll(SPACE);
    return this.take(':');
  }

  private takeString(): boolean {
    if (!this.take('"')) return false;
    for (;;) {
      if (this.take('"')) return true;
      if (this.take('\\u')) {
        for (let digit = 0; digit < 4; digit++) if (!this.takeOneOf(HEX_DIGITS)) return false;
      } else if (this.take('\\')) {
        if (!this.takeOneOf('"\\/bfnrt')) return false;
      } else if (!(this.text.charCodeAt(this.at) >= FIRST_PRINTABLE)) {
        return false;
      } else {
        this.at += 1;
      }
    }
  }

  private takeNumber(): boolean {
    this.take('-');
    if (!this.take('0') && !this.skipAll(DIGITS)) return false;
    if (this.take('.') && !this.skipAll(DIGITS)) return false;
    if (!this.takeOneOf('eE')) return true;
    this.takeOneOf('+-');
    return this.skipAll(DIGITS);
  }

  private take(word: string): boolean {
    if (!this.text.startsWith(word, this.at)) return false;
    this.at += word.length;
    return true;
  }

  private takeOneOf(characters: string): boolean {
    const character = this.text[this.at];
    if (character === undefined || !characters.includes(character)) return false;
    this.at += 1;
    return true;
  }

  /** True when there was at least one. */
  private skipAll(characters: string): boolean {
    const start = this.at;
    while (this.takeOneOf(characters));
    return this.at > start;
  }
}

/** Characters below are control characters, which JSON forbids inside strings. */
const FIRST_PRINTABLE = 0x20;
