import { RecentMap } from '../core/recent-map.js';
import type { PendingDeliveries } from './pending-deliveries.js';

/** Nobody is counted beyond, whatever the limit: with as many the statement takes less than its time-out. */
const COUNTED_MAX = 1_000_000;
const AGE_MS = 5_000;
const LICENSES_MAX = 10_000;

/**
 * How many deliveries of a license are pending, for whoever likes to look: a long queue takes a second to count, so it
 * is counted once in five, however many ask.
 */
export class RecentPending {
  private readonly counts = new RecentMap<string, { askedAtMs: number; count: Promise<number> }>(LICENSES_MAX);

  constructor(private readonly pending: Pick<PendingDeliveries, 'count'>) {}

  /** What is above the license's limit too; a million stands for any number from there on. */
  of(license: string): Promise<number> {
    const askedAtMs = performance.now();
    const known = this.counts.get(license);
    if (known && askedAtMs - known.askedAtMs < AGE_MS) return known.count;
    const count = this.count(license);
    this.counts.set(license, { askedAtMs, count });
    count.catch(() => this.counts.delete(license));
    return count;
  }

  private async count(license: string): Promise<number> {
    return (await this.pending.count([license], COUNTED_MAX, COUNTED_MAX)).get(license)?.pending ?? 0;
  }
}
