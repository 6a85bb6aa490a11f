import { useData } from '../api/queries.js';
import type { Overview } from '../api/resources.js';
import { RANGES, sinceOf } from './range.js';
import type { Range } from './range.js';

const REFRESH_MS = 15_000;

/** How all webhooks did in a range, and what needs attention now; read again every 15 s while the page is seen. */
export function useOverview(range: Range = RANGES[0]) {
  return useData<Overview>(
    ['overview', range.id],
    (api, signal) => api.GET('/v1/overview', { params: { query: { since: sinceOf(range, Date.now()) } }, signal }),
    { refreshMs: REFRESH_MS, keepBefore: true },
  );
}
