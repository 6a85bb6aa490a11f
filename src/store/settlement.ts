import type { AttemptRecord } from '../core/attempt-record.js';
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

/** The arguments of `SETTLE_DELIVERIES` after the token. */
export function settlementArrays(settlements: readonly Settlement[]): unknown[] {
  return [...deliveryArrays(settlements), ...eventArrays(settlements), ...attemptArrays(settlements)];
}

function deliveryArrays(settlements: readonly Settlement[]): unknown[] {
  return [
    settlements.map(({ delivery }) => delivery.endpointId),
    settlements.map(({ delivery }) => delivery.dueAt),
    settlements.map(({ delivery }) => delivery.id),
    settlements.map(({ delivery }) => delivery.eventId),
    settlements.map(({ outcome }) => outcome),
    settlements.map(waitMs),
    settlements.map(attemptsOf),
    settlements.map(({ delivery }) => delivery.round),
    settlements.map(({ delivery }) => delivery.createdAt),
    settlements.map(pauseMs),
  ];
}

function eventArrays(settlements: readonly Settlement[]): unknown[] {
  const notices = settlements.map((settlement) => (settlement.outcome === 'failed' ? noticeOf(settlement) : undefined));
  return [
    settlements.map(({ delivery }) => delivery.license),
    settlements.map(({ delivery }) => delivery.triggerId),
    settlements.map(({ delivery }) => delivery.vehicle),
    settlements.map(({ delivery }) => delivery.eventType),
    notices.map((notice) => notice && newLogId()),
    notices.map((notice) => notice && JSON.stringify(notice)),
  ];
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

function attemptArrays(settlements: readonly Settlement[]): unknown[] {
  const attempts = settlements.map(({ attempt }) => attempt);
  return [
    settlements.map(({ attempt, ageMs = 0 }) => attempt && attempt.durationMs + ageMs),
    attempts.map((attempt) => attempt && Math.round(attempt.durationMs)),
    attempts.map((attempt) => attempt?.outcome),
    attempts.map((attempt) => attempt?.statusCode),
    settlements.map(({ attempt, error }) => withoutNul(attempt?.error ?? error)),
    attempts.map((attempt) => withoutNul(attempt?.requestHeaders)),
    attempts.map((attempt) => withoutNul(attempt?.responseHeaders)),
    attempts.map((attempt) => withoutNul(attempt?.responseBody)),
    attempts.map((attempt) => attempt?.isTruncated ?? false),
  ];
}
