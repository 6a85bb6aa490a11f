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
 * How many probes have certainly failed, of so many failed attempts in a row, where up to `atOnceMax` may have been under
 * way when the fifth failed: those were no probes.
 */
export function failedProbesMin(failures: number, atOnceMax: number): number {
  return Math.max(0, failures - BREAKER_OPENS_AT - (atOnceMax - 1));
}

/**
 * How long an endpoint is left alone whose breaker is open, in ms: 5 s that double with each probe that failed since it
 * opened, five minutes at most. `random` is from 0 up to 1 and takes off up to a tenth.
 */
export function breakerPauseMs(failedProbes: number, random: number): number {
  const doublings = Math.min(failedProbes, 20);
  return Math.round(Math.min(FIRST_PAUSE_MS * 2 ** doublings, BREAKER_PAUSE_MAX_MS) * (1 - JITTER * random));
}
