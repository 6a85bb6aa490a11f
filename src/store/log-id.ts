import { randomBytes } from 'node:crypto';
import { databaseNowMs } from './database-time.js';

/** One partition of the event log holds the ids of this many milliseconds: a day in UTC. */
export const DAY_MS = 86_400_000;

/**
 * A new id for a log event that no record caused: UUIDv7 (RFC 9562 §5.7). Its first 48 bits are the time in ms, so it
 * sorts by age and falls into its day's partition, like the computed ids of firings do. The time is the database's: days
 * are kept and dropped by that, so an id of a process whose clock is wrong would go with a day long past.
 */
export function newLogId(nowMs: number = databaseNowMs()): string {
  const random = randomBytes(10);
  random[0] = (random[0]! & 0x0f) | 0x70;
  random[2] = (random[2]! & 0x3f) | 0x80;
  return uuid(hexTime(nowMs) + random.toString('hex'));
}

/** The lowest id of a moment: what bounds a range of ids in time. */
export function firstIdAt(ms: number): string {
  return uuid(hexTime(ms).padEnd(32, '0'));
}

function hexTime(ms: number): string {
  return Math.trunc(ms).toString(16).padStart(12, '0');
}

function uuid(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
