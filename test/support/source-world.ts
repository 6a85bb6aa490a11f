import { EventEmitter, once } from 'node:events';
import { randomUUID } from 'node:crypto';
import { BrokerServer } from '../../dev/broker/broker-server.js';
import type { EngineOptions } from '../../src/engine/engine.js';
import { KafkaSource } from '../../src/ingest/kafka-source.js';
import type { KafkaSourceOptions, SourceTimes } from '../../src/ingest/source-options.js';
import type { Log } from '../../src/observability/log.js';
import { Metrics } from '../../src/observability/metrics.js';
import type { ChunkStore } from '../../src/store/chunks.js';
import type { EngineWorld } from './engine-world.js';
import { Stream } from './stream.js';

export interface LogEntry {
  level: 'debug' | 'info' | 'warn' | 'error';
  message: string;
  fields: Record<string, unknown>;
  /** The name of the source that wrote it, where the test gave it one. */
  source: string | undefined;
}

/** As fast as correctness allows; nothing is awaited by the clock. */
const TIMES: Partial<SourceTimes> = {
  ...{ sessionMs: 6_000, heartbeatMs: 50, fetchWaitMs: 20, restartDelayMs: 20, topicWaitMs: 20 },
  ...{ flushMs: 50, reportMs: 50, unblockMs: 60_000, resetConfirmMs: 10 },
};

type Overrides = Partial<Omit<KafkaSourceOptions, 'engine'>> & { engine?: Partial<EngineOptions> };

/** A broker in this thread, a database, and sources as processes of their own would have them. */
export class SourceWorld {
  readonly groupId = `group-${randomUUID()}`;
  readonly signals = `signals-${randomUUID()}`;
  readonly events = `events-${randomUUID()}`;
  readonly lines: LogEntry[] = [];
  private readonly happened = new EventEmitter().setMaxListeners(0);
  private readonly sources = new Set<KafkaSource>();

  private constructor(
    readonly engines: EngineWorld,
    readonly broker: BrokerServer,
    readonly address: string,
    readonly stream: Stream,
  ) {}

  /** With topics of two partitions, unless told otherwise. */
  static async create(engines: EngineWorld, { partitions = 2 } = {}): Promise<SourceWorld> {
    const broker = new BrokerServer({ partitions: 2 });
    const address = await broker.start();
    const world = new SourceWorld(engines, broker, address, await Stream.connect(address));
    if (partitions > 0) for (const topic of [world.signals, world.events]) broker.createTopic(topic, partitions);
    return world;
  }

  async close(): Promise<void> {
    await Promise.all([...this.sources].map((source) => this.stop(source)));
    await this.stream.disconnect();
    await this.broker.stop();
  }

  /** Starts a source with an engine, an index and metrics of its own. */
  async start(overrides: Overrides = {}): Promise<{ source: KafkaSource; metrics: Metrics }> {
    const metrics = new Metrics();
    const chunks = this.watched(overrides.chunks ?? this.engines.chunks);
    const log = this.log(overrides.clientId);
    const engine = await this.engines.engine({ chunks, log, metrics, ...overrides.engine });
    const source = new KafkaSource({
      ...{ brokers: [this.address], groupId: this.groupId, log, metrics, partitionsAtOnce: 4 },
      topics: [
        { topic: this.signals, metricKind: 'signal' },
        { topic: this.events, metricKind: 'event' },
      ],
      ...overrides,
      ...{ engine, chunks, times: { ...TIMES, ...overrides.times } },
    });
    this.sources.add(source);
    source.start();
    return { source, metrics };
  }

  async stop(source: KafkaSource): Promise<void> {
    this.sources.delete(source);
    await source.stop();
  }

  /** Resolves as soon as a check holds; it is made again after each commit, each log line and each request. */
  async until(check: () => boolean | Promise<boolean>): Promise<void> {
    for (;;) {
      const next = once(this.happened, 'something');
      if (await check()) return;
      await next;
    }
  }

  /** Resolves when a line of the log has this in it, counted from now on unless `from` says otherwise. */
  async untilLogged(part: string, from = this.lines.length): Promise<void> {
    await this.until(() => this.lines.slice(from).some(({ message }) => message.includes(part)));
  }

  /** The partitions of the topic of signals that a source got when it last joined. */
  partitionsOf(source: string): number[] {
    const last = this.lines.findLast((line) => line.source === source && line.message.startsWith('joined'));
    return (last?.fields.partitions as Record<string, number[]> | undefined)?.[this.signals] ?? [];
  }

  /** Resolves when these sources share the topic of signals evenly among them. */
  async untilShared(sources: readonly string[], partitions: number): Promise<void> {
    await this.until(() => {
      const shares = sources.map((source) => this.partitionsOf(source));
      const isEven = shares.every(({ length }) => length >= Math.floor(partitions / sources.length));
      return isEven && shares.flat().length === partitions && new Set(shares.flat()).size === partitions;
    });
  }

  /** Resolves when the stored positions of a topic add up to so many records. */
  async untilProcessed(topic: string, records: number): Promise<void> {
    await this.until(async () => (await this.processed(topic)) >= records);
  }

  /** How many offsets of a topic are behind its stored positions. */
  async processed(topic: string): Promise<number> {
    const { rows } = await this.engines.database.pool.query<{ sum: string | null }>(
      'select sum(next_offset) from stream_positions where topic = $1',
      [topic],
    );
    return Number(rows[0]!.sum ?? 0);
  }

  /** The payloads of events about the stream, in order. */
  async streamEvents(type: 'stream.lost' | 'stream.reset'): Promise<Record<string, unknown>[]> {
    const { rows } = await this.engines.database.pool.query<{ payload: string }>(
      `select payload from events where type = $1 and payload::json ->> 'topic' in ($2, $3) order by id`,
      [type, this.signals, this.events],
    );
    return rows.map(({ payload }) => JSON.parse(payload) as Record<string, unknown>);
  }

  private watched(chunks: KafkaSourceOptions['chunks']): KafkaSourceOptions['chunks'] {
    const tell = <Answer>(answer: Answer): Answer => (this.happened.emit('something'), answer);
    return {
      positions: (...given) => chunks.positions(...given),
      open: async (...given) => tell(await chunks.open(...given)),
      move: async (...given: Parameters<ChunkStore['move']>) => tell(await chunks.move(...given)),
      commit: async (...given) => tell(await chunks.commit(...given)),
      lately: (...given) => chunks.lately(...given),
    };
  }

  private log(source: string | undefined): Log {
    const write = (level: LogEntry['level']) => (fields: object, message: string) => {
      this.lines.push({ level, message, fields: fields as Record<string, unknown>, source });
      this.happened.emit('something');
    };
    const log: Log = {
      ...{ debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') },
      child: () => log,
    };
    return log;
  }
}
