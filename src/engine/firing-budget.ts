import { RecentMap } from '../core/recent-map.js';

const MINUTE_MS = 60_000;
const LICENSES_MAX = 10_000;

/**
 * How many firings a license has left: a bucket that holds a minute's worth and fills steadily. So one license whose
 * condition always holds cannot take the database from the others. Each process has its own. Times are of a clock that
 * never steps.
 */
export class FiringBudget {
  private readonly buckets = new RecentMap<string, { left: number; filledAtMs: number }>(LICENSES_MAX);

  constructor(private readonly firingsPerMinute: number) {}

  left(license: string, nowMs: number): number {
    const bucket = this.buckets.get(license);
    if (!bucket) return this.firingsPerMinute;
    const filled = bucket.left + (Math.max(nowMs - bucket.filledAtMs, 0) / MINUTE_MS) * this.firingsPerMinute;
    return Math.min(filled, this.firingsPerMinute);
  }

  /** Takes what was stored; several partitions at once may overdraw a bucket, which then fills from below zero. */
  spend(license: string, firings: number, nowMs: number): void {
    if (!Number.isFinite(this.firingsPerMinute)) return;
    this.buckets.set(license, { left: this.left(license, nowMs) - firings, filledAtMs: nowMs });
  }
}
