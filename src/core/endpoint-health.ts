/** When an endpoint that does nothing but fail is given up. */
export interface FailureLimits {
  /** So long since the first failure… */
  hours: number;
  /** …and after so many attempts: a webhook that seldom fires gets its chances too. */
  attemptsMin: number;
  /** Or as soon as so many firings in a row failed; not, if undefined. */
  count?: number;
}

/** What is known of an endpoint since the last delivery that arrived. */
export interface Ailment {
  failures: number;
  failedFirings: number;
  /**
   * How long ago the first of the failed attempts was made; of those after the last long time without any, in which
   * nobody tried: it may have been us who were down. So the rest of the time had attempts throughout.
   */
  failingForMs: number;
  /** The last warning given, in percent; 0 for none. */
  warned: number;
}

export type WarningPercent = 50 | 75 | 90;
const WARNINGS: readonly WarningPercent[] = [90, 75, 50];
const HOUR_MS = 3_600_000;

export type HealthVerdict =
  | { kind: 'fine' }
  /** `limit` says what is allowed, as words. */
  | { kind: 'warn'; percent: WarningPercent; limit: string }
  /** `reason` is a sentence for the owner. */
  | { kind: 'fail'; reason: string };

/**
 * Whether an endpoint's owner is to be warned, or the endpoint is to be given up. Each warning is given once in a row of
 * failures; one that was jumped over is not given any more.
 */
export function judgeHealth(ailment: Ailment, limits: FailureLimits): HealthVerdict {
  const { failures, failedFirings, failingForMs, warned } = ailment;
  const hours = failingForMs / HOUR_MS;
  const timeUsed = Math.min(hours / limits.hours, failures / limits.attemptsMin);
  const countUsed = limits.count === undefined ? 0 : failedFirings / limits.count;
  if (countUsed >= 1) return { kind: 'fail', reason: `${failedFirings} firings in a row failed.` };
  if (timeUsed >= 1) {
    return { kind: 'fail', reason: `All ${failures} attempts of the last ${Math.floor(hours)} hours failed.` };
  }
  const percent = WARNINGS.find((warning) => Math.max(timeUsed, countUsed) * 100 >= warning);
  if (percent === undefined || percent <= warned) return { kind: 'fine' };
  const limit = countUsed >= timeUsed ? `${limits.count} firings` : `${limits.hours} hours`;
  return { kind: 'warn', percent, limit };
}
