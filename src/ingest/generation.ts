import type { Consumer, EachBatchPayload } from 'kafkajs';
import { pauseWhile, retryWhile } from '../engine/retry.js';
import type { PartitionEngine } from '../engine/partition-engine.js';
import type { Log } from '../observability/log.js';
import type { Metrics } from '../observability/metrics.js';
import { isMembershipOver } from './membership.js';
import type { KafkaAdmin } from './kafka-admin.js';
import type { KafkaTroubles } from './kafka-troubles.js';
import { type PartitionOpener, type SourceTopic, standingOf } from './partition-opener.js';
import { toSourceRecords } from './source-record.js';

export interface GenerationParts {
  consumer: Consumer;
  opener: PartitionOpener;
  admin: KafkaAdmin;
  log: Log;
  troubles: KafkaTroubles;
  metrics: Metrics;
  heartbeatMs: number;
  /** Before a batch that could not be handled is fetched again. */
  retryDelayMs: number;
}

/** One partition while it is ours. */
interface OpenPartition {
  source: SourceTopic;
  partition: number;
  engine: PartitionEngine;
  /** Where kafkajs fetches next, if nothing unusual happens. */
  fetchOffset: bigint;
  /** The codec of a batch that cannot be read here; the partition is paused before it. */
  blockedBy: string | undefined;
}

/** A batch as kafkajs passes it; `fetchedOffset` exists but is missing from its declarations. */
type Payload = EachBatchPayload & { batch: { fetchedOffset: string } };

/**
 * The partitions that one generation of the consumer group gave us. It is made when the group was joined, while nothing
 * has been fetched yet: its partitions are paused at once, opened in the background, and each resumed at the position
 * that the database has. It is over when a heartbeat says that the group rebalances, when the consumer crashed, or at
 * the end; batches that kafkajs still delivers then are left alone. It need not be noticed in time: who goes on with a
 * partition that is another's is told so by the database and changes nothing.
 */
export class Generation {
  private isOver = false;
  /** Of each batch that is being handled, when it last came further. */
  private readonly handling = new Set<{ progressMs: number }>();
  private readonly partitions = new Map<string, OpenPartition>();
  private readonly handled = new Set<Promise<void>>();

  constructor(
    private readonly assigned: readonly { source: SourceTopic; partitions: readonly number[] }[],
    private readonly parts: GenerationParts,
  ) {}

  get isAlive(): boolean {
    return !this.isOver;
  }

  /** Whether a batch is being handled, which may take as long as the database does. */
  get isBusy(): boolean {
    return this.handling.size > 0;
  }

  /** Whether some batch came no further for so long. */
  isStuck(limitMs: number): boolean {
    return [...this.handling].some(({ progressMs }) => performance.now() - progressMs >= limitMs);
  }

  /** Whether every partition that was assigned is being processed, or blocked. */
  get isOpen(): boolean {
    const count = this.assigned.reduce((sum, { partitions }) => sum + partitions.length, 0);
    return this.partitions.size === count;
  }

  /** What is stored of each partition, for tools that look at the group's offsets in Kafka. */
  get stored(): { topic: string; partition: number; offset: string }[] {
    return [...this.partitions.values()].map(({ source, partition, engine }) => ({
      topic: source.topic,
      partition,
      offset: String(engine.position.nextOffset),
    }));
  }

  /** Has to be called synchronously when the group was joined: what is paused now is never fetched unasked. */
  begin(previous: Promise<unknown>): void {
    for (const { source, partitions } of this.assigned) {
      this.parts.opener.retain(source.topic, partitions);
      if (partitions.length > 0) this.parts.consumer.pause([{ topic: source.topic, partitions: [...partitions] }]);
      // kafkajs may have thrown its consumer away by then; that ends in a crash or in silence, and in a new generation.
      this.open(source, partitions, previous).catch((error: unknown) =>
        this.parts.log.warn(
          { topic: source.topic, err: error },
          'partitions could not be begun; waiting for a new start',
        ),
      );
    }
  }

  end(): void {
    this.isOver = true;
  }

  /** Waits for the batches being handled and stores how far each partition got. */
  async settle(): Promise<void> {
    await Promise.all(this.handled);
    await Promise.all([...this.partitions.values()].map((open) => this.flush(open)));
  }

  /** Stores the progress of partitions that had no records for a while. */
  async flushIdle(): Promise<void> {
    if (this.isAlive) await Promise.all([...this.partitions.values()].map((open) => this.flush(open)));
  }

  /** Sets the lag of every partition from the end of its log. */
  async measureLag(): Promise<void> {
    for (const { source } of this.assigned) {
      const watermarks = await this.parts.admin.watermarks(source.topic);
      for (const open of this.partitions.values()) {
        const high = open.source === source ? watermarks.get(open.partition)?.high : undefined;
        if (high !== undefined && this.isAlive) this.setLag(open, high);
      }
    }
  }

  forgetLag(): void {
    for (const { source, partition } of this.partitions.values()) {
      this.parts.metrics.consumerLag.remove({ topic: source.topic, partition: String(partition) });
    }
  }

  /** Lets blocked partitions try again: the batch may be gone by now. Throws when kafkajs has dropped its consumer. */
  unblock(): void {
    for (const open of this.partitions.values()) {
      if (open.blockedBy === undefined || this.isOver) continue;
      this.seek(open);
      this.parts.consumer.resume([{ topic: open.source.topic, partitions: [open.partition] }]);
      open.blockedBy = undefined;
    }
  }

  /** kafkajs' handler. Throws only what kafkajs has to know: that the membership is over. */
  eachBatch(payload: EachBatchPayload): Promise<void> {
    const handled = this.guard(payload as Payload);
    const settled = handled.catch(() => undefined).finally(() => this.handled.delete(settled));
    this.handled.add(settled);
    return handled;
  }

  private async open(source: SourceTopic, partitions: readonly number[], previous: Promise<unknown>): Promise<void> {
    if (partitions.length === 0) return;
    await previous;
    const { topic } = source;
    const opened = await retryWhile(
      () => this.isAlive,
      () => this.parts.opener.open(source, partitions),
      {
        delays: { firstMs: this.parts.retryDelayMs, mostMs: 5_000 },
        onError: (error) => this.parts.troubles.tell(error, 'partitions cannot be opened yet; trying again', { topic }),
      },
    );
    if (!opened || this.isOver) return;
    const opens = [...opened].map(([partition, engine]) => ({
      ...{ source, partition, engine, fetchOffset: engine.nextOffset, blockedBy: undefined },
    }));
    for (const open of opens) this.seek(open);
    this.parts.consumer.resume([{ topic, partitions: [...opened.keys()] }]);
    // Not before: what could not be resumed is not open.
    for (const open of opens) this.partitions.set(keyOf(topic, open.partition), open);
  }

  private async guard(payload: Payload): Promise<void> {
    const { topic, partition } = payload.batch;
    const open = this.partitions.get(keyOf(topic, partition));
    const isLive = () => this.isAlive && payload.isRunning() && !payload.isStale();
    if (!open || open.blockedBy !== undefined || !isLive()) return;
    let membershipOver: unknown;
    const beat = async () => {
      try {
        await payload.heartbeat();
      } catch (error) {
        // Any other failure is the connection's; kafkajs mends that, and the membership may well survive it.
        if (!isMembershipOver(error)) return;
        membershipOver = error;
        this.end();
      }
    };
    const ticker = setInterval(() => void beat(), this.parts.heartbeatMs);
    const work = { progressMs: performance.now() };
    this.handling.add(work);
    try {
      const advanced = () => ((work.progressMs = performance.now()), beat());
      await this.handle(open, payload, { isLive, advanced });
    } catch (error) {
      // Never into kafkajs: it would stop for good, or retry without heartbeats. Unresolved, it is fetched again.
      this.parts.log.error({ topic, partition, err: error }, 'a fetched batch could not be handled; fetching it again');
      await pauseWhile(isLive, this.parts.retryDelayMs);
    } finally {
      this.handling.delete(work);
      clearInterval(ticker);
    }
    // Unless kafkajs hears of it, it would not join again.
    if (membershipOver !== undefined) throw membershipOver as Error;
  }

  private async handle(
    open: OpenPartition,
    payload: Payload,
    { isLive, advanced }: { isLive: () => boolean; advanced: () => Promise<void> },
  ): Promise<void> {
    const { batch } = payload;
    if (!(await this.isAligned(open, BigInt(batch.fetchedOffset)))) return;
    const { records, blockedBy } = toSourceRecords(batch.messages);
    const answer = await open.engine.process(records, isLive, async (nextOffset) => {
      if (!isLive()) return;
      payload.resolveOffset(String(nextOffset - 1n));
      open.fetchOffset = nextOffset;
      this.setLag(open, BigInt(batch.highWatermark));
      await advanced();
    });
    if (answer === 'fenced') return this.reopen(open);
    if (answer === 'abandoned' || !isLive()) return;
    if (blockedBy) return this.block(open, blockedBy);
    // The last fetched record may be followed by control records, which only this call steps over.
    payload.resolveOffset(batch.lastOffset());
    open.fetchOffset = BigInt(batch.lastOffset()) + 1n;
  }

  /**
   * Whether the batch is the one to go on with. It begins elsewhere after records that nobody sees (control records,
   * compaction), and when kafkajs found its offset out of range and went to the start of the log by itself.
   */
  private async isAligned(open: OpenPartition, fetched: bigint): Promise<boolean> {
    if (fetched === open.fetchOffset) return true;
    const { nextOffset } = open.engine;
    const watermarks = (await this.parts.admin.watermarks(open.source.topic)).get(open.partition);
    if (watermarks && standingOf(nextOffset, watermarks).kind !== 'within') {
      await this.reopen(open);
      return false;
    }
    if (fetched > nextOffset) return true;
    this.seek(open);
    return false;
  }

  /** Goes on where the database says: the position is another's, or does not fit the log any more. */
  private async reopen(open: OpenPartition): Promise<void> {
    const { topic } = open.source;
    await open.engine.flush();
    const engine = (await this.parts.opener.open(open.source, [open.partition])).get(open.partition)!;
    if (this.isOver) return;
    this.parts.log.info(
      { topic, partition: open.partition, offset: String(engine.nextOffset) },
      'partition opened again',
    );
    open.engine = engine;
    this.seek(open);
  }

  private block(open: OpenPartition, { offset, codec }: { offset: bigint; codec: string }): void {
    const { source, partition } = open;
    open.blockedBy = codec;
    this.parts.consumer.pause([{ topic: source.topic, partitions: [partition] }]);
    this.seek(open);
    const fields = { topic: source.topic, partition, offset: String(offset), codec };
    this.parts.log.error(
      fields,
      'records are compressed with a codec that cannot be read here; the partition is paused',
    );
  }

  private seek(open: OpenPartition): void {
    open.fetchOffset = open.engine.nextOffset;
    const { topic } = open.source;
    this.parts.consumer.seek({ topic, partition: open.partition, offset: String(open.fetchOffset) });
  }

  private async flush({ engine, source, partition }: OpenPartition): Promise<void> {
    try {
      // When it is fenced, the next batch finds out.
      await engine.flush();
    } catch (error) {
      const fields = { topic: source.topic, partition, err: error };
      this.parts.log.warn(fields, 'progress could not be stored; its records will be read again');
    }
  }

  private setLag({ source, partition, engine }: OpenPartition, high: bigint): void {
    const lag = high > engine.nextOffset ? Number(high - engine.nextOffset) : 0;
    this.parts.metrics.consumerLag.set({ topic: source.topic, partition: String(partition) }, lag);
  }
}

function keyOf(topic: string, partition: number): string {
  return `${topic} ${partition}`;
}
