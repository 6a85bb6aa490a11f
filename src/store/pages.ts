/** A part of a list that is ordered by its key: what follows `after`, at most `limit` of it. */
export interface Page {
  limit: number;
  after?: string;
}

/** What one transaction of a bulk call holds at most: each has its own place in the index's sequence. */
export const BULK_SIZE = 1_000;

/** Cuts a list into parts of `size`. */
export function* inParts<T>(list: readonly T[], size: number): Generator<T[]> {
  for (let start = 0; start < list.length; start += size) yield list.slice(start, start + size);
}
