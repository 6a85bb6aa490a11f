import type { LicenseDirectory } from '../access/license-directory.js';
import type { PermissionProvider } from '../access/permission-provider.js';
import type { TokenVerifier } from '../access/token-verifier.js';
import type { Catalog } from '../core/catalog.js';
import type { Health } from '../observability/health.js';
import type { Log } from '../observability/log.js';
import type { LogFeed } from '../store/log-feed.js';
import type { QuotaBlocks } from '../store/quota-blocks.js';
import type { Handshake } from '../target/handshake.js';
import type { TargetClient } from '../target/http-client.js';
import type { SecretBox } from '../target/secret-box.js';
import type { ApiStores } from './api-stores.js';
import type { AutoSubscribeLimits } from './auto-subscribe/auto-subscribe-limits.js';
import type { BulkLimits } from './operations/bulk-limits.js';
import type { BulkTimes } from './operations/bulk-times.js';
import type { StreamTimes } from './stream/streams.js';

/** The contract of vehicles that `subscribe/all` takes; others that were shared are left alone. */
export interface VehicleNft {
  chainId: number;
  /** In any letter case. */
  contract: string;
}

/** What the REST surface works with: whoever composes the program makes these. */
export interface ApiParts extends ApiStores {
  catalog: Catalog;
  autoSubscribe?: Partial<AutoSubscribeLimits>;
  bulkTimes?: Partial<BulkTimes>;
  bulkLimits?: Partial<BulkLimits>;
  quotaBlocks: QuotaBlocks;
  /** Closed with the application. */
  feed: LogFeed;
  streamTimes?: StreamTimes;
  eventRetentionDays: number;
  /** When senders give up an endpoint that does nothing but fail, for whoever is to be told. */
  failureLimits: { hours: number; count?: number | undefined };
  permissions: PermissionProvider;
  licenses: LicenseDirectory;
  tokens: TokenVerifier;
  handshake: Handshake;
  /** What test events are sent with. */
  client: Pick<TargetClient, 'post'>;
  secrets: SecretBox;
  /** What a retry schedule may come to, jitter included, so that the last attempt finds its event still there. */
  retryTotalMaxMs: number;
  /** The admin routes exist only with it. */
  adminToken?: string;
  vehicleNft?: VehicleNft;
  log: Log;
  health: Health;
  /** Ms since 1970; the database's clock when not given. */
  now?: () => number;
}
