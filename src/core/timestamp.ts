const DAYS_IN_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** The text that was found to be a time last: samples of one report share one, and so do many reports of a second. */
let lastTimestamp = '';

/**
 * Whether a text is a point in time of RFC 3339 §5.6: with zone, with any number of fraction digits, on a real day. Read
 * letter by letter, which takes a fifth of what a regular expression and its groups do.
 */
export function isTimestamp(text: string): boolean {
  if (text === lastTimestamp) return text !== '';
  const isOne = hasDate(text) && hasTime(text) && hasZone(text, behindFraction(text));
  if (isOne) lastTimestamp = text;
  return isOne;
}

/** `2026-01-15T` */
function hasDate(text: string): boolean {
  const year = 100 * twoDigits(text, 0) + twoDigits(text, 2);
  const month = twoDigits(text, 5);
  const day = twoDigits(text, 8);
  return (
    isAt(text, 4, '-') &&
    isAt(text, 7, '-') &&
    isAt(text, 10, 'T') &&
    year >= 0 &&
    month >= 1 &&
    month <= 12 &&
    day >= 1 &&
    day <= daysInMonth(year, month)
  );
}

/** `12:00:00` */
function hasTime(text: string): boolean {
  return (
    twoDigits(text, 11) <= 23 &&
    isAt(text, 13, ':') &&
    twoDigits(text, 14) <= 59 &&
    isAt(text, 16, ':') &&
    twoDigits(text, 17) <= 59
  );
}

const TIME_LENGTH = '2026-01-15T12:00:00'.length;

/** Where the zone begins; `.` alone is no fraction, nor a zone. */
function behindFraction(text: string): number {
  if (!isAt(text, TIME_LENGTH, '.') || !isDigit(text.charCodeAt(TIME_LENGTH + 1))) return TIME_LENGTH;
  let at = TIME_LENGTH + 2;
  while (isDigit(text.charCodeAt(at))) at += 1;
  return at;
}

/** `Z`, or `+05:30` */
function hasZone(text: string, at: number): boolean {
  if (isAt(text, at, 'Z')) return text.length === at + 1;
  return (
    (isAt(text, at, '+') || isAt(text, at, '-')) &&
    twoDigits(text, at + 1) <= 23 &&
    isAt(text, at + 3, ':') &&
    twoDigits(text, at + 4) <= 59 &&
    text.length === at + 6
  );
}

/** NaN, which is neither more nor less than any limit, where other characters stand, or none. */
function twoDigits(text: string, at: number): number {
  const [tens, ones] = [text.charCodeAt(at), text.charCodeAt(at + 1)];
  return isDigit(tens) && isDigit(ones) ? 10 * (tens - ZERO) + ones - ZERO : NaN;
}

const ZERO = '0'.charCodeAt(0);

function isDigit(code: number): boolean {
  return code >= ZERO && code <= ZERO + 9;
}

function isAt(text: string, at: number, character: string): boolean {
  return text.charCodeAt(at) === character.charCodeAt(0);
}

const ZERO_MS = Date.parse('0001-01-01T00:00:00Z');

/**
 * A text that `isTimestamp` takes as ms since 1970, cut to whole ones; undefined for the zero time, in whatever spelling,
 * which says that there is none.
 */
export function timeOf(text: string): number | undefined {
  const ms = Date.parse(text);
  return ms === ZERO_MS ? undefined : ms;
}

let lastMs: number | undefined;
let lastText = '';

/**
 * Ms since 1970 as a text, in UTC and with three fraction digits. What happens in one ms mostly comes one after the other,
 * and to write a date takes half a microsecond.
 */
export function timestampOf(ms: number): string {
  if (ms !== lastMs) [lastText, lastMs] = [new Date(ms).toISOString(), ms];
  return lastText;
}

/** The same point in time without trailing zeros in its fraction, as the original service writes it. */
export function shortestTimestamp(text: string): string {
  // Most are in UTC, without a fraction or with one that does not end in a zero.
  if (isAt(text, TIME_LENGTH, 'Z') || (text.endsWith('Z') && text.at(-2)! > '0')) return text;
  return text.replace(/\.(\d*?)0*(?=[Z+-])/, (_, digits: string) => (digits === '' ? '' : `.${digits}`));
}

function daysInMonth(year: number, month: number): number {
  const isLeapYear = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  return month === 2 && isLeapYear ? 29 : DAYS_IN_MONTH[month - 1]!;
}
