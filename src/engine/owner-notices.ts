import type { EventType } from '../core/event-types.js';
import { newLogId } from '../store/log-id.js';
import type { ChunkResult } from './chunk-evaluation.js';
import { RecentMap } from '../core/recent-map.js';
import type { LogEventRow } from './stores.js';

/** How often one trigger's owner is told that its condition fails, and a license that it is above a quota. */
const FAILED_PERIOD_MS = 60 * 60_000;
const QUOTA_PERIOD_MS = 60_000;
const KEYS_MAX = 10_000;

/**
 * What developers find in their event log because a sample of theirs came to nothing. Each process tells for itself.
 */
export class OwnerNotices {
  /** When each notice may be given again, on a clock that never steps. */
  private readonly dueMs = new RecentMap<string, number>(KEYS_MAX);

  /** `pendingMost`: the limit of a license on what may be pending. */
  constructor(private readonly parts: { pendingMost: (license: string) => number }) {}

  /** The notices that are due for what happened in a chunk. They are given again unless `told` hears of them. */
  of({ failures, throttledLicenses, heldLicenses }: ChunkResult, nowMs: number): LogEventRow[] {
    const rows = new Map<string, LogEventRow>();
    for (const { triggerId, license, vehicle, code, message } of failures) {
      const about = { license, triggerId, vehicle };
      const row = rowOf('condition.failed', about, { code, message });
      if (this.isDue(row, nowMs) && !rows.has(keyOf(row))) rows.set(keyOf(row), row);
    }
    for (const [license, samples] of throttledLicenses) {
      const row = rowOf('trigger.throttled', ofLicense(license), { samples });
      if (this.isDue(row, nowMs)) rows.set(keyOf(row), row);
    }
    for (const [license, held] of heldLicenses) {
      const details = { limit: 'pendingDeliveries', most: this.parts.pendingMost(license), held };
      const row = rowOf('quota.exceeded', ofLicense(license), details);
      if (this.isDue(row, nowMs)) rows.set(keyOf(row), row);
    }
    return [...rows.values()];
  }

  told(rows: readonly LogEventRow[], nowMs: number): void {
    for (const row of rows) {
      const periodMs = row.type === 'condition.failed' ? FAILED_PERIOD_MS : QUOTA_PERIOD_MS;
      this.dueMs.set(keyOf(row), nowMs + periodMs);
    }
  }

  private isDue(row: LogEventRow, nowMs: number): boolean {
    return nowMs >= (this.dueMs.get(keyOf(row)) ?? nowMs);
  }
}

function rowOf(
  type: EventType,
  about: Pick<LogEventRow, 'license' | 'triggerId' | 'vehicle'>,
  details: object,
): LogEventRow {
  return { eventId: newLogId(), type, ...about, payload: JSON.stringify(details) };
}

function ofLicense(license: string): { license: string; triggerId: null; vehicle: null } {
  return { license, triggerId: null, vehicle: null };
}

function keyOf({ type, license, triggerId }: LogEventRow): string {
  return `${type} ${triggerId ?? license}`;
}
