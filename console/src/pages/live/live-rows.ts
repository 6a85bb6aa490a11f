import type { StreamEntry } from '@tripline/client';
import type { Delivery } from '../../api/resources.js';

/** One thing that happened, as the list shows it. */
export type LiveRow = {
  /** Its place in the stream. */
  id: string;
  /** Such as `trigger.fired` or `delivery.delivered`. */
  name: string;
  time: string;
  webhookId: string | null;
  vehicle: string | null;
} & (
  | { kind: 'firing'; eventId: string; value: unknown; unit: string }
  | { kind: 'event'; eventId: string }
  | { kind: 'delivery'; deliveryId: string; status: Delivery['status']; attempts: number; answer: string | null }
);

/** `waiting`: before the first answer. `resting`: the page is not seen. `ended`: nothing comes any more. */
export type Connection = 'waiting' | 'connected' | 'reconnecting' | 'resting' | 'ended';

export interface LiveList {
  /** Newest first, at most `ROWS_MAX`. */
  rows: readonly LiveRow[];
  /** What came while the list was paused, newest first, at most `ROWS_MAX`. */
  held: readonly LiveRow[];
  /** How many came while it was paused, those that are no longer held too. */
  heldCount: number;
  isPaused: boolean;
  connection: Connection;
}

export type LiveAction =
  | { kind: 'came'; rows: readonly LiveRow[] }
  | { kind: 'paused' }
  | { kind: 'resumed' }
  | { kind: 'cleared' }
  | { kind: 'connection'; connection: Connection };

/** Enough to look back a while, and little enough for a page that is open for days. */
export const ROWS_MAX = 500;

/** Before anything came. */
export const EMPTY_LIST: LiveList = { rows: [], held: [], heldCount: 0, isPaused: false, connection: 'waiting' };

/** What becomes of the list. Rows that come are given in the order in which they came. */
export function changeList(list: LiveList, action: LiveAction): LiveList {
  switch (action.kind) {
    case 'came':
      return takeIn(list, action.rows);
    case 'paused':
      return list.isPaused ? list : { ...list, isPaused: true };
    case 'resumed': {
      if (!list.isPaused) return list;
      return { ...list, rows: onTop(list.rows, list.held), held: [], heldCount: 0, isPaused: false };
    }
    case 'cleared':
      return { ...list, rows: [], held: [], heldCount: 0 };
    case 'connection':
      return list.connection === action.connection ? list : { ...list, connection: action.connection };
  }
}

/** The row of an entry of the stream. */
export function rowOf(entry: StreamEntry): LiveRow {
  const { id, name } = entry;
  if (entry.kind === 'delivery') {
    const { delivery } = entry;
    const { webhookId, vehicle, status, attemptCount: attempts } = delivery;
    const time = delivery.deliveredAt ?? delivery.createdAt;
    const about = { id, name, time, webhookId, vehicle };
    return { ...about, kind: 'delivery', deliveryId: delivery.id, status, attempts, answer: answerOf(delivery) };
  }
  const { event } = entry;
  const about = { id, name, time: event.time, webhookId: event.webhookId ?? null, vehicle: event.vehicle ?? null };
  if (event.type !== 'trigger.fired') return { ...about, kind: 'event', eventId: event.id };
  return { ...about, kind: 'firing', eventId: event.id, ...readingOf(event.data) };
}

function takeIn(list: LiveList, came: readonly LiveRow[]): LiveList {
  if (came.length === 0) return list;
  const newest = [...came].reverse();
  if (!list.isPaused) return { ...list, rows: onTop(list.rows, newest) };
  return { ...list, held: onTop(list.held, newest), heldCount: list.heldCount + came.length };
}

function onTop(rows: readonly LiveRow[], newest: readonly LiveRow[]): readonly LiveRow[] {
  return [...newest, ...rows].slice(0, ROWS_MAX);
}

function answerOf({ lastStatusCode, lastError }: Delivery): string | null {
  return lastStatusCode === null ? lastError : String(lastStatusCode);
}

/** What made a webhook fire, out of its CloudEvent: the value of a signal; an event has none. */
function readingOf(cloudEvent: Record<string, unknown>): { value: unknown; unit: string } {
  const signal = at(at(cloudEvent, 'data'), 'signal');
  const unit = at(signal, 'unit');
  return { value: at(signal, 'value'), unit: typeof unit === 'string' ? unit : '' };
}

function at(holder: unknown, key: string): unknown {
  return typeof holder === 'object' && holder !== null ? (holder as Record<string, unknown>)[key] : undefined;
}
