import type { AttemptRecord } from '../core/attempt-record.js';
import { binaryTexts } from './array-binary.js';
import { plainArray, textArray } from './array-text.js';
import type { DueDelivery } from './due-delivery.js';
import { newLogId } from './log-id.js';
import { withoutNul } from './stored-text.js';

/** What became of a delivery. One without an attempt says nothing about its endpoint and counts no attempt. */
export interface Settlement {
  delivery: DueDelivery;
  outcome: 'delivered' | 'failed' | 'held' | 'cancelled' | 'retry';
  /** How long to wait before trying again; needed for a retry. */
  retryInMs?: number;
  /** For how long the endpoint is to be left alone, by whoever holds it. Counts only with a failed attempt. */
  pauseMs?: number;
  attempt?: AttemptRecord;
  /** How long ago the attempt ended and the two times above began; default: just now. */
  ageMs?: number;
  /** Why it failed, as a sentence, where there was no attempt. */
  error?: string;
}

/** How an endpoint does that failed lately. */
export interface AilingEndpoint {
  endpointId: string;
  /** Attempts that failed since the last that arrived. */
  failures: number;
  /** Deliveries whose first attempt failed since then. */
  failedFirings: number;
  /** How long ago the first of these attempts was made. */
  failingForMs: number;
  /** The last warning that its owner got, in percent of what is allowed; 0 for none. */
  warned: number;
  lastError: string | null;
}

/** An array in text, or in binary where its values are long. */
type Column = string | Buffer;

/** The arguments of `SETTLE_DELIVERIES` after the token: 25 arrays, so the driver's way of writing them was half of settling. */
export function settlementArrays(settlements: readonly Settlement[]): Column[] {
  return [...deliveryArrays(settlements), ...eventArrays(settlements), ...attemptArrays(settlements)];
}

function deliveryArrays(settlements: readonly Settlement[]): Column[] {
  return [
    plainArray(settlements, ({ delivery }) => delivery.endpointId),
    textArray(settlements, ({ delivery }) => delivery.dueAt),
    plainArray(settlements, ({ delivery }) => delivery.id),
    plainArray(settlements, ({ delivery }) => delivery.eventId),
    plainArray(settlements, ({ outcome }) => outcome),
    sparseArray(settlements, waitMs),
    plainArray(settlements, attemptsOf),
    plainArray(settlements, ({ delivery }) => delivery.round),
    textArray(settlements, ({ delivery }) => delivery.createdAt),
    sparseArray(settlements, pauseMs),
  ];
}

function eventArrays(settlements: readonly Settlement[]): Column[] {
  const notices = settlements.map((settlement) => (settlement.outcome === 'failed' ? noticeOf(settlement) : undefined));
  return [
    textArray(settlements, ({ delivery }) => delivery.license),
    plainArray(settlements, ({ delivery }) => delivery.triggerId),
    textArray(settlements, ({ delivery }) => delivery.vehicle),
    textArray(settlements, ({ delivery }) => delivery.eventType),
    sparseArray(notices, (notice) => notice && newLogId()),
    binaryTexts(notices, (notice) => notice && JSON.stringify(notice)),
  ];
}

/** Of what is mostly missing: nothing at all where all of it is. */
function sparseArray<Row>(
  rows: readonly Row[],
  of: (row: Row) => string | number | boolean | null | undefined,
): string {
  const values = rows.map(of);
  const isMissing = values.every((value) => value === null || value === undefined);
  return isMissing ? '{}' : plainArray(values, (value) => value);
}

/** The payload of `delivery.failed`. */
function noticeOf(settlement: Settlement): object {
  const { delivery, attempt, error } = settlement;
  return {
    deliveryId: delivery.id,
    eventId: delivery.eventId,
    eventType: delivery.eventType,
    attempts: attemptsOf(settlement),
    lastStatusCode: attempt?.statusCode ?? null,
    lastError: withoutNul(attempt?.error ?? error) ?? null,
  };
}

function attemptsOf({ delivery, attempt }: Settlement): number {
  return delivery.attempt + (attempt === undefined ? 0 : 1);
}

/** What is left of the wait. */
function waitMs({ outcome, retryInMs, delivery, ageMs = 0 }: Settlement): number | null {
  if (outcome !== 'retry') return null;
  if (retryInMs === undefined) throw new Error(`delivery ${delivery.id} is to be retried at no time`);
  return Math.max(0, retryInMs - ageMs);
}

/** What is left of the pause; null when it is over. */
function pauseMs({ pauseMs: wholeMs, ageMs = 0 }: Settlement): number | null {
  return wholeMs === undefined || wholeMs <= ageMs ? null : wholeMs - ageMs;
}

function attemptArrays(settlements: readonly Settlement[]): Column[] {
  const attempts = settlements.map(({ attempt }) => attempt);
  return [
    plainArray(settlements, ({ attempt, ageMs = 0 }) => attempt && attempt.durationMs + ageMs),
    plainArray(attempts, (attempt) => attempt && Math.round(attempt.durationMs)),
    textArray(attempts, (attempt) => attempt?.outcome),
    plainArray(attempts, (attempt) => attempt?.statusCode),
    binaryTexts(settlements, ({ attempt, error }) => withoutNul(attempt?.error ?? error)),
    binaryTexts(attempts, (attempt) => withoutNul(attempt?.requestHeaders)),
    binaryTexts(attempts, (attempt) => withoutNul(attempt?.responseHeaders)),
    binaryTexts(attempts, (attempt) => withoutNul(attempt?.responseBody)),
    sparseArray(attempts, (attempt) => attempt?.isTruncated || undefined),
  ];
}
