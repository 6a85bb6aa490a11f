/** Publishes to Kafka as the real producer does: keyed by the vehicle's DID, snappy, Java's partitioner. */
import {
  Kafka,
  logLevel,
  Partitioners,
  CompressionCodecs,
  CompressionTypes,
  type Producer,
  type RecordMetadata,
} from 'kafkajs';
import { compress, uncompress } from 'snappyjs';
import { eventually } from './product.js';

CompressionCodecs[CompressionTypes.Snappy] = () => ({
  compress: (encoder: { buffer: Buffer }) => Promise.resolve(Buffer.from(compress(encoder.buffer))),
  decompress: (buffer: Buffer) => Promise.resolve(Buffer.from(uncompress(buffer))),
});

const hasLeader = ({ leader }: { leader: number }): boolean => leader >= 0;

export const VEHICLE = 'did:erc721:137:0xbA5738a18d83D41847dfFbDC6101d37C69c9B0cF:12345';
export const OTHER_VEHICLE = 'did:erc721:137:0xbA5738a18d83D41847dfFbDC6101d37C69c9B0cF:67890';

export interface StreamMessage {
  value: string | Buffer;
  /** Default none. */
  key?: string | null;
  /** Record time, ms since 1970; default now. */
  timeMs?: number;
  partition?: number;
}

export class Stream {
  private constructor(
    private readonly kafka: Kafka,
    private readonly producer: Producer,
  ) {}

  static async connect(brokers = process.env.TEST_KAFKA_BROKERS!): Promise<Stream> {
    const kafka = new Kafka({
      clientId: 'stream-of-tests',
      brokers: brokers.split(','),
      logLevel: logLevel.NOTHING,
      retry: { initialRetryTime: 100, retries: 10 },
    });
    const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
    await producer.connect();
    return new Stream(kafka, producer);
  }

  async createTopics(topics: string[], partitions = 4): Promise<void> {
    const admin = this.kafka.admin();
    await admin.connect();
    try {
      await admin.createTopics({
        topics: topics.map((topic) => ({ topic, numPartitions: partitions })),
        // kafkajs gives up when a broker has not heard of the topics yet.
        waitForLeaders: false,
      });
      await eventually(async () => {
        const metadata = await admin.fetchTopicMetadata({ topics });
        return metadata.topics.every(
          (topic) => topic.partitions.length === partitions && topic.partitions.every(hasLeader),
        );
      }, 'the topics have leaders');
    } finally {
      await admin.disconnect();
    }
  }

  async send(
    topic: string,
    messages: StreamMessage[],
    compression = CompressionTypes.Snappy,
  ): Promise<RecordMetadata[]> {
    return this.producer.send({
      topic,
      compression,
      acks: -1,
      messages: messages.map(({ value, key = null, timeMs, partition }) => ({
        key,
        value,
        ...(timeMs === undefined ? {} : { timestamp: String(timeMs) }),
        ...(partition === undefined ? {} : { partition }),
      })),
    });
  }

  /** Sends messages one request each, in order, and gives each one's partition and offset. */
  async sendAll(topic: string, messages: StreamMessage[]): Promise<{ partition: number; offset: bigint }[]> {
    const places: { partition: number; offset: bigint }[] = [];
    for (const message of messages) {
      const [answer] = await this.send(topic, [message]);
      places.push({ partition: answer!.partition, offset: BigInt(answer!.baseOffset!) });
    }
    return places;
  }

  async disconnect(): Promise<void> {
    await this.producer.disconnect();
  }
}

const DEVICE = 'did:erc721:137:0x9c94C395cBcBDe662235E0A9d3bB87Ad708561BA:31700';
const CONNECTION = '0xF26421509Efe92861a587482100c6d728aBf1CD0';

/** A report of some signals of one vehicle: numbers, texts or locations by name. */
export function signalMessage(
  vehicle: string,
  values: Record<string, number | string | { latitude: number; longitude: number }>,
): StreamMessage {
  const timestamp = new Date().toISOString();
  const signals = Object.entries(values).map(([name, value]) => ({
    timestamp,
    name,
    valueNumber: typeof value === 'number' ? value : 0,
    valueString: typeof value === 'string' ? value : '',
    valueLocation: { latitude: 0, longitude: 0, hdop: 0, heading: 0, ...(typeof value === 'object' ? value : {}) },
    cloudEventId: 'report',
  }));
  return { key: vehicle, value: envelope('dimo.signals', vehicle, { signals }) };
}

export function eventMessage(vehicle: string, name: string, details: object = {}): StreamMessage {
  const event = { name, timestamp: new Date().toISOString(), durationNs: 0, metadata: '', tags: [], ...details };
  return { key: vehicle, value: envelope('dimo.events', vehicle, { events: [event] }) };
}

function envelope(type: string, subject: string, data: object): string {
  const time = new Date().toISOString();
  return JSON.stringify({
    specversion: '1.0',
    type,
    source: CONNECTION,
    subject,
    id: 'report',
    time,
    producer: DEVICE,
    data,
  });
}
