/** Reads what is on topics, as any consumer could: what a producer knows is not enough, for answers to it are lost. */
import { randomBytes } from 'node:crypto';
import { type Admin, type Consumer, Kafka, logLevel } from 'kafkajs';
import { eventually } from './product.js';
// Teaches kafkajs snappy.
import './stream.js';

export interface TopicRecord {
  topic: string;
  partition: number;
  offset: bigint;
  /** The record's own time, ms since 1970. */
  timeMs: number;
  key: string | null;
  value: string | null;
}

/** Every record of the topics from the low to the high watermark of now, by topic, partition and offset. */
export async function readTopics(
  brokers: string,
  topics: readonly string[],
  patienceMs = 60_000,
): Promise<TopicRecord[]> {
  const kafka = new Kafka({ clientId: 'reader-of-tests', brokers: brokers.split(','), logLevel: logLevel.NOTHING });
  const missing = await withAdmin(kafka, (admin) => lastOffsets(admin, topics));
  const records = new Map<string, TopicRecord>();
  const consumer = kafka.consumer({ groupId: `reader-${randomBytes(4).toString('hex')}`, sessionTimeout: 6_000 });
  try {
    await consumer.connect();
    await consumer.subscribe({ topics: [...topics], fromBeginning: true });
    await collect(consumer, records, missing);
    await eventually(() => missing.size === 0, `the end of ${[...missing.keys()].join(', ')}`, patienceMs);
  } finally {
    await consumer.disconnect();
  }
  return [...records.values()].sort(byPlace);
}

function collect(consumer: Consumer, records: Map<string, TopicRecord>, missing: Map<string, bigint>): Promise<void> {
  return consumer.run({
    autoCommit: false,
    eachBatch: ({ batch: { topic, partition, messages } }) => {
      for (const { offset, timestamp, key, value } of messages) {
        const place = { topic, partition, offset: BigInt(offset) };
        const record = { timeMs: Number(timestamp), key: key?.toString() ?? null, value: value?.toString() ?? null };
        records.set(`${topic} ${partition} ${offset}`, { ...place, ...record });
        if (missing.get(`${topic} ${partition}`) === place.offset) missing.delete(`${topic} ${partition}`);
      }
      return Promise.resolve();
    },
  });
}

/** The offset of the last record of each partition that has one. */
async function lastOffsets(admin: Admin, topics: readonly string[]): Promise<Map<string, bigint>> {
  const last = new Map<string, bigint>();
  for (const topic of topics) {
    for (const { partition, low, high } of await admin.fetchTopicOffsets(topic)) {
      if (low !== high) last.set(`${topic} ${partition}`, BigInt(high) - 1n);
    }
  }
  return last;
}

async function withAdmin<T>(kafka: Kafka, ask: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    return await ask(admin);
  } finally {
    await admin.disconnect();
  }
}

function byPlace(a: TopicRecord, b: TopicRecord): number {
  return a.topic.localeCompare(b.topic) || a.partition - b.partition || (a.offset < b.offset ? -1 : 1);
}
