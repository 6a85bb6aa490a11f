import type { ConsumerConfig, ConsumerRunConfig } from 'kafkajs';
import type { SourceTimes } from './source-options.js';

const REBALANCE_TIMEOUT_MS = 20_000;
const METADATA_MAX_AGE_MS = 60_000;
const PARTITION_BYTES_MAX = 1024 * 1024;
const FETCH_BYTES_MAX = 8 * 1024 * 1024;
/**
 * Partitions that are processed at the same time: a slow one must not keep the others waiting. kafkajs fetches again when
 * all that it fetched is done, so those that wait for their turn keep everybody's next records waiting. Each may use
 * a connection to the database, and a sender beside needs some too.
 */
export const PARTITIONS_AT_ONCE = 8;

/** How we take part in a consumer group and fetch; how partitions are assigned is for the caller to add. */
export function consumerSettings(groupId: string, times: SourceTimes): ConsumerConfig {
  return {
    ...{ groupId, sessionTimeout: times.sessionMs, heartbeatInterval: times.heartbeatMs },
    ...{ rebalanceTimeout: REBALANCE_TIMEOUT_MS, metadataMaxAge: METADATA_MAX_AGE_MS, allowAutoTopicCreation: false },
    ...{ minBytes: 1, maxBytesPerPartition: PARTITION_BYTES_MAX, maxBytes: FETCH_BYTES_MAX },
    maxWaitTimeInMs: times.fetchWaitMs,
    retry: { initialRetryTime: 100, maxRetryTime: 3_000, retries: 6, restartOnFailure: () => Promise.resolve(false) },
  };
}

/** How batches are handed over. Offsets in Kafka are for tools alone, so nothing commits them by itself. */
export function runSettings(partitionsAtOnce = PARTITIONS_AT_ONCE): ConsumerRunConfig {
  return { autoCommit: false, partitionsConsumedConcurrently: partitionsAtOnce };
}
