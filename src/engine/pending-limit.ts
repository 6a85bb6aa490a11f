import { setTimeout as sleep } from 'node:timers/promises';
import { COUNTED_AT_ONCE } from '../store/pending-deliveries.js';
import { inParts } from '../store/pages.js';
import { RecentMap } from '../core/recent-map.js';
import type { Pending } from './stores.js';

/** Counting a full queue takes a while: it may take up one part in so many of a connection's time. */
const REST_OF_COUNT = 20;
const LICENSES_MAX = 10_000;
/** After so many failures in a row it is not one license's queue: the rest of a look waits for the next. */
const FAILURES_MAX = 3;
/** What was queued since a count that is owed for longer is most likely sent: it says nothing about what is pending. */
export const COUNT_OWED_MAX_MS = 5 * 60_000;

interface License {
  /** What the queue held when it was looked at last. */
  counted: number;
  /** What this process queued since, or while it was being counted. */
  added: number;
  /** When something fired first, queued or held, that the last look does not know of. */
  owedSinceMs: number | undefined;
  /** A statement that counted it failed: until one succeeds it is counted by itself, so that no other fails with it. */
  isAlone: boolean;
  /** Not counted before, having failed alone. */
  restsUntilMs: number;
}

/**
 * How many deliveries of a license may still be queued. A process counts what it queues itself, and every few seconds
 * asks the database about the licenses that fired since, and about those at their limit, which others send from. So
 * no chunk waits for it, and no row is kept for it; the price is that several processes together may go beyond the
 * limit by what they queue between two looks. While the database does not answer, what is known stays, for five
 * minutes: then what was queued meanwhile no longer counts as pending, since nobody knows that it is. A license that
 * cannot be counted keeps no other from being counted.
 *
 * A license may have a limit of its own. Those that there are when the process starts are known before anything fires;
 * one that an operator changes comes with the next look at the license.
 */
export class PendingLimit {
  private readonly licenses = new RecentMap<string, License>(LICENSES_MAX);
  private looking: Promise<void> | undefined;
  /** Limits of licenses that have one of their own. */
  private own = new Map<string, number>();

  constructor(
    private readonly parts: {
      /** The limit of a license that has none of its own. */
      most: number;
      /** Between two looks: what several processes queue meanwhile may be above the limit. */
      lookMs: number;
      pending: Pending;
      now: () => number;
      onError: (error: unknown) => void;
    },
  ) {}

  /** Learns the limits of licenses that have their own. Throws what the store throws. */
  async load(): Promise<void> {
    this.own = await this.parts.pending.limits();
  }

  /** The limit of a license, as it was known last. */
  mostOf(license: string): number {
    return this.own.get(license) ?? this.parts.most;
  }

  left(license: string): number {
    const known = this.licenses.get(license);
    const most = this.mostOf(license);
    if (known === undefined) return most;
    const owedMs = known.owedSinceMs === undefined ? 0 : this.parts.now() - known.owedSinceMs;
    const added = owedMs > COUNT_OWED_MAX_MS ? 0 : known.added;
    return Math.max(most - known.counted - added, 0);
  }

  /** Takes what a chunk stored: so many deliveries queued, possibly none because all were held. */
  fired(license: string, queued: number): void {
    if (!Number.isFinite(this.parts.most)) return;
    const known = this.licenses.get(license) ?? { ...NEVER_COUNTED };
    const owedSinceMs = known.owedSinceMs ?? this.parts.now();
    this.licenses.set(license, { ...known, added: known.added + queued, owedSinceMs });
    this.looking ??= this.lookOn().finally(() => (this.looking = undefined));
  }

  private async lookOn(): Promise<void> {
    for (let restMs = this.parts.lookMs; ;) {
      await sleep(restMs, undefined, { ref: false });
      const owed = [...this.licenses].filter(
        ([license, { owedSinceMs }]) => owedSinceMs !== undefined || this.left(license) === 0,
      );
      if (owed.length === 0) return;
      const nowMs = this.parts.now();
      const due = owed.filter(([, { restsUntilMs }]) => restsUntilMs <= nowMs);
      restMs = Math.max(this.parts.lookMs, (await this.look(due)) * REST_OF_COUNT);
    }
  }

  /** Resolves to how long those counts took that succeeded, and one of those on which it gave up. */
  private async look(due: readonly (readonly [string, License])[]): Promise<number> {
    const alone = due.filter(([, { isAlone }]) => isAlone);
    const together = due.filter(([, { isAlone }]) => !isAlone);
    let [tookMs, failures] = [0, 0];
    for (const some of [...inParts(together, COUNTED_AT_ONCE), ...inParts(alone, 1)]) {
      const startedMs = this.parts.now();
      try {
        await this.count(some.map(([license]) => license));
        failures = 0;
        tookMs += this.parts.now() - startedMs;
      } catch (error) {
        this.parts.onError(error);
        const failedMs = this.parts.now() - startedMs;
        this.setApart(some, failedMs);
        if (++failures === FAILURES_MAX) return tookMs + failedMs;
      }
    }
    return tookMs;
  }

  private async count(licenses: readonly string[]): Promise<void> {
    const { pending, most, now } = this.parts;
    const askedMs = now();
    const before = new Map(licenses.map((license) => [license, this.licenses.get(license)?.added ?? 0]));
    const counts = await pending.count(licenses, most);
    for (const license of licenses) {
      const known = this.licenses.get(license);
      if (!known) continue;
      // What was queued while it was being counted may be in the count or not: it stays, until the next look.
      const added = Math.max(known.added - before.get(license)!, 0);
      const owedSinceMs = added > 0 ? askedMs : undefined;
      const { pending: counted, most: itsMost } = counts.get(license) ?? { pending: 0, most };
      Object.assign(known, { counted, added, owedSinceMs, isAlone: false });
      if (itsMost === most) this.own.delete(license);
      else this.own.set(license, itsMost);
    }
  }

  private setApart(some: readonly (readonly [string, License])[], tookMs: number): void {
    const restsUntilMs = this.parts.now() + (some.length === 1 ? tookMs * REST_OF_COUNT : 0);
    for (const [license] of some) {
      const known = this.licenses.get(license);
      if (known) Object.assign(known, { isAlone: true, restsUntilMs });
    }
  }
}

const NEVER_COUNTED: Readonly<License> = {
  ...{ counted: 0, added: 0, owedSinceMs: undefined, isAlone: false, restsUntilMs: 0 },
};
