import kafkajs, { type Admin, type Kafka } from 'kafkajs';

/** The first offset of a partition that still exists, and the one that its next record gets. */
export interface Watermarks {
  low: bigint;
  high: bigint;
}

/**
 * What the source asks a cluster besides records, over one connection. Connects when first asked, and again after a
 * failure that was not the cluster's own answer.
 */
export class KafkaAdmin {
  private admin: Promise<Admin> | undefined;
  private isClosed = false;

  constructor(private readonly kafka: Kafka) {}

  /** Of every partition of a topic, so its size is the number of partitions. Throws when the topic does not exist. */
  watermarks(topic: string): Promise<Map<number, Watermarks>> {
    return this.ask(async (admin) => {
      const offsets = await admin.fetchTopicOffsets(topic);
      return new Map(offsets.map(({ partition, low, high }) => [partition, { low: BigInt(low), high: BigInt(high) }]));
    });
  }

  /** The offsets that a consumer group has committed; partitions without one are absent. */
  committed(groupId: string, topic: string): Promise<Map<number, bigint>> {
    return this.ask(async (admin) => {
      const [answer] = await admin.fetchOffsets({ groupId, topics: [topic] });
      const offsets = (answer?.partitions ?? []).map(({ partition, offset }) => [partition, BigInt(offset)] as const);
      // Negative: none, or the "earliest" that kafkajs commits after an offset was out of range.
      return new Map(offsets.filter(([, offset]) => offset >= 0n));
    });
  }

  /** Those of the topics that do not exist. */
  missing(topics: readonly string[]): Promise<string[]> {
    return this.ask(async (admin) => {
      const existing = new Set(await admin.listTopics());
      return topics.filter((topic) => !existing.has(topic));
    });
  }

  async createTopics(topics: readonly string[], partitions: number): Promise<void> {
    await this.ask((admin) =>
      admin.createTopics({
        topics: topics.map((topic) => ({ topic, numPartitions: partitions })),
        waitForLeaders: true,
      }),
    );
  }

  /** Ends the connection and makes no other: what is asked from now on, or still waits for one, is rejected. */
  async close(): Promise<void> {
    this.isClosed = true;
    await this.disconnect();
  }

  /** Ends the connection; the next question makes another. */
  async disconnect(): Promise<void> {
    const admin = await this.admin?.catch(() => undefined);
    this.admin = undefined;
    await admin?.disconnect();
  }

  private async ask<Answer>(question: (admin: Admin) => Promise<Answer>): Promise<Answer> {
    if (this.isClosed) throw new Error('the connection to Kafka is closed');
    const asked = (this.admin ??= this.connect());
    let admin: Admin | undefined;
    try {
      admin = await asked;
      return await question(admin);
    } catch (error) {
      // It says nothing against the connection, which others may be using.
      if (admin && isAnswer(error)) throw error;
      if (this.admin === asked) this.admin = undefined;
      void asked.then((admin) => admin.disconnect()).catch(() => undefined);
      throw error;
    }
  }

  private async connect(): Promise<Admin> {
    const admin = this.kafka.admin();
    await admin.connect();
    return admin;
  }
}

/** Whether the cluster answered, with an error. kafkajs wraps such answers when it has asked too often. */
function isAnswer(error: unknown): boolean {
  if (error instanceof kafkajs.KafkaJSProtocolError || error instanceof kafkajs.KafkaJSAggregateError) return true;
  return error instanceof Error && error.cause !== undefined && isAnswer(error.cause);
}
