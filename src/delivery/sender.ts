import type { DueDelivery } from '../store/due-delivery.js';
import type { Settled } from '../store/queue.js';
import type { AilingEndpoint, Settlement } from '../store/settlement.js';
import { SecretKeyUnknown, SecretUnreadable } from '../target/secret-box.js';
import { Admission } from './admission.js';
import { Delivering } from './delivering.js';
import { DeliveryQuota } from './delivery-quota.js';
import { Feeder } from './feeder.js';
import { HealthWatch } from './health-watch.js';
import { SLOW_MS } from './lanes.js';
import { PermissionCheck } from './permission-check.js';
import { Roster } from './roster.js';
import { completed, type CompleteOptions, type SenderOptions } from './sender-options.js';
import { SenderToken } from './sender-token.js';
import { Settler } from './settler.js';

/** Sending stops while so many outcomes wait for the database: each is a delivery that might be made twice. */
const UNSETTLED_MAX = 2_000;
/** When to look again at an endpoint whose secret could not be opened: a key has to be configured here, or elsewhere. */
const SECRET_RETRY_MS = 60_000;
/** How long writing down that an endpoint is gone may take before it is sent to again. */
const GONE_MS = 60_000;

/**
 * Sends what is due, to the endpoints it holds, and writes what became of it. Any number of these work on one queue; an
 * endpoint is held by one of them, so its limits are exact. A delivery goes through these states here: *waiting* (read
 * from the queue), *being sent* (its permission is asked for, then its request is made), *unsettled* (the outcome is to
 * be written), and is then gone, or queued for later. An endpoint that is to be left alone has nothing waiting here; if
 * that is on record it is given back, and leased again, by whomever, when its time has come. A license that has used up
 * its requests of a minute has all its endpoints left alone until the next.
 *
 * If the process is killed at any point, the rows are still queued, another sender leases the endpoints when the token
 * has run out, and what was sent but not settled is sent again, under the same id. What an endpoint's failures lead to
 * (its pause, its breaker, being given up) is decided by what is on record, so that it survives too. If the database is
 * away, nothing new is sent once our leases may have run out, and outcomes wait until it is back.
 */
export class Sender {
  /** What it knows of permissions, for whoever else has to ask. */
  readonly permissions: PermissionCheck;
  private readonly options: CompleteOptions;
  private readonly roster: Roster;
  private readonly token: SenderToken;
  private readonly settler: Settler;
  private readonly feeder: Feeder;
  private readonly delivering: Delivering;
  private readonly health: HealthWatch;
  private isStopping = false;
  private isPumping = false;
  /** Nothing more will be read from the queue. */
  private isFed = false;
  private stopListening: (() => Promise<void>) | undefined;
  private onQuiet: (() => void) | undefined;

  constructor(options: SenderOptions) {
    this.options = completed(options);
    const { queue, log, ticks, heartbeatMs, permissions: provider, permissionCacheMs: cacheMs } = this.options;
    this.permissions = new PermissionCheck({ ...this.options, provider, cacheMs });
    this.roster = new Roster({
      ...this.options,
      onReady: () => this.pump(),
      onOutdated: () => this.feeder.resume(),
    });
    this.token = new SenderToken({
      queue,
      heartbeatMs,
      ticks,
      log,
      onUsable: () => {
        this.settler.resume();
        this.feeder.scanNow();
      },
      onLost: () => this.roster.drop(),
    });
    this.settler = new Settler({
      queue,
      ticks,
      log,
      claim: (endpointIds) => this.claim(endpointIds),
      onSettled: (settlements, settled) => this.settled(settlements, settled),
      onLost: (endpointIds) => this.lose(endpointIds),
    });
    this.feeder = new Feeder({ ...this.options, roster: this.roster, token: this.token, pump: () => this.pump() });
    this.health = new HealthWatch({
      ...this.options,
      limits: this.options.failureLimits,
      onGivenUp: (endpointId, isGivenUp) => this.unblock(endpointId, isGivenUp),
    });
    this.delivering = this.newDelivering();
  }

  /** Begins to send. A database that is not there is waited for in the background. */
  async start(): Promise<void> {
    this.token.start();
    this.feeder.start();
    this.stopListening = await this.options.bell.listen(
      (endpointIds) => this.feeder.ring(endpointIds),
      (endpointId) => !this.isStopping && this.token.isUsable && this.roster.isHeld(endpointId),
    );
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
    const timer = setTimeout(() => {
      this.roster.slowDown(delivery);
      this.pump();
    }, SLOW_MS);
    try {
      const settlement = await this.delivering.deliver(delivery);
      if (settlement) this.finish(settlement);
      else this.putBack(delivery);
    } catch (error) {
      this.holdBack(delivery, error);
    } finally {
      clearTimeout(timer);
    }
  }

  /** No request could be made, through no fault of the target: that uses up no attempt. */
  private holdBack(delivery: DueDelivery, error: unknown): void {
    const { endpointId: endpoint, license, id } = delivery;
    const fields = { err: error, endpoint, license, delivery: id };
    if (!(error instanceof SecretKeyUnknown || error instanceof SecretUnreadable)) {
      // It would never be better, and must not hold up what comes after it.
      this.options.log.error(fields, 'a delivery failed, because no request can be made of it');
      this.options.metrics.deliveries.inc({ outcome: 'failed' });
      this.finish({ delivery, outcome: 'failed', error: 'No request can be made of it.' });
      return;
    }
    // Others that were under way with it tell the same.
    if (this.roster.maySend(endpoint)) {
      const message =
        'an endpoint cannot be sent to; see the error, and whether every secret encryption key is configured';
      this.options.log.error(fields, message);
    }
    this.roster.lock(endpoint, SECRET_RETRY_MS);
    this.putBack(delivery);
  }

  /** It was not sent: it is merely queued, as before. */
  private putBack(delivery: DueDelivery): void {
    this.roster.sent(delivery);
    this.forget([delivery]);
  }

  private finish(settlement: Settlement): void {
    this.roster.sent(settlement.delivery);
    const { delivery, retryInMs } = settlement;
    if (retryInMs !== undefined) this.roster.expectRetry(delivery.endpointId, retryInMs);
    this.settler.add(settlement);
    this.goOn();
  }

  private settled(settlements: readonly Settlement[], { rung, ailing }: Settled): void {
    this.lookAfter(settlements, ailing);
    this.options.bell.ring(rung);
    this.forget(settlements.map(({ delivery }) => delivery));
  }

  /** What the endpoints' failures lead to, as they stood when they were sent to. */
  private lookAfter(settlements: readonly Settlement[], ailing: readonly AilingEndpoint[]): void {
    if (ailing.length === 0) return;
    const attempts = settlements.filter(({ attempt }) => attempt !== undefined);
    const targets = new Map(attempts.map(({ delivery: { endpointId, target } }) => [endpointId, target]));
    for (const one of ailing) {
      const target = targets.get(one.endpointId);
      if (!target) continue;
      this.health.look(one, target.url);
      this.health.expire(one, this.delivering.expiryAgeMs(target));
    }
  }

  /** What waits for the endpoint is to be read as it is now. */
  private unblock(endpointId: string, isGivenUp: boolean): void {
    this.roster.unblock(endpointId, isGivenUp);
    this.feeder.resume();
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
  private lose(endpointIds: string[]): void {
    this.roster.drop(endpointIds);
    const token = this.token.value;
    this.token.check();
    if (token === undefined) return;
    this.feeder.release(token, endpointIds, { isBusy: true }).catch((error: unknown) => {
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

  private newDelivering(): Delivering {
    return new Delivering({
      ...this.options,
      admission: new Admission({ ...this.options, permissions: this.permissions }),
      quota: new DeliveryQuota({
        ...this.options,
        onRefused: (license, forMs) => this.roster.pauseLicense(license, forMs),
      }),
      roster: this.roster,
      mayBegin: (endpointId) => !this.isStopping && this.token.isUsable && this.roster.maySend(endpointId),
      onGone: (endpointId, url, reason) => {
        this.roster.block(endpointId, GONE_MS);
        this.health.gone(endpointId, url, reason);
      },
    });
  }
}
