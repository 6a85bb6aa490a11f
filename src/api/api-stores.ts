import { ApiKeyStore } from '../store/api-keys.js';
import { AutoSyncStore } from '../store/auto-syncs.js';
import type { Database } from '../store/database.js';
import { DeadLetterStore } from '../store/dead-letters.js';
import { DeliveryLog } from '../store/delivery-log.js';
import { DeliveryStats } from '../store/delivery-stats.js';
import { EndpointStore } from '../store/endpoints.js';
import { EventLog } from '../store/event-log.js';
import { GrantStore } from '../store/grants.js';
import { IdempotencyStore } from '../store/idempotency.js';
import { OperationStore } from '../store/operations.js';
import { OverviewStore } from '../store/overview.js';
import type { QuotaStore } from '../store/quotas.js';
import { Recovery } from '../store/recovery.js';
import { RevocationStore } from '../store/revocations.js';
import { StateStore } from '../store/states.js';
import { SubscriptionStore } from '../store/subscriptions.js';
import { TestDeliveryStore } from '../store/test-deliveries.js';
import { TriggerStore } from '../store/triggers.js';

/** What the REST surface reads and writes. */
export type ApiStores = ReturnType<typeof apiStores>;

/** All of them over one database; those that count what a license has ask `quotas` how much it may have. */
export function apiStores(database: Database, quotas: QuotaStore) {
  return {
    quotas,
    triggers: new TriggerStore(database, quotas),
    endpoints: new EndpointStore(database, quotas),
    testDeliveries: new TestDeliveryStore(database),
    subscriptions: new SubscriptionStore(database, quotas),
    revocations: new RevocationStore(database),
    autoSyncs: new AutoSyncStore(database),
    operations: new OperationStore(database),
    grants: new GrantStore(database),
    apiKeys: new ApiKeyStore(database, quotas),
    states: new StateStore(database),
    deadLetters: new DeadLetterStore(database),
    deliveries: new DeliveryLog(database),
    recovery: new Recovery(database),
    stats: new DeliveryStats(database),
    overview: new OverviewStore(database),
    events: new EventLog(database),
    idempotency: new IdempotencyStore(database),
  };
}
