import { setTimeout as sleep } from 'node:timers/promises';
import { RecentMap } from './recent-map.js';
import type { Pending } from './stores.js';

/** Counting a full queue takes a while: it may take up one part in so many of a connection's time. */
const REST_OF_COUNT = 20;
const LICENSES_MAX = 10_000;

interface License {
  /** What the queue held when it was looked at last. */
  counted: number;
  /** What this process queued since, or while it was being counted. */
  added: number;
  /** Whether something fired since it was looked at last, queued or held. */
  hasFired: boolean;
}

/**
 * How many deliveries of a license may still be queued. A process counts what it queues itself, and every few seconds
 * asks the database about the licenses that fired since, and about those at their limit, which others send from. So
 * no chunk waits for it, and no row is kept for it; the price is that several processes together may go beyond the
 * limit by what they queue between two looks. While the database does not answer, what is known stays.
 */
export class PendingLimit {
  private readonly licenses = new RecentMap<string, License>(LICENSES_MAX);
  private looking: Promise<void> | undefined;

  constructor(
    private readonly parts: {
      most: number;
      /** Between two looks: what several processes queue meanwhile may be above the limit. */
      lookMs: number;
      pending: Pending;
      now: () => number;
      onError: (error: unknown) => void;
    },
  ) {}

  left(license: string): number {
    const known = this.licenses.get(license);
    return known === undefined ? this.parts.most : Math.max(this.parts.most - known.counted - known.added, 0);
  }

  /** Takes what a chunk stored: so many deliveries queued, possibly none because all were held. */
  fired(license: string, queued: number): void {
    if (!Number.isFinite(this.parts.most)) return;
    const known = this.licenses.get(license) ?? { counted: 0, added: 0, hasFired: true };
    this.licenses.set(license, { ...known, added: known.added + queued, hasFired: true });
    this.looking ??= this.lookOn().finally(() => (this.looking = undefined));
  }

  private async lookOn(): Promise<void> {
    const { now, onError, lookMs } = this.parts;
    for (let restMs = lookMs; ;) {
      await sleep(restMs, undefined, { ref: false });
      const wanted = [...this.licenses].filter(([license, { hasFired }]) => hasFired || this.left(license) === 0);
      if (wanted.length === 0) return;
      const startedMs = now();
      await this.look(wanted.map(([license]) => license)).catch(onError);
      restMs = Math.max(lookMs, (now() - startedMs) * REST_OF_COUNT);
    }
  }

  private async look(licenses: string[]): Promise<void> {
    const before = new Map(licenses.map((license) => [license, this.licenses.get(license)?.added ?? 0]));
    for (const license of licenses) this.change(license, { hasFired: false });
    const counts = await this.parts.pending.count(licenses, this.parts.most).catch((error: unknown) => {
      for (const license of licenses) this.change(license, { hasFired: true });
      throw error;
    });
    for (const license of licenses) {
      // What was queued while it was being counted may be in the count or not: it stays, until the next look.
      const added = (this.licenses.get(license)?.added ?? 0) - before.get(license)!;
      this.change(license, { counted: counts.get(license) ?? 0, added: Math.max(added, 0) });
    }
  }

  private change(license: string, changed: Partial<License>): void {
    const known = this.licenses.get(license);
    if (known) Object.assign(known, changed);
  }
}
