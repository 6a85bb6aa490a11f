import { newLogId } from '../store/log-id.js';
import type { ChunkResult } from './chunk-evaluation.js';
import type { LogEventRow } from './stores.js';

/** How often one trigger's owner is told that its condition fails, and a license that it is throttled. */
const FAILED_PERIOD_MS = 60 * 60_000;
const THROTTLED_PERIOD_MS = 60_000;
const KEYS_MAX = 10_000;

/**
 * What developers find in their event log because a sample of theirs came to nothing. Each process tells for itself.
 */
export class OwnerNotices {
  /** When each notice may be given again, ms since 1970. */
  private readonly dueMs = new Map<string, number>();

  /** The notices that are due for what happened in a chunk. They are given again unless `told` hears of them. */
  of({ failures, throttledLicenses }: ChunkResult, nowMs: number): LogEventRow[] {
    const rows = new Map<string, LogEventRow>();
    for (const { triggerId, license, vehicle, code, message } of failures) {
      const payload = JSON.stringify({ code, message });
      const row = { eventId: newLogId(nowMs), type: 'condition.failed', license, triggerId, vehicle, payload };
      if (this.isDue(row, nowMs) && !rows.has(keyOf(row))) rows.set(keyOf(row), row);
    }
    for (const [license, samples] of throttledLicenses) {
      const payload = JSON.stringify({ samples });
      const ofLicense = { license, triggerId: null, vehicle: null, payload };
      const row = { eventId: newLogId(nowMs), type: 'trigger.throttled', ...ofLicense };
      if (this.isDue(row, nowMs)) rows.set(keyOf(row), row);
    }
    return [...rows.values()];
  }

  told(rows: readonly LogEventRow[], nowMs: number): void {
    for (const row of rows) {
      const periodMs = row.type === 'condition.failed' ? FAILED_PERIOD_MS : THROTTLED_PERIOD_MS;
      this.dueMs.delete(keyOf(row));
      this.dueMs.set(keyOf(row), nowMs + periodMs);
    }
    for (const oldest of this.dueMs.keys()) {
      if (this.dueMs.size <= KEYS_MAX) return;
      this.dueMs.delete(oldest);
    }
  }

  private isDue(row: LogEventRow, nowMs: number): boolean {
    return nowMs >= (this.dueMs.get(keyOf(row)) ?? nowMs);
  }
}

function keyOf({ type, license, triggerId }: LogEventRow): string {
  return `${type} ${triggerId ?? license}`;
}
