const MINUTE_MS = 60_000;
const LICENSES_MAX = 10_000;

/**
 * How many firings a license has left: a bucket that holds a minute's worth and fills steadily. So one license whose
 * condition always holds cannot take the database from the others. Each process has its own.
 */
export class FiringBudget {
  private readonly buckets = new Map<string, { left: number; filledAtMs: number }>();

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
    const left = this.left(license, nowMs) - firings;
    this.buckets.delete(license);
    this.buckets.set(license, { left, filledAtMs: nowMs });
    if (this.buckets.size > LICENSES_MAX)
      for (const oldest of this.buckets.keys()) return void this.buckets.delete(oldest);
  }
}
