const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** How long to wait after each failed attempt but the last: one entry for each retry, in ms. */
export interface RetrySchedule {
  readonly delaysMs: readonly number[];
}

/** The schedules that have a name. `standard` is Standard Webhooks' table, after its immediate first attempt. */
const PRESETS: Record<string, RetrySchedule> = {
  stepped: { delaysMs: [MINUTE_MS, 5 * MINUTE_MS, 30 * MINUTE_MS, 2 * HOUR_MS, 24 * HOUR_MS] },
  exponential: { delaysMs: [0, 1, 2, 3, 4].map((retry) => 30 * SECOND_MS * 2 ** retry) },
  standard: {
    delaysMs: [5 * SECOND_MS, 5 * MINUTE_MS, 30 * MINUTE_MS, ...[2, 5, 10, 14, 20, 24].map((hours) => hours * HOUR_MS)],
  },
};

/** The most retries of a schedule; the attempt's number is stored in 16 bits and every attempt is shown. */
export const RETRIES_MAX = 20;
/** Shorter waits than this are a busy loop, and the queue looks for due rows once a second. */
export const RETRY_DELAY_MIN_MS = 10;
/** Beyond two days a receiver is not down but gone. */
export const RETRY_DELAY_MAX_MS = 48 * HOUR_MS;

/** The largest part of a delay that is added to it at random, so that what failed together does not return together. */
export const RETRY_JITTER = 0.1;

const UNITS_MS: Record<string, number> = { ms: 1, s: SECOND_MS, m: MINUTE_MS, h: HOUR_MS };

/** Reads `stepped`, `exponential`, `standard`, or a list of delays such as `1s,2m,1h` (units ms, s, m, h). */
export function parseRetrySchedule(
  text: string,
): { kind: 'ok'; schedule: RetrySchedule } | { kind: 'invalid'; reason: string } {
  const name = text.trim();
  const preset = Object.hasOwn(PRESETS, name) ? PRESETS[name] : undefined;
  if (preset) return { kind: 'ok', schedule: preset };
  const parts = name.split(',');
  if (parts.length > RETRIES_MAX) return invalid(`A retry schedule has at most ${RETRIES_MAX} delays.`);
  const delaysMs: number[] = [];
  for (const part of parts) {
    const [, digits, unit = ''] = /^\s*(\d{1,9})(ms|s|m|h)\s*$/.exec(part) ?? [];
    if (digits === undefined) {
      const names = Object.keys(PRESETS).join(', ');
      return invalid(
        `A retry schedule is ${names} or a list of delays such as 1s,2m,1h; "${part.trim().slice(0, 40)}" is none.`,
      );
    }
    const delayMs = Number(digits) * UNITS_MS[unit]!;
    if (delayMs < RETRY_DELAY_MIN_MS || delayMs > RETRY_DELAY_MAX_MS) {
      return invalid(
        `A retry delay is from ${RETRY_DELAY_MIN_MS}ms to ${RETRY_DELAY_MAX_MS / HOUR_MS}h; "${part.trim()}" is not.`,
      );
    }
    delaysMs.push(delayMs);
  }
  return { kind: 'ok', schedule: { delaysMs } };
}

/**
 * How long to wait, in whole ms, for the next attempt after `attemptsMade` (≥ 1) have failed; undefined when that was
 * the last. `random` is from 0 up to 1 and adds up to a tenth, so that no attempt comes early.
 */
export function nextAttemptMs(schedule: RetrySchedule, attemptsMade: number, random: number): number | undefined {
  const delayMs = schedule.delaysMs[attemptsMade - 1];
  return delayMs === undefined ? undefined : Math.round(delayMs * (1 + RETRY_JITTER * random));
}

/** The longest that all waits of a schedule can take together, in ms: with all that is added at random. */
export function longestWaitMs(schedule: RetrySchedule): number {
  return schedule.delaysMs.reduce((sum, delayMs) => sum + delayMs, 0) * (1 + RETRY_JITTER);
}

/**
 * The longest that a delivery may take from when it is queued until its last attempt has ended, in ms, if each attempt
 * may take `timeoutMs` and nothing else holds it up.
 */
export function longestLifeMs(schedule: RetrySchedule, timeoutMs: number): number {
  return longestWaitMs(schedule) + (schedule.delaysMs.length + 1) * timeoutMs;
}

function invalid(reason: string): { kind: 'invalid'; reason: string } {
  return { kind: 'invalid', reason };
}
