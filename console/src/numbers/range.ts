const DAY_MS = 86_400_000;

/** How far back numbers go. */
export interface Range {
  id: '24h' | '7d';
  /** As in "Firings in 24 hours". */
  text: string;
  spanMs: number;
}

/** The ranges that can be chosen. */
export const RANGES: readonly [Range, ...Range[]] = [
  { id: '24h', text: '24 hours', spanMs: DAY_MS },
  { id: '7d', text: '7 days', spanMs: 7 * DAY_MS },
];

/** The range that an address names; a day when it names none of ours. */
export function rangeOf(id: unknown): Range {
  return RANGES.find((range) => range.id === id) ?? RANGES[0];
}

/** Where a range that ends at `nowMs` begins, as the API takes it. */
export function sinceOf({ spanMs }: Range, nowMs: number): string {
  return new Date(nowMs - spanMs).toISOString();
}
