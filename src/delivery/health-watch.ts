import { isBreakerOpen } from '../core/circuit-breaker.js';
import { judgeHealth, type FailureLimits, type HealthVerdict, type WarningPercent } from '../core/endpoint-health.js';
import type { Log } from '../observability/log.js';
import type { DeliveryQueue } from '../store/queue.js';
import type { AilingEndpoint } from '../store/settlement.js';

/** Below so many failed attempts, time alone gives no endpoint up. */
const ATTEMPTS_MIN = 10;
/** What waits at a dead endpoint is looked through this often at most. */
const EXPIRE_EVERY_MS = 60_000;

/** Writes down what becomes of endpoints. */
export interface EndpointHealth {
  /** Tells the owners that the endpoint is failing; `limit` is what is allowed, as words. */
  warn(ailing: AilingEndpoint, percent: WarningPercent, limit: string): Promise<void>;
  /** Nothing more is sent to the endpoint. False when it was not active any more, or is elsewhere than at `url` by now. */
  giveUp(endpointId: string, url: string, status: 'failed' | 'gone', reason: string): Promise<boolean>;
}

export interface HealthWatchOptions {
  health: EndpointHealth;
  queue: Pick<DeliveryQueue, 'expire'>;
  limits: { hours: number; count?: number | undefined };
  /** Ms that never go back. */
  ticks: () => number;
  /** The endpoint is given up, or that could not be written, or was not so any more. */
  onGivenUp: (endpointId: string, isGivenUp: boolean) => void;
  log: Log;
}

/**
 * Looks after endpoints that fail: warns, gives up, and lets expire what has waited at one for longer than its attempts
 * could have taken. What could not be written is tried again with the next failure.
 */
export class HealthWatch {
  private readonly limits: FailureLimits;
  /** What is being written, by endpoint. */
  private readonly writing = new Map<string, Promise<void>>();
  /** When what waits at an endpoint was looked through last. */
  private readonly expiredAtMs = new Map<string, number>();

  constructor(private readonly options: HealthWatchOptions) {
    const { hours, count } = options.limits;
    this.limits = { hours, attemptsMin: ATTEMPTS_MIN, ...(count === undefined ? {} : { count }) };
  }

  /** What a settling found out of an endpoint, and where that was sent to last. */
  look(ailing: AilingEndpoint, url: string): void {
    this.act(ailing, url, judgeHealth(ailing, this.limits));
  }

  /** The endpoint says itself that it is gone. */
  gone(endpointId: string, url: string, reason: string): void {
    this.giveUp(endpointId, url, 'gone', reason);
  }

  /**
   * A probe failed: nothing that was queued more than `ageMs` ago waits any longer, if the endpoint has been failing for
   * as long. Else it may be us who were away: what was never tried gets the time that its attempts may take.
   */
  expire({ endpointId, failures, failingForMs }: AilingEndpoint, ageMs: number): void {
    const nowMs = this.options.ticks();
    if (failingForMs < ageMs) return;
    if (!isBreakerOpen(failures) || nowMs - (this.expiredAtMs.get(endpointId) ?? -Infinity) < EXPIRE_EVERY_MS) return;
    for (const [id, atMs] of this.expiredAtMs) {
      if (nowMs - atMs < EXPIRE_EVERY_MS) break;
      this.expiredAtMs.delete(id);
    }
    // In the order of their times.
    this.expiredAtMs.delete(endpointId);
    this.expiredAtMs.set(endpointId, nowMs);
    this.options.queue.expire(endpointId, ageMs).then(
      (expired) => {
        if (expired > 0)
          this.options.log.info({ endpoint: endpointId, expired }, 'deliveries to a dead endpoint expired');
      },
      (error: unknown) => this.options.log.warn({ err: error, endpoint: endpointId }, 'deliveries could not expire'),
    );
  }

  private act(ailing: AilingEndpoint, url: string, verdict: HealthVerdict): void {
    const { endpointId } = ailing;
    // While something is being written, what is known of its health is outdated.
    if (verdict.kind === 'fine' || this.writing.has(endpointId)) return;
    if (verdict.kind === 'fail') this.giveUp(endpointId, url, 'failed', verdict.reason);
    else this.write(endpointId, () => this.options.health.warn(ailing, verdict.percent, verdict.limit));
  }

  private giveUp(endpointId: string, url: string, status: 'failed' | 'gone', reason: string): void {
    this.write(endpointId, async () => {
      let isGivenUp = false;
      try {
        isGivenUp = await this.options.health.giveUp(endpointId, url, status, reason);
        if (isGivenUp) this.options.log.warn({ endpoint: endpointId, status, reason }, 'an endpoint is given up');
      } finally {
        this.options.onGivenUp(endpointId, isGivenUp);
      }
    });
  }

  private write(endpointId: string, change: () => Promise<unknown>): void {
    const before = this.writing.get(endpointId) ?? Promise.resolve();
    const written = before.then(change).then(
      () => undefined,
      (error: unknown) => {
        const fields = { err: error, endpoint: endpointId };
        this.options.log.warn(fields, 'the health of an endpoint could not be written; its next failure tries again');
      },
    );
    this.writing.set(endpointId, written);
    void written.then(() => this.writing.get(endpointId) === written && this.writing.delete(endpointId));
  }
}
