import { nextAttemptMs, type RetrySchedule } from '../core/retry-schedule.js';
import type { Log } from '../observability/log.js';
import type { Metrics } from '../observability/metrics.js';
import type { Doorbell } from '../store/doorbell.js';
import type { DeliveryQueue, DueDelivery, Settlement } from '../store/queue.js';
import type { TargetClient } from '../target/http-client.js';
import type { SecretBox } from '../target/secret-box.js';
import { requestOf, resultOf, type AttemptResult } from './attempt.js';
import { Feeder } from './feeder.js';
import { Roster } from './roster.js';
import { SenderToken } from './sender-token.js';
import { Settler } from './settler.js';

const SCAN_MS = 1_000;
/** Sending stops while so many outcomes wait for the database: each is a delivery that might be made twice. */
const UNSETTLED_MAX = 2_000;
/** When to look again at an endpoint whose secret could not be opened: a key has to be configured first. */
const SECRET_RETRY_MS = 60_000;

export interface SenderOptions {
  queue: Pick<DeliveryQueue, keyof DeliveryQueue>;
  client: Pick<TargetClient, 'post'>;
  secrets: Pick<SecretBox, 'open'>;
  bell: Pick<Doorbell, 'listen'>;
  schedule: RetrySchedule;
  /** Requests at once, in all. One license alone gets half of them, so that others never wait for its time-outs. */
  concurrency: number;
  concurrencyPerEndpoint: number;
  /** For one attempt, from the name's resolution to the answer's last byte. */
  timeoutMs: number;
  log: Log;
  metrics: Metrics;
  /** Ms since 1970. */
  clock?: () => number;
  /** From 0 up to 1. */
  random?: () => number;
  /** Default: a third of a token's life. */
  heartbeatMs?: number;
  /** Default: 1 s. */
  scanMs?: number;
}

/**
 * Sends what is due, to the endpoints it holds, and writes what became of it. Any number of these work on one queue; an
 * endpoint is held by one of them, so its limits are exact. A delivery goes through these states here: *waiting* (read
 * from the queue), *being sent*, *unsettled* (the outcome is to be written), and is then gone or queued for later.
 *
 * If the process is killed at any point, the rows are still queued, another sender leases the endpoints when the token
 * has run out, and what was sent but not settled is sent again, under the same id. If the database is away, nothing new
 * is sent once our leases may have run out, and outcomes wait until it is back.
 */
export class Sender {
  private readonly options: SenderOptions & Required<Pick<SenderOptions, 'clock' | 'random' | 'scanMs'>>;
  private readonly roster: Roster;
  private readonly token: SenderToken;
  private readonly settler: Settler;
  private readonly feeder: Feeder;
  private isStopping = false;
  private isPumping = false;
  /** Nothing more will be read from the queue. */
  private isFed = false;
  private stopListening: (() => Promise<void>) | undefined;
  private onQuiet: (() => void) | undefined;

  constructor(options: SenderOptions) {
    this.options = { clock: Date.now, random: Math.random, scanMs: SCAN_MS, ...options };
    const { queue, log, heartbeatMs } = this.options;
    this.roster = new Roster(this.options);
    this.token = new SenderToken({
      queue,
      heartbeatMs,
      log,
      onUsable: () => this.feeder.scanNow(),
      onLost: () => this.roster.dropAll(),
    });
    this.settler = new Settler({
      queue,
      log,
      claim: (endpointIds) => this.claim(endpointIds),
      onSettled: (settlements) => this.forget(settlements.map(({ delivery }) => delivery)),
      onLost: (endpointIds) => this.giveUp(endpointIds),
    });
    this.feeder = new Feeder({ ...this.options, roster: this.roster, token: this.token, pump: () => this.pump() });
  }

  /** Begins to send. A database that is not there is waited for in the background. */
  async start(): Promise<void> {
    this.token.start();
    this.feeder.start();
    this.stopListening = await this.options.bell.listen((endpointIds) => this.feeder.ring(endpointIds));
  }

  /**
   * Starts nothing new, gives what is under way up to `graceMs`, then gives every endpoint back. What has not answered
   * or could not be written by then is sent again by others.
   */
  async stop(graceMs: number): Promise<void> {
    this.isStopping = true;
    await this.stopListening?.();
    await this.quiet(graceMs);
    const unsettled = this.settler.close();
    if (unsettled > 0) this.options.log.warn({ unsettled }, 'outcomes could not be written; others will send again');
    try {
      await this.token.stop();
    } catch (error) {
      this.options.log.warn({ err: error }, 'the endpoints could not be given back; they are free when the token ends');
    }
  }

  /** Whether it certainly holds its leases: false without a database. */
  isHealthy(): boolean {
    return this.token.isUsable;
  }

  /** Starts as many requests as the limits allow. */
  private pump(): void {
    // What is only cancelled is over at once, and pumps again.
    if (this.isPumping) return;
    this.isPumping = true;
    while (!this.isStopping && this.token.isUsable && this.settler.size < UNSETTLED_MAX) {
      const delivery = this.roster.next();
      if (!delivery) break;
      void this.deliver(delivery);
    }
    this.isPumping = false;
  }

  /** Something ended. */
  private goOn(): void {
    this.pump();
    this.feeder.resume();
  }

  private async deliver(delivery: DueDelivery): Promise<void> {
    const { payload } = delivery;
    // A deleted webhook or endpoint, or an event that is older than its retention.
    if (!delivery.isLive || payload === null) {
      this.options.metrics.deliveries.inc({ outcome: 'cancelled' });
      this.finish({ delivery, outcome: 'cancelled' });
      return;
    }
    const startedAtMs = this.options.clock();
    let settlement: Settlement;
    try {
      const request = requestOf({ ...delivery, payload }, { secrets: this.options.secrets, nowMs: startedAtMs });
      const answer = await this.options.client.post({ ...request, timeoutMs: this.options.timeoutMs });
      settlement = this.decide(delivery, startedAtMs, resultOf(answer));
    } catch (error) {
      this.holdBack(delivery, error);
      return;
    }
    this.finish(settlement);
  }

  private decide(delivery: DueDelivery, startedAtMs: number, result: AttemptResult): Settlement {
    const { schedule, random, clock, metrics } = this.options;
    metrics.deliverySeconds.observe(result.durationMs / 1_000);
    const { outcome, statusCode, error, durationMs } = result;
    const attempt = { startedAtMs, durationMs, outcome, statusCode, error };
    const delayMs = outcome === 'delivered' ? undefined : nextAttemptMs(schedule, delivery.attempt + 1, random());
    const settled = outcome === 'delivered' ? 'delivered' : delayMs === undefined ? 'failed' : 'retry';
    const nextDueAtMs = delayMs === undefined ? undefined : clock() + delayMs;
    metrics.deliveries.inc({ outcome: settled === 'retry' ? 'retried' : settled });
    this.logAttempt(delivery, attempt, settled, nextDueAtMs);
    return { delivery, outcome: settled, nextDueAtMs, attempt };
  }

  /** The one line of an attempt, with everything that is known of it. */
  private logAttempt(
    delivery: DueDelivery,
    attempt: NonNullable<Settlement['attempt']>,
    settled: Settlement['outcome'],
    nextDueAtMs: number | undefined,
  ): void {
    const fields = {
      delivery: delivery.id,
      event: delivery.eventId,
      type: delivery.eventType,
      license: delivery.license,
      trigger: delivery.triggerId,
      vehicle: delivery.vehicle,
      endpoint: delivery.endpointId,
      attempt: delivery.attempt + 1,
      outcome: attempt.outcome,
      statusCode: attempt.statusCode,
      error: attempt.error,
      durationMs: Math.round(attempt.durationMs),
      ageMs: attempt.startedAtMs - delivery.createdAtMs,
      settled,
      nextDueAt: nextDueAtMs === undefined ? null : new Date(nextDueAtMs).toISOString(),
    };
    this.options.log.info(fields, 'attempt to deliver');
  }

  /** No request could be made, through no fault of the target: that uses up no attempt. */
  private holdBack(delivery: DueDelivery, error: unknown): void {
    const { endpointId: endpoint, license, id } = delivery;
    this.options.log.error(
      { err: error, endpoint, license, delivery: id },
      'an endpoint cannot be sent to; see the error, and whether every secret encryption key is configured',
    );
    this.roster.sent(delivery);
    this.roster.pause(endpoint, this.options.clock() + SECRET_RETRY_MS);
    this.forget([delivery]);
  }

  private finish(settlement: Settlement): void {
    this.roster.sent(settlement.delivery);
    if (settlement.nextDueAtMs !== undefined) {
      this.roster.expectRetry(settlement.delivery.endpointId, settlement.nextDueAtMs);
    }
    this.settler.add(settlement);
    this.goOn();
  }

  private forget(deliveries: readonly DueDelivery[]): void {
    for (const delivery of deliveries) this.roster.settled(delivery);
    this.goOn();
    this.checkQuiet();
  }

  /** Outcomes of endpoints that went to nobody else since they were lost can still be written: they are leased again. */
  private async claim(endpointIds: string[]): Promise<{ token: string; strangers: number }> {
    const token = this.token.value;
    if (token === undefined) throw new Error('the sender has no token');
    const notHeld = () => endpointIds.filter((id) => !this.roster.isHeld(id));
    const missing = notHeld();
    if (missing.length > 0) await this.feeder.lease(token, missing.length, missing);
    return { token, strangers: notHeld().length };
  }

  /** Which of them we lost is not told: all are given back, to be leased anew, and the token is looked after. */
  private giveUp(endpointIds: string[]): void {
    this.roster.drop(endpointIds);
    const token = this.token.value;
    this.token.check();
    if (token === undefined) return;
    this.feeder.release(token, endpointIds).catch((error: unknown) => {
      this.options.log.warn({ err: error }, 'endpoints could not be given back');
    });
  }

  /** Resolves when nothing is being read or sent and every outcome is written, or when the time is over. */
  private async quiet(graceMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, graceMs);
      this.onQuiet = () => {
        clearTimeout(timer);
        resolve();
      };
      void this.feeder.stop().then(() => {
        this.roster.dropWaiting();
        this.isFed = true;
        this.checkQuiet();
      });
    });
  }

  private checkQuiet(): void {
    if (this.isFed && this.roster.isQuiet) this.onQuiet?.();
  }
}
