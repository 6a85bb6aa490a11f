import type { DueDelivery } from '../store/due-delivery.js';
import type { LanePlace } from './lanes.js';
import type { Pace } from './pace.js';
import { ReadingPlace } from './reading-place.js';

/**
 * An endpoint without due work is given back after so long: less would lease and release in turns, two commits, and a wait
 * of 1 to 2 ms before the request, for each delivery of one that hears something every few seconds. Where many are held
 * it is sooner, since each is probed once a second, and there is an end to how many can be.
 */
const KEPT_MS = 30_000;
const KEPT_OF_MANY_MS = 5_000;
const FEW = 1_000;

/** An endpoint is kept for so long after a retry is due. */
const KEEP_AFTER_RETRY_MS = 5_000;
/** One whose next retry is this near is kept for it. */
const KEEP_FOR_RETRY_MS = 10_000;
/** One that everybody is to leave alone for longer than this is given back: then a reset on record counts at once. */
const KEEP_PAUSED_MS = 3_000;
/** Of an endpoint's queue, so many times what it is sent at once is read ahead. */
const AHEAD_FACTOR = 4;

/** What was read longer ago is not sent: the endpoint may have been deleted, paused or changed since. */
const OUTDATED_AFTER_MS = 3_000;

/** Where the reading of one endpoint's queue goes on. */
export interface Head {
  endpointId: string;
  afterDueAt: string;
  afterId: string;
  limit: number;
  /** The endpoint's, when it was read off. */
  epoch: number;
  /** The answer takes the place of what waits. */
  isRefresh: boolean;
  /** Ids of what is under way, as far as it is met again and not replaced. */
  known: readonly string[];
}

/** An endpoint that is held, or that still has deliveries under way from when it was. */
export class HeldEndpoint implements LanePlace {
  isHeld = false;
  readonly waiting: DueDelivery[] = [];
  sending = 0;
  /**
   * Ids of what was fetched and is not settled (waiting, being sent, or with an outcome to be written), each with when it
   * was read.
   */
  readonly underWay = new Map<string, number>();
  readonly place = new ReadingPlace();
  /** Another one whenever what an earlier fetch answers must not count any more. */
  epoch = 0;
  /** When its queue was first found empty from the start on; undefined since it was not. */
  emptySinceMs: number | undefined;
  /** This process cannot send to it for now: others get the chance. */
  isForOthers = false;
  /** What waits is to be read again before it is sent. */
  mustRefresh = false;
  private keepUntilMs = -Infinity;
  /** What it may be sent a second, as its deliveries said last. */
  perSecond: number | null = null;
  /** Waits for its rate. */
  private timer: NodeJS.Timeout | undefined;

  constructor(
    readonly id: string,
    readonly license: string,
    readonly pace: Pace,
    private readonly surroundings: {
      ticks: () => number;
      /** Until when no endpoint of its license is sent to. */
      licensePausedUntilMs: () => number;
      /** What waits became outdated when its turn came. */
      onOutdated: (endpoint: HeldEndpoint) => void;
    },
  ) {}

  get isSlow(): boolean {
    return this.pace.isSlow;
  }

  get isOutdated(): boolean {
    const [first] = this.waiting;
    return first !== undefined && this.surroundings.ticks() - this.underWay.get(first.id)! > OUTDATED_AFTER_MS;
  }

  refresh(): void {
    if (this.mustRefresh) return;
    this.mustRefresh = true;
    this.surroundings.onOutdated(this);
  }

  /** Until when it is to be left alone, for whatever reason. */
  get pausedUntilMs(): number {
    return Math.max(this.pace.pausedUntilMs, this.surroundings.licensePausedUntilMs());
  }

  /** How long until its rate allows one more, as `RateWindow.waitMs` says it. */
  get rateWaitMs(): number | undefined {
    return this.pace.rate.waitMs(this.perSecond, this.surroundings.ticks());
  }

  /** Rows to have read ahead: few where sending is slow, since what waits here goes out as it was when it was read. */
  get aheadMax(): number {
    if (this.pace.isOpen) return 1;
    return Math.min(AHEAD_FACTOR * this.pace.atOnce, 2 * (this.perSecond ?? Infinity));
  }

  admits(): boolean {
    return this.sending < this.pace.atOnce && this.rateWaitMs === 0;
  }

  /** Where to read on, at most `share` rows that are new, and what waits may be `aheadMax`. */
  head(share: number, aheadMax: number): Head {
    if (this.mustRefresh) this.place.goBack('start');
    const { id: endpointId, epoch, mustRefresh: isRefresh } = this;
    const { metSinceMs, ...after } = this.place.head;
    const waiting = isRefresh ? 0 : this.waiting.length;
    const fresh = Math.min(share, Math.min(aheadMax, this.aheadMax) - waiting);
    // What is met again comes on top, but for what the answer replaces.
    const known = this.knownSince(metSinceMs);
    return { endpointId, ...after, limit: fresh + known.length, epoch, isRefresh, known };
  }

  private knownSince(metSinceMs: number): string[] {
    if (metSinceMs === Infinity) return [];
    const replaced = new Set(this.mustRefresh ? this.waiting.map(({ id }) => id) : []);
    const known: string[] = [];
    for (const [id, readMs] of this.underWay) if (readMs >= metSinceMs && !replaced.has(id)) known.push(id);
    return known;
  }

  /** Takes in what was read of its queue, forward from where that stood. */
  read(rows: readonly DueDelivery[], isRefresh: boolean): void {
    const readMs = this.surroundings.ticks();
    if (isRefresh) this.clear();
    const last = rows.at(-1);
    if (last) {
      this.perSecond = last.target?.maxPerSecond ?? null;
      this.emptySinceMs = undefined;
    } else if (this.place.isAtStart) {
      this.emptySinceMs ??= readMs;
    }
    this.place.advance(rows);
    for (const row of rows) {
      if (row.isKnown || this.underWay.has(row.id)) continue;
      this.underWay.set(row.id, readMs);
      this.waiting.push(row);
    }
  }

  /** What waits is merely queued from now on. */
  clear(): void {
    for (const { id } of this.waiting) this.underWay.delete(id);
    this.waiting.length = 0;
    this.mustRefresh = false;
  }

  /** Calls back, once, when its rate allows what it does not allow now. */
  awaitRate(onFree: () => void): void {
    if (this.perSecond === null || this.timer !== undefined || this.waiting.length === 0) return;
    const waitMs = this.rateWaitMs;
    if (waitMs === undefined || waitMs === 0) return;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      onFree();
    }, waitMs).unref();
  }

  /** A retry is due after so long. */
  expectRetry(waitMs: number): void {
    if (waitMs > KEEP_FOR_RETRY_MS) return;
    this.keepUntilMs = Math.max(this.keepUntilMs, this.surroundings.ticks() + waitMs + KEEP_AFTER_RETRY_MS);
  }

  /** Whether it is to be given back: nothing under way, and nothing to do for a while. `held`: endpoints in all. */
  isIdle(nowMs: number, held: number, isWanting: boolean): boolean {
    if (!this.isHeld || this.underWay.size > 0) return false;
    const { pace, pausedUntilMs } = this;
    if (pace.isPauseOnRecord && pace.pausedUntilMs - nowMs > KEEP_PAUSED_MS) return true;
    if (this.emptySinceMs === undefined || isWanting) return false;
    return (
      nowMs >= Math.max(this.emptySinceMs + (held <= FEW ? KEPT_MS : KEPT_OF_MANY_MS), this.keepUntilMs, pausedUntilMs)
    );
  }
}
