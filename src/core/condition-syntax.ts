import { quoted, Refusal, type Range } from './condition-error.js';

/** What the parser says about a text that is not CEL, as advice for somebody who does not know CEL. */
export function explainSyntax(code: string, summary: string, text: string, range: Range): Refusal {
  const own = MESSAGES[code];
  if (own !== undefined) return new Refusal(own.startsWith('The number') ? 'invalid_number' : 'syntax', own, range);
  const known = MISTAKES.find(({ pattern, at }) => matchAround(pattern, text, range, at ?? 'within'));
  if (known) {
    const match = matchAround(known.pattern, text, range, known.at ?? 'within')!;
    return new Refusal('syntax', known.message(match), { start: match.index, end: match.index + match[0].length });
  }
  const isAtEnd = range.start >= text.length;
  const wanted = /^Expected (\w+),/.exec(summary)?.[1];
  if (wanted !== undefined) {
    const found = isAtEnd ? 'but the condition ends here' : `but there is ${shown(text, range)}`;
    return new Refusal('syntax', `Here should be ${TOKENS[wanted] ?? wanted}, ${found}.`, widened(text, range));
  }
  if (isAtEnd) return new Refusal('syntax', 'The condition ends where a value is expected.', range);
  const advice = code === 'unexpected_token' ? 'a value is expected here' : adviceOn(text, range);
  return new Refusal('syntax', `Unexpected ${shown(text, range)}: ${advice}.`, widened(text, range));
}

interface Mistake {
  pattern: RegExp;
  /** Where a match must lie: over the error (default), or anywhere that touches it. */
  at?: 'within' | 'beside';
  message: (match: RegExpExecArray) => string;
}

/** Mistakes that people make who come from spreadsheets, SQL or C. */
const MISTAKES: readonly Mistake[] = [
  { pattern: /\bin\s*\([^()]*\)/g, message: () => 'A list is written in square brackets: value in [1, 2].' },
  {
    pattern: /\d{1,3}(?:,\d{3})+(?![\d.])/g,
    message: ([number]) => `${quoted(number)}: write ${number.replaceAll(',', '')}.`,
  },
  { pattern: /\d+(?:_\d+)+/g, message: ([number]) => `${quoted(number)}: write ${number.replaceAll('_', '')}.` },
  {
    pattern: /\d+,\d+/g,
    message: ([number]) => `${quoted(number)}: write decimals with a point, ${number.replace(',', '.')}.`,
  },
  { pattern: /=[><]/g, message: ([sign]) => `Unexpected '${sign}': write ${sign[1]}=.` },
  { pattern: /={3,}/g, message: () => `Unexpected '===': write ==.` },
  { pattern: /!={2,}|=!|<>/g, message: ([sign]) => `Unexpected '${sign}': write !=.` },
  { pattern: /(?<!&)&(?!&)/g, message: () => "Unexpected '&': write &&." },
  { pattern: /(?<!\|)\|(?!\|)/g, message: () => "Unexpected '|': write ||." },
  {
    pattern: /[‘’“”„«»`]/g,
    message: ([quote]) => `Unexpected '${quote}': write texts in straight quotes, 'like this'.`,
  },
  {
    pattern: /[≥≤≠]/g,
    message: ([sign]) => `Unexpected '${sign}': write ${{ '≥': '>=', '≤': '<=', '≠': '!=' }[sign]}.`,
  },
  { pattern: /;/g, message: () => "Unexpected ';': a condition is one expression and has no end sign." },
  { pattern: /(?<![\w.])\.\d+/g, at: 'beside', message: ([number]) => `${quoted(number)}: write 0${number}.` },
  { pattern: /(?<![\w.])\d+\.(?!\w)/g, at: 'beside', message: ([number]) => `${quoted(number)}: write ${number}0.` },
  {
    pattern: /\d+(?:\.\d+)? ?(?:km\/?h|kph|mph|km|mi|rpm|kpa|psi|°c?|v|s|ms)\b/gi,
    message: ([number]) => `${quoted(number)}: numbers have no unit, write ${parseFloat(number)}.`,
  },
];

const MESSAGES: Readonly<Record<string, string>> = {
  unterminated_string: 'The text that begins here has no closing quote.',
  unterminated_triple_quoted_string: 'The text that begins here has no closing quotes.',
  newline_in_string: 'A text cannot go over the end of a line: write \\n, or put it in triple quotes.',
  invalid_number: 'The number is too large.',
  invalid_integer: 'The number is not written as one: write 10 or 10.5.',
  invalid_hex_integer: 'The number is not written as one: write 0x1F or 31.',
  invalid_exponent: 'The number has no digits after its e: write 1e6.',
  invalid_unicode_escape: 'After \\u come four hexadecimal digits, after \\U eight.',
  invalid_unicode_surrogate: 'Half a character cannot be written with \\u.',
  invalid_hex_escape: 'After \\x come two hexadecimal digits.',
  invalid_octal_escape: 'After a backslash come three octal digits; write \\\\ for a backslash itself.',
  octal_escape_out_of_range: 'The octal number after the backslash is too large.',
  invalid_escape_sequence: 'A backslash has no meaning here: write \\\\ for a backslash itself.',
  reserved_identifier: 'This word is reserved: choose another.',
  invalid_macro_argument: 'Write it as list.exists(x, x == value).',
};

const TOKENS: Readonly<Record<string, string>> = {
  RPAREN: "')'",
  LPAREN: "'('",
  RBRACKET: "']'",
  RBRACE: "'}'",
  COLON: "':'",
  COMMA: "','",
  IDENTIFIER: 'a name',
};

function matchAround(
  pattern: RegExp,
  text: string,
  range: Range,
  at: 'within' | 'beside',
): RegExpExecArray | undefined {
  const margin = at === 'beside' ? 1 : 0;
  for (const match of text.matchAll(pattern)) {
    const end = match.index + match[0].length;
    if (match.index < range.end + margin && end > range.start - margin) return match;
  }
  return undefined;
}

function adviceOn(text: string, range: Range): string {
  const before = text.slice(0, range.start).trimEnd();
  const code = text.codePointAt(range.start)!;
  if (code === 0xa0 || code === 0x3000 || code === 0xfeff) return 'it is a special blank, write a plain one';
  if (/['"]$/.test(before) && /\w/.test(text[range.start]!)) {
    return "a quote inside a text needs a backslash before it, 'it\\'s'";
  }
  if (/[\w'"(]/.test(text[range.start]!)) return 'an operator such as && or == is missing before it';
  return 'it has no meaning here';
}

function shown(text: string, range: Range): string {
  const part = text.slice(range.start, widened(text, range).end);
  const code = text.codePointAt(range.start)!;
  const isVisible = /^[\p{L}\p{N}\p{P}\p{S}]/u.test(part);
  if (!isVisible) return `character U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
  return quoted(part);
}

/** The parser's unit is half a character where a character takes two. */
function widened(text: string, range: Range): Range {
  const code = text.codePointAt(range.start) ?? 0;
  return { start: range.start, end: Math.max(range.end, range.start + (code > 0xffff ? 2 : 1)) };
}
