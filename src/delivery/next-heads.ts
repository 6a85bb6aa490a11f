import type { Head, HeldEndpoint } from './held-endpoint.js';

/**
 * What all endpoints together have read ahead, but one each is always read. More would only wait: whatever waits is read
 * again each second, and outlives the young generation of the heap.
 */
const AHEAD_TOTAL = 2_000;
/** The most rows and endpoints of one fetch. */
const FETCH_ROWS = 1_000;
const FETCH_ENDPOINTS = 1_000;

/** What to fetch for those of `wanting` that have room for more, which are taken from it. `held`: endpoints in all. */
export function nextHeads(wanting: Set<HeldEndpoint>, held: number, nowMs: number): Head[] {
  const aheadMax = Math.max(1, Math.floor(AHEAD_TOTAL / Math.max(1, held)));
  const ready: HeldEndpoint[] = [];
  for (const endpoint of wanting) {
    const { waiting, mustRefresh } = endpoint;
    if (endpoint.pausedUntilMs > nowMs) continue;
    if (!mustRefresh && waiting.length >= Math.min(aheadMax, endpoint.aheadMax) / 2) continue;
    ready.push(endpoint);
    if (ready.length === FETCH_ENDPOINTS) break;
  }
  const share = Math.max(1, Math.floor(FETCH_ROWS / Math.max(1, ready.length)));
  return ready.map((endpoint) => {
    wanting.delete(endpoint);
    return endpoint.head(share, aheadMax);
  });
}
