import { z } from 'zod';
import { refuseField } from './fields.js';

/** Enough for a screen; a client that wants more says so. */
const LIMIT_DEFAULT = 50;
const LIMIT_MAX = 500;
const CURSOR_LENGTH_MAX = 1000;

/** What every list takes in its query string. */
export const pageQuery = z.object({
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(LIMIT_MAX)
    .optional()
    .meta({ description: `At most this many entries; ${LIMIT_DEFAULT} when only a cursor is given.`, examples: [50] }),
  cursor: z.string().max(CURSOR_LENGTH_MAX).optional().meta({ description: 'From the previous page.' }),
});
export type PageQuery = z.output<typeof pageQuery>;

/** One page of a list; `after` is the key of the last entry before it. */
export interface PageRequest {
  limit: number;
  after?: string;
}

export interface Page<T> {
  entries: T[];
  /** Cursor of the page behind it; undefined on the last one. */
  next: string | undefined;
}

/** Whether the client asked for a page; lists of the original API answer whole when it did not. */
export function isPaged(query: PageQuery): boolean {
  return query.limit !== undefined || query.cursor !== undefined;
}

/** Reads what the client asked for; `parseKey` gives undefined for a cursor that cannot be ours, which is a 400. */
export function pageRequest(query: PageQuery, parseKey: (text: string) => string | undefined): PageRequest {
  const limit = query.limit ?? LIMIT_DEFAULT;
  if (query.cursor === undefined) return { limit };
  const after = parseKey(Buffer.from(query.cursor, 'base64url').toString('utf8'));
  if (after === undefined) refuseField('cursor', 'cursor must be one that a previous page of this list named');
  return { limit, after };
}

/** Makes a page of what a store answered when it was asked for one entry more than the limit. */
export function pageOf<T>(found: readonly T[], limit: number, keyOf: (entry: T) => string): Page<T> {
  const entries = found.slice(0, limit);
  const last = entries.at(-1);
  const next = found.length > limit && last !== undefined ? Buffer.from(keyOf(last)).toString('base64url') : undefined;
  return { entries, next };
}

/** A page of a list that is in memory anyway. */
export function pageOfAll<T>(all: readonly T[], { limit, after }: PageRequest, keyOf: (entry: T) => string): Page<T> {
  const sorted = [...all].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  const rest = after === undefined ? sorted : sorted.filter((entry) => keyOf(entry) > after);
  return pageOf(rest, limit, keyOf);
}

/** The answer that lists a page. */
export function listOf<T>({ entries, next }: Page<T>): { data: T[]; next: string | null } {
  return { data: entries, next: next ?? null };
}

/** Its schema. */
export function listSchema<S extends z.ZodType>(entry: S) {
  const next = z.string().nullable().meta({ description: 'Cursor of the next page; null on the last.' });
  return z.object({ data: z.array(entry), next });
}

/** RFC 8288 header that names the next page, relative to the server so that it holds behind any proxy. */
export function nextLink(path: string, limit: number, next: string): string {
  return `<${path}?limit=${limit}&cursor=${next}>; rel="next"`;
}
