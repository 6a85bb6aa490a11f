const RFC_3339 = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.\d+)?(?:Z|[+-](\d\d):(\d\d))$/;

const DAYS_IN_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Whether a text is a point in time of RFC 3339 §5.6: with zone, with any number of fraction digits, on a real day. */
export function isTimestamp(text: string): boolean {
  const match = RFC_3339.exec(text);
  if (match === null) return false;
  const [year, month, day, hour, minute, second, zoneHour, zoneMinute] = match.slice(1).map(Number);
  return (
    month! >= 1 &&
    month! <= 12 &&
    day! >= 1 &&
    day! <= daysInMonth(year!, month!) &&
    hour! <= 23 &&
    minute! <= 59 &&
    second! <= 59 &&
    !(zoneHour! > 23 || zoneMinute! > 59)
  );
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

/** The same point in time without trailing zeros in its fraction, as the original service writes it. */
export function shortestTimestamp(text: string): string {
  return text.replace(/\.(\d*?)0*(?=[Z+-])/, (_, digits: string) => (digits === '' ? '' : `.${digits}`));
}

function daysInMonth(year: number, month: number): number {
  const isLeapYear = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  return month === 2 && isLeapYear ? 29 : DAYS_IN_MONTH[month - 1]!;
}
