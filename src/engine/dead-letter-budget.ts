import type { DeadLetterRow } from './stores.js';

/** A record, or one entry of it, that could not be read. */
export interface DeadLetter {
  offset: bigint;
  /** Place of the entry in its message; null for a whole message. */
  index: number | null;
  reason: string;
  detail: string;
  value: Buffer | null;
}

const WINDOW_MS = 60_000;
const EXCERPT_BYTES_MAX = 1024;
const DETAIL_LENGTH_MAX = 500;

interface Window {
  startedAtMs: number;
  rows: number;
  /** Letters without a row of their own since the last row. */
  suppressed: number;
}

/**
 * Decides which dead letters become rows: so many a minute for one topic and reason. Those above it are counted, and the
 * next row carries their number. One object for a process; what it counted and no row carried yet is lost with it.
 */
export class DeadLetterBudget {
  private readonly windows = new Map<string, Window>();

  constructor(private readonly rowsPerMinute: number) {}

  /** The rows for these letters. `undo` takes it back when they were not stored. */
  admit(topic: string, letters: readonly DeadLetter[], nowMs: number): { rows: DeadLetterRow[]; undo: () => void } {
    const before = new Map<string, Window>();
    const rows: DeadLetterRow[] = [];
    for (const letter of letters) {
      const key = `${topic} ${letter.reason}`;
      const window = this.windowOf(key, nowMs);
      if (!before.has(key)) before.set(key, { ...window });
      if (window.rows >= this.rowsPerMinute) {
        window.suppressed += 1;
        continue;
      }
      rows.push(rowOf(letter, window.suppressed));
      window.rows += 1;
      window.suppressed = 0;
    }
    return { rows, undo: () => this.restore(before) };
  }

  private windowOf(key: string, nowMs: number): Window {
    const known = this.windows.get(key);
    if (!known) {
      const window = { startedAtMs: nowMs, rows: 0, suppressed: 0 };
      this.windows.set(key, window);
      return window;
    }
    if (nowMs - known.startedAtMs >= WINDOW_MS) Object.assign(known, { startedAtMs: nowMs, rows: 0 });
    return known;
  }

  /** Other partitions may have been admitted meanwhile; at worst a few rows more than the budget are written. */
  private restore(before: Map<string, Window>): void {
    for (const [key, window] of before) this.windows.set(key, window);
  }
}

function rowOf({ offset, index, reason, detail, value }: DeadLetter, suppressed: number): DeadLetterRow {
  const excerpt = Buffer.from(value?.subarray(0, EXCERPT_BYTES_MAX) ?? []);
  // The database's text type has no NUL.
  return {
    offset,
    index,
    reason,
    detail: detail.replaceAll('\0', '').slice(0, DETAIL_LENGTH_MAX),
    excerpt,
    suppressed,
  };
}
