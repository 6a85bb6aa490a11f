import type { Log } from '../observability/log.js';
import type { Metrics } from '../observability/metrics.js';
import type { QuotaBlocks, Spent } from '../store/quota-blocks.js';
import type { QuotaNotices } from '../store/quota-notices.js';

/** At most so long after a minute has begun, by chance: not all senders begin at its first moment. */
const SPREAD_MS = 1_000;
/** How long to wait where nobody knows what is left, since the database did not answer. */
const UNKNOWN_WAIT_MS = 1_000;
const LOG_PERIOD_MS = 10_000;

/** The limits of licenses on requests to targets. */
export interface DeliveryLimits {
  blocks: Pick<QuotaBlocks, 'take' | 'takeHeld'>;
  notices: Pick<QuotaNotices, 'exceeded'>;
}

export interface DeliveryQuotaOptions {
  /** Without them there is no limit. */
  limits?: DeliveryLimits | undefined;
  /** The license is to be left alone for so long. Called again while what was under way is refused too. */
  onRefused: (license: string, forMs: number) => void;
  /** Ms that never go back. */
  ticks: () => number;
  random: () => number;
  log: Log;
  metrics: Metrics;
}

/**
 * How many requests to targets licenses have left in this minute, over all senders. Whoever is refused uses up no
 * attempt and is merely queued, and nothing is written for it: its license is left alone until the next minute. Where the
 * database does not say what is left nothing is sent beyond what is held: sending needs it for the leases anyway.
 */
export class DeliveryQuota {
  private lastLogMs = -Infinity;

  constructor(private readonly options: DeliveryQuotaOptions) {}

  /** Spends one request, if there is one: at once where this process holds some of the minute. Never rejects. */
  take(license: string): true | Promise<boolean> {
    const { limits } = this.options;
    if (!limits || limits.blocks.takeHeld('deliveriesPerMinute', license)) return true;
    return this.ask(limits, license);
  }

  private async ask(limits: DeliveryLimits, license: string): Promise<boolean> {
    const { random, metrics, onRefused } = this.options;
    let spent: Spent;
    try {
      spent = await limits.blocks.take('deliveriesPerMinute', license);
    } catch (error) {
      this.warn({ err: error }, 'the limits of licenses could not be read; trying again');
      onRefused(license, UNKNOWN_WAIT_MS * (1 + random()));
      return false;
    }
    if (spent.kind === 'granted') return true;
    metrics.quotaPostponed.inc();
    onRefused(license, spent.endsInMs + SPREAD_MS * random());
    if (spent.isFirstRefusal) this.tell(limits, license, spent.most);
    return false;
  }

  private tell({ notices }: DeliveryLimits, license: string, most: number): void {
    notices.exceeded(license, 'deliveriesPerMinute', most).catch((error: unknown) => {
      this.options.log.warn({ err: error, license }, 'a license could not be told that its deliveries wait');
    });
  }

  private warn(fields: object, message: string): void {
    const nowMs = this.options.ticks();
    if (nowMs - this.lastLogMs < LOG_PERIOD_MS) return;
    this.lastLogMs = nowMs;
    this.options.log.warn(fields, message);
  }
}
