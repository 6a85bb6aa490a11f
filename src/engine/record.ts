/** One record of a stream, as the source hands it to the engine. */
export interface SourceRecord {
  offset: bigint;
  key: Buffer | null;
  value: Buffer | null;
  /** The record's own timestamp, ms since 1970, within `ARRIVAL_MS_MAX`. */
  arrivalMs: number;
  /** W3C trace context of the producer. */
  traceparent?: string;
  /** Why the source could not read the record at all; key and value are then null, and it becomes a dead letter. */
  unreadable?: string;
}

/** The end of the year 9999: beyond it neither RFC 3339 nor the columns of the store have a spelling. */
export const ARRIVAL_MS_MAX = 253_402_300_799_999;

/** A producer's timestamp as an arrival time: what is no time (-1 stands for none) is the nearest one that is. */
export function arrivalTime(timestampMs: number): number {
  return Number.isFinite(timestampMs) ? Math.min(Math.max(Math.trunc(timestampMs), 0), ARRIVAL_MS_MAX) : 0;
}
