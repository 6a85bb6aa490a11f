import type { BulkProgress, FailedVehicle } from '../../store/operations.js';

/** How far a call is after one more page. */
export function advanced(
  { place, done, changed, already, failed, failedCount }: BulkProgress,
  page: { changed: number; granted: number; failed: readonly FailedVehicle[] },
  failedNamedMax: number,
): BulkProgress {
  return {
    place: place + 1,
    done: done + page.granted + page.failed.length,
    changed: changed + page.changed,
    already: already + page.granted - page.changed,
    failed: [...failed, ...page.failed].slice(0, failedNamedMax),
    failedCount: failedCount + page.failed.length,
  };
}
