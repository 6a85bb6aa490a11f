import type { PermissionProvider } from '../access/permission-provider.js';
import type { Catalog } from '../core/catalog.js';
import type { RetrySchedule } from '../core/retry-schedule.js';
import type { Log } from '../observability/log.js';
import type { Metrics } from '../observability/metrics.js';
import { databaseNowMs } from '../store/database-time.js';
import type { Doorbell } from '../store/doorbell.js';
import type { DeliveryQueue } from '../store/queue.js';
import type { TargetClient } from '../target/http-client.js';
import type { SecretBox } from '../target/secret-box.js';
import type { DeliveryLimits } from './delivery-quota.js';
import type { EndpointHealth } from './health-watch.js';

export interface SenderOptions {
  queue: Pick<DeliveryQueue, keyof DeliveryQueue>;
  client: Pick<TargetClient, 'post'>;
  secrets: Pick<SecretBox, 'open'>;
  bell: Pick<Doorbell, 'listen' | 'ring'>;
  schedule: RetrySchedule;
  permissions: Pick<PermissionProvider, 'check'>;
  catalog: Pick<Catalog, 'resolve'>;
  health: EndpointHealth;
  /** Ends what a license reads of a vehicle without a permission, and tells it. */
  revoke: (license: string, vehicle: string) => Promise<void>;
  /**
   * Quick requests at once, in all; of slow ones there may be four times as many besides. One license alone gets half of
   * them, so that others never wait for its time-outs.
   */
  concurrency: number;
  concurrencyPerEndpoint: number;
  /** For one attempt, from the name's resolution to the answer's last byte, where the endpoint does not say. */
  timeoutMs: number;
  /** How long a permission is believed. The provider should remember none, or the two times add up. */
  permissionCacheMs: number;
  /** So long nothing but failures, or so many firings in a row, and the endpoint is given up. */
  failureLimits: { hours: number; count?: number | undefined };
  /** How many requests licenses may have made in a minute, over all senders; without it any number. */
  limits?: DeliveryLimits;
  log: Log;
  metrics: Metrics;
  /** Ms since 1970: what receivers are told. */
  clock?: () => number;
  /** Ms that never go back: what everything is decided by. */
  ticks?: () => number;
  /** From 0 up to 1. */
  random?: () => number;
  /** Default: a third of a token's life. */
  heartbeatMs?: number;
  /** Default: 1 s. */
  scanMs?: number;
}

const SCAN_MS = 1_000;

export type CompleteOptions = SenderOptions & Required<Pick<SenderOptions, 'clock' | 'ticks' | 'random' | 'scanMs'>>;

/** With what is taken where nothing is given. */
export function completed(options: SenderOptions): CompleteOptions {
  const ticks = () => performance.now();
  return { clock: databaseNowMs, ticks, random: Math.random, scanMs: SCAN_MS, ...options };
}
