import kafkajs, { type Kafka, type Producer } from 'kafkajs';
import snappy from 'snappyjs';

export interface TelemetryTopics {
  signals: string;
  events: string;
}

/** One message for the vehicle whose DID is the key. */
export interface TelemetryMessage {
  key: string;
  value: string;
}

// A CommonJS module, whose constants Node does not find by name.
const { CompressionCodecs, CompressionTypes, logLevel, Partitioners } = kafkajs;

const CLIENT_ID = 'tripline-demo';

CompressionCodecs[CompressionTypes.Snappy] = () => ({
  compress: (encoder: { buffer: Buffer }) => Promise.resolve(Buffer.from(snappy.compress(encoder.buffer))),
  decompress: (buffer: Buffer) => Promise.resolve(Buffer.from(snappy.uncompress(buffer))),
});

/**
 * Publishes telemetry as the real producer does: the vehicle's DID as key with Java's partitioner, snappy, acknowledged by
 * the leader. What one call sends arrives in one request.
 */
export class TelemetryProducer {
  private constructor(
    private readonly producer: Producer,
    private readonly topics: TelemetryTopics,
  ) {}

  /** Throws when no broker can be reached. */
  static async connect(brokers: string[], topics: TelemetryTopics): Promise<TelemetryProducer> {
    const createPartitioner = Partitioners.DefaultPartitioner;
    const producer = client(brokers).producer({ createPartitioner, allowAutoTopicCreation: false });
    await producer.connect();
    return new TelemetryProducer(producer, topics);
  }

  async send(messages: { signals: TelemetryMessage[]; events: TelemetryMessage[] }): Promise<void> {
    const topicMessages = [
      { topic: this.topics.signals, messages: messages.signals },
      { topic: this.topics.events, messages: messages.events },
    ].filter(({ messages }) => messages.length > 0);
    await this.producer.sendBatch({ topicMessages, acks: 1, compression: CompressionTypes.Snappy });
  }

  async close(): Promise<void> {
    await this.producer.disconnect();
  }
}

function client(brokers: string[]): Kafka {
  return new kafkajs.Kafka({ clientId: CLIENT_ID, brokers, logLevel: logLevel.NOTHING, retry: { retries: 3 } });
}
