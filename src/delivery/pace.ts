import { breakerPauseMs, failedProbesMin, isBreakerOpen } from '../core/circuit-breaker.js';
import { SLOW_MS } from './lanes.js';
import { RateWindow } from './rate-window.js';

/** Requests at once to an endpoint of which nothing is known yet. */
const WINDOW_START = 2;

/** Before any time: there is no pause. */
const NEVER = -Infinity;

/** What an attempt says about its endpoint. */
export interface Impression {
  outcome: 'arrived' | 'timeout' | 'failed';
  durationMs: number;
  /** How long the endpoint asked to be left alone. */
  retryAfterMs?: number | undefined;
  /** The breaker was open when the attempt began: it was the probe. */
  wasProbe: boolean;
}

/**
 * How fast one endpoint is sent to. Its window, the requests at once, begins with 2, doubles with each that arrives up to
 * what is allowed, and falls to 1 when one times out. Its breaker is *closed* below five failures in a row, and *open*
 * from then on: after a pause one request goes as a probe; if it fails the pause is twice as long, if it arrives the
 * breaker is closed and the window begins anew. What was under way when the breaker opened does not lengthen the pause.
 *
 * A pause ends with its time, not with what arrives meanwhile: that was under way before, and a receiver that limits the
 * rate answers some with 200 while it asks for a pause. So what is on record and what is known here stay the same. Times
 * are ms that never go back.
 */
export class Pace {
  readonly rate = new RateWindow();
  isSlow = false;
  private failures = 0;
  /** Probes that failed since the breaker opened. */
  private failedProbes = 0;
  private window: number;
  private openUntilMs = NEVER;
  private askedUntilMs = NEVER;
  private blockedUntilMs = NEVER;
  /** Until when the database has others leave the endpoint alone, once what is unsettled is settled. */
  private recordedUntilMs = NEVER;

  constructor(private readonly windowMax: number) {
    this.window = Math.min(WINDOW_START, windowMax);
  }

  /** Requests at once. */
  get atOnce(): number {
    return this.isOpen ? 1 : this.window;
  }

  get isOpen(): boolean {
    return isBreakerOpen(this.failures);
  }

  get pausedUntilMs(): number {
    return Math.max(this.openUntilMs, this.askedUntilMs, this.blockedUntilMs);
  }

  /** Whether nobody else would send to it during the pause either. */
  get isPauseOnRecord(): boolean {
    return this.recordedUntilMs >= this.pausedUntilMs;
  }

  /**
   * The endpoint is held from now on, which it is not before its pause on record is over. Of its failures, those that may
   * have been under way when the breaker opened are not taken for probes: the pause then begins lower than it was, and
   * grows again.
   */
  lease(lease: { failures: number; wasBusy: boolean }, ticksMs: number): void {
    this.failures = lease.failures;
    this.failedProbes = this.isOpen ? Math.max(this.failedProbes, failedProbesMin(lease.failures, this.windowMax)) : 0;
    if (this.isPauseOnRecord) this.openUntilMs = this.askedUntilMs = NEVER;
    this.recordedUntilMs = NEVER;
    if (lease.wasBusy) this.rate.fill(ticksMs);
  }

  /** This process cannot send to it, at least until then; others may. */
  block(untilMs: number): void {
    this.blockedUntilMs = Math.max(this.blockedUntilMs, untilMs);
  }

  /** This process may send to it again; if it is given up nothing is sent, so that there is nothing to wait for. */
  unblock(isGivenUp: boolean): void {
    this.blockedUntilMs = NEVER;
    if (isGivenUp) this.openUntilMs = this.askedUntilMs = NEVER;
  }

  /** Counts an attempt; until when the endpoint is to be left alone because of it, undefined for not at all. */
  learn(impression: Impression, { nowMs, random }: { nowMs: number; random: number }): number | undefined {
    this.isSlow = impression.durationMs >= SLOW_MS;
    return impression.outcome === 'arrived' ? this.succeed() : this.fail(impression, nowMs, random);
  }

  private succeed(): undefined {
    this.window = Math.min(this.isOpen ? WINDOW_START : this.window * 2, this.windowMax);
    this.failures = 0;
    this.failedProbes = 0;
    return undefined;
  }

  private fail({ outcome, retryAfterMs, wasProbe }: Impression, nowMs: number, random: number): number | undefined {
    const opens = !this.isOpen;
    this.failures++;
    if (outcome === 'timeout') this.window = 1;
    if (!opens && wasProbe) this.failedProbes++;
    if (this.isOpen && (opens || wasProbe)) this.openUntilMs = nowMs + breakerPauseMs(this.failedProbes, random);
    if (retryAfterMs !== undefined) this.askedUntilMs = Math.max(this.askedUntilMs, nowMs + retryAfterMs);
    const untilMs = Math.max(this.openUntilMs, this.askedUntilMs);
    if (untilMs <= nowMs) return undefined;
    this.recordedUntilMs = untilMs;
    return untilMs;
  }
}
