/** Ranges of time that are offered by name. */
export const SPANS = [
  { id: '1h', text: 'Last hour', spanMs: 3_600_000 },
  { id: '24h', text: 'Last 24 hours', spanMs: 86_400_000 },
  { id: '7d', text: 'Last 7 days', spanMs: 604_800_000 },
] as const;

/** The time that a `since` means; undefined without one. */
export function sinceTime(since: string | undefined, nowMs: number): string | undefined {
  const span = SPANS.find(({ id }) => id === since);
  return span ? new Date(nowMs - span.spanMs).toISOString() : since;
}

/** The search of an address without the members that are undefined. */
export function compact<Fields extends object>(fields: Fields): { [Name in keyof Fields]?: NonNullable<Fields[Name]> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}

const TEXT_MAX = 300;

/** A text of an address, trimmed; undefined for none. Numbers are read as texts: an address has no quotes. */
export function textOf(value: unknown): string | undefined {
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text !== 'string' || text.length > TEXT_MAX) return undefined;
  return text.trim() === '' ? undefined : text.trim();
}

/** A time of an address in the form that the API reads, or a span of `SPANS`. */
export function timeOrSpanOf(value: unknown): string | undefined {
  return SPANS.find(({ id }) => id === value)?.id ?? timeOf(value);
}

/** A time of an address in the form that the API reads; undefined for what is none. */
export function timeOf(value: unknown): string | undefined {
  const text = textOf(value);
  if (text === undefined || !/^\d{4}-\d\d-\d\d/.test(text)) return undefined;
  const at = new Date(text);
  return Number.isNaN(at.getTime()) ? undefined : at.toISOString();
}
