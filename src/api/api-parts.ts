import type { LicenseDirectory } from '../access/license-directory.js';
import type { PermissionProvider } from '../access/permission-provider.js';
import type { TokenVerifier } from '../access/token-verifier.js';
import type { Catalog } from '../core/catalog.js';
import type { Health } from '../observability/health.js';
import type { Log } from '../observability/log.js';
import type { ApiKeyStore } from '../store/api-keys.js';
import type { AutoSyncStore } from '../store/auto-syncs.js';
import type { DeadLetterStore } from '../store/dead-letters.js';
import type { EndpointStore } from '../store/endpoints.js';
import type { DeliveryLog } from '../store/delivery-log.js';
import type { DeliveryStats } from '../store/delivery-stats.js';
import type { EventLog } from '../store/event-log.js';
import type { GrantStore } from '../store/grants.js';
import type { IdempotencyStore } from '../store/idempotency.js';
import type { LogFeed } from '../store/log-feed.js';
import type { OperationStore } from '../store/operations.js';
import type { QuotaBlocks } from '../store/quota-blocks.js';
import type { QuotaStore } from '../store/quotas.js';
import type { Recovery } from '../store/recovery.js';
import type { RevocationStore } from '../store/revocations.js';
import type { StateStore } from '../store/states.js';
import type { SubscriptionStore } from '../store/subscriptions.js';
import type { TestDeliveryStore } from '../store/test-deliveries.js';
import type { TriggerStore } from '../store/triggers.js';
import type { Handshake } from '../target/handshake.js';
import type { TargetClient } from '../target/http-client.js';
import type { SecretBox } from '../target/secret-box.js';
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
export interface ApiParts {
  catalog: Catalog;
  triggers: TriggerStore;
  endpoints: EndpointStore;
  testDeliveries: TestDeliveryStore;
  subscriptions: SubscriptionStore;
  revocations: RevocationStore;
  autoSyncs: AutoSyncStore;
  autoSubscribe?: Partial<AutoSubscribeLimits>;
  operations: OperationStore;
  bulkTimes?: Partial<BulkTimes>;
  bulkLimits?: Partial<BulkLimits>;
  grants: GrantStore;
  apiKeys: ApiKeyStore;
  states: StateStore;
  deadLetters: DeadLetterStore;
  deliveries: DeliveryLog;
  recovery: Recovery;
  stats: DeliveryStats;
  events: EventLog;
  quotas: QuotaStore;
  quotaBlocks: QuotaBlocks;
  /** Closed with the application. */
  feed: LogFeed;
  streamTimes?: StreamTimes;
  eventRetentionDays: number;
  permissions: PermissionProvider;
  licenses: LicenseDirectory;
  tokens: TokenVerifier;
  handshake: Handshake;
  /** What test events are sent with. */
  client: Pick<TargetClient, 'post'>;
  secrets: SecretBox;
  /** What a retry schedule may come to, jitter included, so that the last attempt finds its event still there. */
  retryTotalMaxMs: number;
  idempotency: IdempotencyStore;
  /** The admin routes exist only with it. */
  adminToken?: string;
  vehicleNft?: VehicleNft;
  log: Log;
  health: Health;
  /** Ms since 1970; the database's clock when not given. */
  now?: () => number;
}
