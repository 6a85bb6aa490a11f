import type { Head, HeldEndpoint } from './held-endpoint.js';

/**
 * What all endpoints together have read ahead, but one each is always read. More would only wait, and outlive the young
 * generation of the heap.
 */
const AHEAD_TOTAL = 2_000;
/** The most rows and endpoints of one fetch. */
const FETCH_ROWS = 1_000;
const FETCH_ENDPOINTS = 1_000;
/** An endpoint of which less than this part of what may wait is left has the next fetch made … */
const RUNNING_OUT = 1 / 2;
/** … and it brings more for each that has less than this, so that one fetch takes the place of many small ones. */
const HAS_ROOM = 3 / 4;

/** What to fetch for those of `wanting` that have room for more, which are taken from it. `held`: endpoints in all. */
export function nextHeads(wanting: Set<HeldEndpoint>, held: number, nowMs: number): Head[] {
  const aheadMax = Math.max(1, Math.floor(AHEAD_TOTAL / Math.max(1, held)));
  const urgent: HeldEndpoint[] = [];
  const others: HeldEndpoint[] = [];
  for (const endpoint of wanting) {
    const { waiting, mustRefresh } = endpoint;
    if (endpoint.pausedUntilMs > nowMs) continue;
    const filled = waiting.length / Math.min(aheadMax, endpoint.aheadMax);
    if (mustRefresh || filled < RUNNING_OUT) urgent.push(endpoint);
    else if (filled < HAS_ROOM) others.push(endpoint);
    if (urgent.length === FETCH_ENDPOINTS) break;
  }
  if (urgent.length === 0) return [];
  const ready = urgent.concat(others.slice(0, FETCH_ENDPOINTS - urgent.length));
  const share = Math.max(1, Math.floor(FETCH_ROWS / ready.length));
  return ready.map((endpoint) => {
    wanting.delete(endpoint);
    return endpoint.head(share, aheadMax);
  });
}
