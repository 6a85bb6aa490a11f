import type { Tripline } from '@tripline/client';
import { useState, useSyncExternalStore } from 'react';
import { useData } from '../api/queries.js';
import type { DataKey, PageOf } from '../api/queries.js';
import { dropGone, mergeRows, showWaiting } from './merge-rows.js';
import type { LiveRow, LiveRows } from './merge-rows.js';

const REFRESH_MS = 3_000;
const FIRST_ROWS = 50;
/** What one page of the REST surface has at most: so many are kept up to date. */
const ROWS_MAX = 500;
/** What stands further down than this is read, and is not to be moved. */
const SCROLLED_PX = 240;

/** A list whose newest rows come by themselves. */
export interface LiveList<Row> {
  /** Undefined until they were read. */
  rows: readonly Row[] | undefined;
  error: Error | null;
  refetch: () => unknown;
  /** How many newer ones wait, while the list is held. */
  waitingCount: number;
  showWaiting: () => void;
  /** Undefined when there are no older ones, or no more of them can be kept up to date. */
  loadMore: (() => void) | undefined;
  isLoadingMore: boolean;
  /** Whether there are older ones than can be shown. */
  isFull: boolean;
}

/**
 * Reads the newest rows again and again. Known ones are brought up to date; new ones stand on top, or wait while `isHeld`.
 * What is shown belongs to `key`: whoever changes that makes the component anew.
 */
export function useLiveRows<Row extends LiveRow>(
  key: DataKey,
  read: (api: Tripline, limit: number, signal: AbortSignal) => Promise<{ data?: PageOf<Row> }>,
  { isHeld }: { isHeld: boolean },
): LiveList<Row> {
  const [limit, setLimit] = useState(FIRST_ROWS);
  const [kept, setKept] = useState<{ readAt: number; list: LiveRows<Row> }>({ readAt: 0, list: EMPTY });
  const query = useData([...key, { limit }], (api, signal) => read(api, limit, signal), {
    refreshMs: REFRESH_MS,
    keepBefore: true,
  });
  const page = query.data;
  if (page && query.dataUpdatedAt !== kept.readAt) {
    const merged = mergeRows(kept.list, page.data, { isHeld });
    setKept({ readAt: query.dataUpdatedAt, list: dropGone(merged, page.data, { isWhole: page.next === null }) });
  }
  const { shown, waiting } = kept.list;
  const hasMore = page?.next != null;
  return {
    rows: page ? shown : undefined,
    error: query.error,
    refetch: query.refetch,
    waitingCount: waiting.length,
    showWaiting: () => setKept({ ...kept, list: showWaiting(kept.list) }),
    loadMore: hasMore && limit < ROWS_MAX ? () => setLimit(Math.min(ROWS_MAX, limit * 2)) : undefined,
    isLoadingMore: query.isPlaceholderData,
    isFull: hasMore && limit === ROWS_MAX,
  };
}

const EMPTY: LiveRows<never> = { shown: [], waiting: [] };

/** Whether the reader has scrolled away from the top of the page. */
export function useIsScrolled(): boolean {
  return useSyncExternalStore(
    (listener) => {
      addEventListener('scroll', listener, { passive: true });
      return () => removeEventListener('scroll', listener);
    },
    () => window.scrollY > SCROLLED_PX,
  );
}
