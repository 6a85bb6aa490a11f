const NUMBER = new Intl.NumberFormat('en');
const PRECISE = new Intl.NumberFormat('en', { maximumFractionDigits: 6 });
const PERCENT = new Intl.NumberFormat('en', { style: 'percent', maximumFractionDigits: 1 });
const [SECOND, MINUTE, HOUR, DAY] = [1_000, 60_000, 3_600_000, 86_400_000];

/** 1284 → "1,284". */
export function number(value: number): string {
  return NUMBER.format(value);
}

/** A measured value: 55.25 → "55.25". */
export function measured(value: number): string {
  return PRECISE.format(value);
}

/** 0.912 → "91.2%"; null → a dash. Never "100%" for what is a little less. */
export function percent(part: number | null): string {
  if (part === null) return '–';
  return PERCENT.format(part < 1 ? Math.min(part, 0.999) : part);
}

/** 214 → "214 ms", 2140 → "2.1 s"; null → a dash. */
export function milliseconds(ms: number | null): string {
  if (ms === null) return '–';
  return ms < SECOND ? `${Math.round(ms)} ms` : `${(ms / SECOND).toFixed(1)} s`;
}

/** 300 → "5 minutes", 90 → "1 minute 30 seconds", 0 → "none". */
export function seconds(count: number): string {
  return count === 0 ? 'none' : duration(count * SECOND);
}

/** A length of time in its two largest units, in words. */
export function duration(ms: number): string {
  const units = [
    [Math.floor(ms / DAY), 'day'],
    [Math.floor((ms % DAY) / HOUR), 'hour'],
    [Math.floor((ms % HOUR) / MINUTE), 'minute'],
    [Math.floor((ms % MINUTE) / SECOND), 'second'],
  ] as const;
  const first = units.findIndex(([count]) => count > 0);
  if (first < 0) return 'less than a second';
  return units
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => plural(count, unit))
    .join(' ');
}

/** 1 → "1 vehicle", 1204 → "1,204 vehicles". */
export function plural(count: number, one: string, many: string = `${one}s`): string {
  return `${number(count)} ${count === 1 ? one : many}`;
}

/** 1 → "1 delivery", 212 → "212 deliveries". */
export function deliveries(count: number): string {
  return plural(count, 'delivery', 'deliveries');
}

/** How long before `nowMs` something was, or after it: "just now", "3 min ago", "in 2 h". */
export function ago(at: string, nowMs: number): string {
  const pastMs = nowMs - Date.parse(at);
  const ms = Math.abs(pastMs);
  if (ms < 5 * SECOND) return pastMs >= 0 ? 'just now' : 'in a moment';
  const text =
    ms < MINUTE
      ? `${Math.floor(ms / SECOND)} s`
      : ms < HOUR
        ? `${Math.floor(ms / MINUTE)} min`
        : ms < DAY
          ? `${Math.floor(ms / HOUR)} h`
          : plural(Math.floor(ms / DAY), 'day');
  return pastMs >= 0 ? `${text} ago` : `in ${text}`;
}

/** By the reader's clock: "14:02:11", with the date before it when that is not today's. */
export function moment(at: string, nowMs: number): string {
  const date = new Date(at);
  const time = date.toLocaleTimeString('en-GB');
  if (date.toDateString() === new Date(nowMs).toDateString()) return time;
  const withYear = date.getFullYear() === new Date(nowMs).getFullYear() ? {} : ({ year: 'numeric' } as const);
  return `${date.toLocaleDateString('en-GB', { day: 'numeric', month: 'short', ...withYear })}, ${time}`;
}

/** "2026-11-23 14:02:11.040 UTC", of a time of the REST surface. */
export function utc(at: string): string {
  return `${new Date(at).toISOString().replace('T', ' ').replace('Z', '')} UTC`;
}
