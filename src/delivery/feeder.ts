import { BREAKER_OPENS_AT } from '../core/circuit-breaker.js';
import type { Log } from '../observability/log.js';
import type { Metrics } from '../observability/metrics.js';
import type { DeliveryQueue, QueueDepth } from '../store/queue.js';
import { BackOff } from './back-off.js';
import type { Roster } from './roster.js';
import type { SenderToken } from './sender-token.js';
import { Wake } from './wake.js';

/** Endpoints that one scan leases; while that is not all there is, and requests are free, the next follows at once. */
const LEASE_MAX = 500;
/** With all requests busy a sender leaves nearly everything to others, but never all: there may be no others. */
const LEASE_BUSY = 10;
/** Each of them is probed once a second, however idle it is. */
const HELD_MAX = 10_000;
/** How often the queue is counted. */
const DEPTH_MS = 15_000;

export interface FeederOptions {
  queue: Pick<DeliveryQueue, 'lease' | 'fetch' | 'release' | 'depth'>;
  roster: Roster;
  token: Pick<SenderToken, 'value' | 'isUsable' | 'abandon'>;
  /** Sends what waits in the roster; called whenever that may have become possible. */
  pump: () => void;
  scanMs: number;
  log: Log;
  metrics: Metrics;
}

/**
 * The loop that fills the roster. A bell makes it lease and fetch the endpoints that the bell named. Every `scanMs` it
 * leases whatever has due work, starts over with every queue, and gives back what is idle: so it finds what no bell
 * told, retries, and rows that were committed behind the place it had reached.
 */
export class Feeder {
  private readonly wake = new Wake();
  private readonly backOff = new BackOff();
  private readonly rung = new Set<string>();
  private nextScanMs = 0;
  private nextDepthMs = 0;
  private isCounting = false;
  private isStopping = false;
  private isResuming = false;
  private running: Promise<void> | undefined;
  private lastChange: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: FeederOptions) {}

  start(): void {
    this.running ??= this.run();
  }

  async stop(): Promise<void> {
    this.isStopping = true;
    this.wake.ring();
    await this.running;
  }

  /** A bell: these endpoints have something new. */
  ring(endpointIds: readonly string[]): void {
    for (const id of endpointIds) this.rung.add(id);
    this.wake.ring();
  }

  /** Something ended: there may be room. Once all that came together is looked at. */
  resume(): void {
    if (this.isResuming) return;
    this.isResuming = true;
    setImmediate(() => {
      this.isResuming = false;
      this.wake.ring();
    });
  }

  /** There is a token to lease with: nothing is to be waited for. */
  scanNow(): void {
    for (const id of this.options.roster.orphans()) this.rung.add(id);
    this.nextScanMs = 0;
    this.wake.ring();
  }

  private async run(): Promise<void> {
    while (!this.isStopping) {
      const { token, log } = this.options;
      let waitMs = this.options.scanMs;
      try {
        if (token.value !== undefined && token.isUsable) waitMs = await this.feed(token.value);
        this.backOff.succeed();
      } catch (error) {
        log.warn({ err: error }, 'due deliveries could not be read; trying again');
        waitMs = this.backOff.fail();
      }
      await this.wake.wait(waitMs);
    }
  }

  /** One turn; how long to wait for the next if nothing happens. */
  private async feed(token: string): Promise<number> {
    this.options.pump();
    if (performance.now() >= this.nextScanMs) await this.scan(token);
    await this.answerBells(token);
    const isMore = await this.fetch();
    this.options.pump();
    return isMore ? 0 : this.nextScanMs - performance.now();
  }

  private async scan(token: string): Promise<void> {
    const { roster, scanMs } = this.options;
    const startedMs = performance.now();
    await this.giveBack(token, roster.idle());
    roster.restart();
    const leased = await this.lease(token, roster.free > 0 ? LEASE_MAX : LEASE_BUSY);
    // After leasing: until the next scan it is for others to take them.
    await this.giveBack(token, roster.forOthers());
    this.nextScanMs = leased === LEASE_MAX ? 0 : startedMs + scanMs;
    this.count(startedMs);
  }

  private giveBack(token: string, endpointIds: string[]): Promise<void> {
    this.options.roster.drop(endpointIds);
    return this.release(token, endpointIds);
  }

  private async answerBells(token: string): Promise<void> {
    if (this.rung.size === 0) return;
    const others = this.options.roster.ring(this.rung);
    this.rung.clear();
    await this.lease(token, others.length, others);
  }

  /** One fetch; whether another should follow at once. */
  private async fetch(): Promise<boolean> {
    const { queue, roster } = this.options;
    const heads = roster.heads();
    if (heads.length === 0) return false;
    try {
      roster.receive(heads, await queue.fetch(heads));
    } catch (error) {
      roster.miss(heads);
      throw error;
    }
    return true;
  }

  /** Leases and holds; how many. Of `among`, what is held when its turn comes is left out. */
  lease(token: string, most: number, among?: string[]): Promise<number> {
    return this.inTurn(async () => {
      const { queue, roster } = this.options;
      const wanted = among?.filter((id) => !roster.isHeld(id));
      const max = Math.min(wanted?.length ?? most, most, HELD_MAX - roster.held);
      if (max <= 0) return 0;
      const leases = await this.certainly(queue.lease(token, max, wanted));
      // Leased for a token that is over meanwhile: not ours.
      if (token === this.options.token.value) roster.hold(leases);
      return leases.length;
    });
  }

  /** Gives back what the roster does not hold any more. */
  release(token: string, endpointIds: string[], use?: { isBusy: boolean }): Promise<void> {
    return this.inTurn(async () => {
      if (endpointIds.length > 0) await this.certainly(this.options.queue.release(token, endpointIds, use));
    });
  }

  /**
   * One change of our leases after the other. A lease skips rows that are locked, so that one beside another of ours
   * would take an endpoint for somebody else's while it is becoming ours, and its outcomes would be refused.
   */
  private inTurn<Answer>(change: () => Promise<Answer>): Promise<Answer> {
    const turn = this.lastChange.then(change);
    this.lastChange = turn.catch(() => undefined);
    return turn;
  }

  /** Without an answer nobody knows whether it happened. */
  private async certainly<Answer>(change: Promise<Answer>): Promise<Answer> {
    try {
      return await change;
    } catch (error) {
      this.options.token.abandon();
      throw error;
    }
  }

  private count(nowMs: number): void {
    if (this.isCounting || nowMs < this.nextDepthMs) return;
    const { queue, metrics, log } = this.options;
    this.isCounting = true;
    this.nextDepthMs = nowMs + DEPTH_MS;
    queue
      .depth(BREAKER_OPENS_AT)
      .then((depth) => showDepth(metrics, depth))
      .catch((error: unknown) => log.warn({ err: error }, 'the queue could not be counted'))
      .finally(() => (this.isCounting = false));
  }
}

function showDepth(metrics: Metrics, depth: QueueDepth): void {
  metrics.queueDepth.set(depth.pending);
  metrics.queueAgeSeconds.set(depth.dueAgeMs / 1_000);
  metrics.throttledAgeSeconds.set(depth.throttledAgeMs / 1_000);
  metrics.retryingAgeSeconds.set(depth.retryingAgeMs / 1_000);
  metrics.openBreakers.set(depth.openBreakers);
}
