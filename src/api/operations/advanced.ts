import type { BulkProgress, FailedVehicle } from '../../store/operations.js';
import type { Refused } from '../../store/subscription-writes.js';

/** Vehicles that were permitted but that there was no room for, as they are shown. */
export function withoutRoom(vehicles: readonly string[]): FailedVehicle[] {
  return vehicles.map((vehicle) => ({ vehicle, verdict: 'over_quota' }));
}

/** Vehicles that the store refused although they were permitted when they were judged, as they are shown. */
export function refusedLate({ overQuota, withoutGrant }: Refused): FailedVehicle[] {
  return [...withoutRoom(overQuota), ...withoutGrant.map((vehicle) => ({ vehicle, verdict: 'denied' as const }))];
}

/** How far a call is after one more page; `granted` are those that are subscribed now, or unsubscribed. */
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
