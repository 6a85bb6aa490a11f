const SECOND_MS = 1_000;
/** Whoever asks for more than a day is gone rather than busy. */
export const RETRY_AFTER_MAX_MS = 24 * 60 * 60 * SECOND_MS;

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const TIME = String.raw`(?<hours>\d\d):(?<minutes>\d\d):(?<seconds>\d\d)`;
const MONTH = `(?<month>${MONTHS.join('|')})`;

/** The three forms of a date that RFC 9110 section 5.6.7 has recipients accept: today's, RFC 850's and asctime's. */
const DATE_FORMS = [
  new RegExp(String.raw`^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (?<day>\d\d) ${MONTH} (?<year>\d{4}) ${TIME} GMT$`),
  new RegExp(String.raw`^(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, (?<day>\d\d)-${MONTH}-(?<year>\d\d) ${TIME} GMT$`),
  new RegExp(String.raw`^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) ${MONTH} (?<day>[ \d]\d) ${TIME} (?<year>\d{4})$`),
];

/**
 * How long, in ms from `nowMs`, the sender of a `Retry-After` header wants to be left alone; undefined when it does not
 * say, says nothing that RFC 9110 section 10.2.3 knows, or names a time that is over. At most a day.
 */
export function retryAfterMs(header: string | undefined, nowMs: number): number | undefined {
  const text = header?.trim() ?? '';
  const waitMs = /^\d+$/.test(text) ? Number(text) * SECOND_MS : dateMs(text, nowMs) - nowMs;
  return waitMs > 0 ? Math.min(waitMs, RETRY_AFTER_MAX_MS) : undefined;
}

/** Ms since 1970; NaN for what is no date. */
function dateMs(text: string, nowMs: number): number {
  for (const form of DATE_FORMS) {
    const parts = form.exec(text)?.groups;
    if (parts) return momentOf(parts, nowMs);
  }
  return NaN;
}

function momentOf(parts: Record<string, string>, nowMs: number): number {
  const [day, hours, minutes, seconds] = [parts.day, parts.hours, parts.minutes, parts.seconds].map(Number) as [
    number,
    number,
    number,
    number,
  ];
  const month = MONTHS.indexOf(parts.month!);
  const year = parts.year!.length === 2 ? nearYear(Number(parts.year), nowMs) : Number(parts.year);
  const isDay = day >= 1 && day <= new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  // 60 is a leap second.
  if (!isDay || hours > 23 || minutes > 59 || seconds > 60) return NaN;
  return Date.UTC(year, month, day, hours, minutes, seconds);
}

/** A year of two digits that seems to be more than 50 years ahead is the last one with these digits. */
function nearYear(twoDigits: number, nowMs: number): number {
  const thisYear = new Date(nowMs).getUTCFullYear();
  const year = Math.floor(thisYear / 100) * 100 + twoDigits;
  return year > thisYear + 50 ? year - 100 : year;
}
