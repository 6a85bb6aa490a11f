import type { Log } from '../observability/log.js';
import type { DeliveryQueue, Settled } from '../store/queue.js';
import type { Settlement } from '../store/settlement.js';
import { BackOff } from './back-off.js';
import { Wake } from './wake.js';

/** What one call settles at most: more saves nothing and holds its rows for longer. */
const BATCH_MAX = 500;
/** How long an outcome waits for others to be written with it: a row of 500 costs PostgreSQL two thirds of one of 50. */
const COALESCE_MS = 20;

export interface SettlerOptions {
  queue: Pick<DeliveryQueue, 'settle'>;
  /** Ms that never go back. */
  ticks: () => number;
  log: Log;
  /**
   * Called before each batch: tries to hold the endpoints of these outcomes that are not held, and resolves to the
   * token to settle under and how many of the endpoints are still not held. Rejects while there is no token.
   */
  claim: (endpointIds: string[]) => Promise<{ token: string; strangers: number }>;
  /** These are written, or were refused for good. */
  onSettled: (settlements: readonly Settlement[], settled: Settled) => void;
  /** Some of these endpoints, which were thought to be held, are not. */
  onLost: (endpointIds: string[]) => void;
}

/**
 * Writes outcomes, in batches and in the order in which they came. While the database does not answer they are kept and
 * tried again, in smaller batches; one that fails alone goes to the end of the line, so that it cannot hold up the
 * others. A batch that was written although its answer got lost may be written again: the queue finds nothing to do.
 * Waits and pauses go on meanwhile: what was to be tried again in a minute, and could be written only after an hour, is due.
 */
export class Settler {
  private readonly pending: { settlement: Settlement; decidedMs: number }[] = [];
  private readonly wake = new Wake();
  /** Apart from the other, which outcomes that come while nothing can be written must not ring. */
  private readonly filled = new Wake();
  private isRunning = false;
  private isClosed = false;
  private batchMax = BATCH_MAX;
  private readonly backOff = new BackOff();

  constructor(private readonly options: SettlerOptions) {}

  /** Outcomes that are not written yet, those under way included. */
  get size(): number {
    return this.pending.length;
  }

  /** Never throws. Once closed, outcomes are let go: their deliveries are still queued and will be sent again. */
  add(settlement: Settlement): void {
    if (this.isClosed) return;
    this.pending.push({ settlement, decidedMs: this.options.ticks() });
    if (this.pending.length >= this.batchMax) this.filled.ring();
    if (this.isRunning) return;
    this.isRunning = true;
    void this.run();
  }

  /** The database is back: nothing is to be waited for. */
  resume(): void {
    this.wake.ring();
  }

  /** Gives up what is not written; how many that were. */
  close(): number {
    this.isClosed = true;
    return this.pending.length;
  }

  private async run(): Promise<void> {
    while (this.pending.length > 0 && !this.isClosed) {
      await this.gather();
      if (this.isClosed) break;
      // They stay in place until they are written, so that `size` counts them.
      const batch = this.batch();
      try {
        const settled = await this.settle(batch);
        this.pending.splice(0, batch.length);
        this.batchMax = Math.min(BATCH_MAX, this.batchMax * 2);
        this.backOff.succeed();
        this.options.onSettled(batch, settled);
      } catch (error) {
        await this.recover(batch, error);
      }
    }
    this.isRunning = false;
  }

  /** Waits until there is a whole batch, or the first has waited long enough. */
  private async gather(): Promise<void> {
    const waitMs = this.pending[0]!.decidedMs + COALESCE_MS - this.options.ticks();
    if (this.pending.length < this.batchMax) await this.filled.wait(Math.min(waitMs, COALESCE_MS));
  }

  private batch(): Settlement[] {
    const nowMs = this.options.ticks();
    const first = this.pending.slice(0, this.batchMax);
    return first.map(({ settlement, decidedMs }) => {
      settlement.ageMs = nowMs - decidedMs;
      return settlement;
    });
  }

  private async settle(batch: readonly Settlement[]): Promise<Settled> {
    const endpointIds = [...new Set(batch.map(({ delivery }) => delivery.endpointId))];
    const { token, strangers } = await this.options.claim(endpointIds);
    const settled = await this.options.queue.settle(token, batch);
    // Of endpoints that are not held, only what was delivered is written; others will send the rest again.
    if (settled.lost > strangers) this.options.onLost(endpointIds);
    return settled;
  }

  private async recover(batch: readonly Settlement[], error: unknown): Promise<void> {
    this.options.log.warn({ err: error, outcomes: this.pending.length }, 'outcomes could not be written; trying again');
    this.batchMax = Math.ceil(batch.length / 2);
    if (batch.length === 1) this.pending.push(this.pending.shift()!);
    await this.wake.wait(this.backOff.fail());
  }
}
