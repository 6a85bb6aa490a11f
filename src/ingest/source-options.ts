import type { Engine } from '../engine/engine.js';
import type { Chunks } from '../engine/stores.js';
import type { Log } from '../observability/log.js';
import type { Metrics } from '../observability/metrics.js';
import type { KafkaConnection } from './kafka-client.js';
import type { SourceTopic } from './partition-opener.js';

export interface KafkaSourceOptions extends Omit<KafkaConnection, 'clientId'> {
  groupId: string;
  clientId?: string;
  topics: SourceTopic[];
  engine: Engine;
  chunks: Chunks;
  log: Log;
  metrics: Metrics;
  /** Creates topics that are missing, with so many partitions; without it they are waited for. */
  createTopics?: number;
  /** How many partitions are processed at the same time; a slow one must not keep the others waiting. */
  partitionsAtOnce?: number;
  times?: Partial<SourceTimes>;
}

/** Times in ms. Those that tests make shorter; the others are constants where they are used. */
export interface SourceTimes {
  /** How long a member may be silent; also how long its partitions stand still after it was killed. */
  sessionMs: number;
  heartbeatMs: number;
  /** How long a fetch waits for records, and so how soon pauses, seeks and stops take effect. */
  fetchWaitMs: number;
  /** Without a fetch for this long, the consumer is made anew. */
  watchdogMs: number;
  /** A batch of which nothing was committed for this long is a failure to look at, though the consumer is kept. */
  stuckMs: number;
  restartDelayMs: number;
  /** Between looks for topics that do not exist. */
  topicWaitMs: number;
  /** Between flushes of partitions that had no records for a while. */
  flushMs: number;
  /** Between commits of offsets to Kafka, and measurements of the lag. */
  reportMs: number;
  /** Between tries at partitions that are blocked by a codec. */
  unblockMs: number;
  resetConfirmMs: number;
}

export const SOURCE_TIMES: SourceTimes = {
  sessionMs: 10_000,
  heartbeatMs: 1_000,
  fetchWaitMs: 200,
  watchdogMs: 60_000,
  stuckMs: 120_000,
  restartDelayMs: 500,
  topicWaitMs: 5_000,
  flushMs: 1_000,
  reportMs: 5_000,
  unblockMs: 60_000,
  resetConfirmMs: 1_000,
};
