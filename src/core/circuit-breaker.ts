/** From so many failed attempts in a row on, an endpoint is probed instead of being sent to. */
export const BREAKER_OPENS_AT = 5;
const FIRST_PAUSE_MS = 5_000;
/** So a receiver that is back is found within five minutes. */
export const BREAKER_PAUSE_MAX_MS = 5 * 60_000;
/** The largest part of a pause that chance takes off, so that what broke together is not probed together. */
const JITTER = 0.1;

export function isBreakerOpen(failures: number): boolean {
  return failures >= BREAKER_OPENS_AT;
}

/**
 * How long an endpoint is left alone after so many failed attempts in a row, in ms: nothing below five, then 5 s that
 * double with each further failure, five minutes at most. `random` is from 0 up to 1 and takes off up to a tenth.
 */
export function breakerPauseMs(failures: number, random: number): number {
  if (!isBreakerOpen(failures)) return 0;
  const doublings = Math.min(failures - BREAKER_OPENS_AT, 20);
  return Math.round(Math.min(FIRST_PAUSE_MS * 2 ** doublings, BREAKER_PAUSE_MAX_MS) * (1 - JITTER * random));
}
