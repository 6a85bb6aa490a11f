import type { Log } from '../observability/log.js';
import type { DeliveryQueue } from '../store/queue.js';
import { BackOff } from './back-off.js';
import { Wake } from './wake.js';

/** How much earlier than the database a sender takes its token for over, as part of its life and at most so long. */
const CAUTION_PART = 1 / 6;
const CAUTION_MAX_MS = 2_000;
/** Heartbeats in a token's life: two may get lost. */
const BEATS_PER_LIFE = 3;
/** After a heartbeat without an answer the next one does not wait its turn. */
const RETRY_MS = 1_000;

export interface SenderTokenOptions {
  queue: Pick<DeliveryQueue, 'startSender' | 'heartbeat' | 'endSender' | 'lifeSeconds'>;
  /** Default: a third of the token's life. */
  heartbeatMs?: number;
  /** Ms that never go back, and that go on while the process is stopped. */
  ticks: () => number;
  log: Log;
  /** The token is usable, for the first time or again. */
  onUsable: () => void;
  /** The token is over, and with it every lease; another will follow. */
  onLost: () => void;
}

/**
 * Keeps this process's token alive. From `start` on it is in one of three states. *None*: a token is asked for until
 * there is one. *Usable*: the last heartbeat was confirmed recently enough that nobody else can hold our endpoints.
 * *Unsure*: heartbeats go unanswered; nothing new may be sent, but what comes of what was sent may still be written.
 * A heartbeat that is answered leads from unsure back to usable, or, if the token is over, to none.
 */
export class SenderToken {
  private token: string | undefined;
  /** To be ended before the next one is taken. */
  private abandoned: string | undefined;
  private confirmedMs = 0;
  private isStopping = false;
  private running: Promise<void> | undefined;
  private readonly wake = new Wake();
  private readonly heartbeatMs: number;
  /** For how long after a confirmed heartbeat the endpoints are certainly ours. */
  private readonly certainMs: number;

  constructor(private readonly options: SenderTokenOptions) {
    const lifeMs = options.queue.lifeSeconds * 1_000;
    this.heartbeatMs = options.heartbeatMs ?? lifeMs / BEATS_PER_LIFE;
    this.certainMs = lifeMs - Math.min(CAUTION_MAX_MS, lifeMs * CAUTION_PART);
  }

  /** The token, usable or not; undefined when there is none. */
  get value(): string | undefined {
    return this.token;
  }

  /** Whether this process certainly holds what it leased. */
  get isUsable(): boolean {
    return this.token !== undefined && this.options.ticks() < this.confirmedMs + this.certainMs;
  }

  start(): void {
    this.running ??= this.run();
  }

  /** Asks at once whether the token still lives. */
  check(): void {
    this.wake.ring();
  }

  /**
   * Gives the token up, and with it every lease. To be called when a lease or a release got no answer: it may have
   * happened, and an endpoint that is ours without our knowing is served by nobody as long as the token lives.
   */
  abandon(): void {
    if (this.token === undefined) return;
    this.options.log.warn({ token: this.token }, 'the sender takes a new token, because it is not sure what it holds');
    this.abandoned = this.token;
    this.token = undefined;
    this.options.onLost();
    this.wake.ring();
  }

  /** Ends the token, which gives every endpoint back. Rejects when the database could not be told; then time ends it. */
  async stop(): Promise<void> {
    this.isStopping = true;
    this.wake.ring();
    await this.running;
    this.abandoned ??= this.token;
    this.token = undefined;
    await this.endAbandoned();
  }

  private async run(): Promise<void> {
    const { heartbeatMs } = this;
    const backOff = new BackOff();
    while (!this.isStopping) {
      try {
        if (this.token === undefined) await this.take();
        else await this.beat(this.token);
        backOff.succeed();
        if (this.token !== undefined) await this.wake.wait(heartbeatMs);
      } catch (error) {
        this.options.log.warn({ err: error }, "the sender's token could not be kept alive; trying again");
        await this.wake.wait(Math.min(backOff.fail(), RETRY_MS, heartbeatMs));
      }
    }
  }

  private async endAbandoned(): Promise<void> {
    if (this.abandoned === undefined) return;
    await this.options.queue.endSender(this.abandoned);
    this.abandoned = undefined;
  }

  private async take(): Promise<void> {
    await this.endAbandoned();
    const askedMs = this.options.ticks();
    const token = await this.options.queue.startSender();
    this.confirm(askedMs);
    this.token = token;
    this.options.log.info({ token }, 'the sender has a token');
    this.options.onUsable();
  }

  private async beat(token: string): Promise<void> {
    const askedMs = this.options.ticks();
    const isAlive = await this.options.queue.heartbeat(token);
    if (this.token !== token) return;
    if (isAlive) {
      const wasUsable = this.isUsable;
      this.confirm(askedMs);
      if (!wasUsable) this.options.onUsable();
      return;
    }
    this.options.log.warn({ token }, "the sender's token is over; everything it held is dropped");
    this.token = undefined;
    this.options.onLost();
  }

  /** Counted from when it was asked: the database may have answered right then. */
  private confirm(askedMs: number): void {
    this.confirmedMs = askedMs;
  }
}
