import kafkajs, { type Kafka, type KafkaConfig, type LogEntry, type SASLOptions } from 'kafkajs';
import type { Log } from '../observability/log.js';
import { installCodecs } from './compression.js';
import { patchRequestQueue } from './request-queue-patch.js';

export interface KafkaConnection {
  brokers: string[];
  clientId: string;
  ssl?: KafkaConfig['ssl'];
  /** How often a question that failed is asked again. */
  retries?: number;
  sasl?: { mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'; username: string; password: string };
}

const CONNECTION_TIMEOUT_MS = 3_000;
const REQUEST_TIMEOUT_MS = 15_000;
const RETRIES = 6;

/**
 * A kafkajs client with its faults mended. What kafkajs calls errors mostly heals itself, so its lines are for
 * debugging; what concerns somebody is logged by who handles it.
 */
export function kafkaClient({ brokers, clientId, ssl, sasl, retries = RETRIES }: KafkaConnection, log: Log): Kafka {
  patchRequestQueue();
  installCodecs();
  return new kafkajs.Kafka({
    ...{ brokers, clientId },
    ...(ssl === undefined ? {} : { ssl }),
    ...(sasl === undefined ? {} : { sasl: sasl as SASLOptions }),
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    // Given in full: kafkajs chooses others when NODE_ENV is "test".
    retry: { initialRetryTime: 100, maxRetryTime: 3_000, factor: 0.2, multiplier: 2, retries },
    logLevel: kafkajs.logLevel.WARN,
    logCreator:
      () =>
      ({ namespace, log: { message, ...fields } }: LogEntry) =>
        log.debug({ kafkajs: namespace, error: fields.error as unknown }, message),
  });
}
