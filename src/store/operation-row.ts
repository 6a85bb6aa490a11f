import type { BulkCallState, BulkKind, BulkProgress, FailedVehicle } from './operations.js';

/** A row of `operations`. */
export interface OperationRow {
  id: string;
  license: string;
  trigger_id: string;
  kind: BulkKind;
  key_id: string | null;
  request_id: string;
  event_id: string;
  total: number | null;
  place: number;
  done: number;
  changed: number;
  already: number;
  failed: string;
  failed_count: number;
  completed_at: Date | null;
  error: string | null;
  /** Computed when it is taken. */
  isHopeless?: boolean | null;
}

/** How far a row's call is. */
export function progressOf(row: OperationRow): BulkProgress {
  const { place, done, changed, already, failed, failed_count: failedCount } = row;
  return { place, done, changed, already, failed: JSON.parse(failed) as FailedVehicle[], failedCount };
}

/** A row's call as it stands. */
export function stateOf(row: OperationRow): BulkCallState {
  const { kind, license, key_id: keyId, request_id: requestId, trigger_id: triggerId, event_id: eventId } = row;
  const actor = { license, requestId, ...(keyId === null ? {} : { keyId }) };
  return { call: { kind, actor, triggerId }, eventId, progress: progressOf(row), total: row.total ?? undefined };
}
