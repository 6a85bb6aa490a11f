import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { Connection } from './connection.js';
import { Dispatcher, type RequestStage } from './dispatcher.js';
import type { Fault } from './faults.js';
import { GroupOffsets } from './group-offsets.js';
import { Groups } from './groups.js';
import type { LogSettings, PartitionLog } from './partition-log.js';
import type { ApiName } from './requests/api-table.js';
import type { Cluster } from './requests/request.js';
import { Topics } from './topics.js';
import { WireError } from './wire-reader.js';

const MAX_CONNECTIONS = 1000;
const RETENTION_CHECK_MS = 10_000;
const LOOPBACK_HOST = /^(localhost|::1|127(\.\d{1,3}){3})$/;

/** Plain values only: they also cross into the worker thread. */
export interface BrokerOptions {
  /** A loopback address: there is no encryption and no authentication. */
  host?: string;
  /** 0 takes any free port. */
  port?: number;
  /** Where records, topics and offsets are kept, for one broker at a time; without it they are in memory only. */
  dataDir?: string;
  /** Of a topic that is created without a number. */
  partitions?: number;
  /** Per partition. */
  retentionBytes?: number;
  retentionMs?: number;
  autoCreateTopics?: boolean;
  /** Of one batch, compressed; Kafka's default. */
  maxBatchBytes?: number;
  maxRequestBytes?: number;
}

const DEFAULTS = {
  host: '127.0.0.1',
  port: 0,
  partitions: 8,
  retentionBytes: 64 * 1024 * 1024,
  retentionMs: 7 * 24 * 60 * 60 * 1000,
  autoCreateTopics: false,
  maxBatchBytes: 1_048_588,
  maxRequestBytes: 32 * 1024 * 1024,
};

/** Replaces the clock (Unix milliseconds) and where the broker's few lines go (standard error). */
export type BrokerSurroundings = Partial<Pick<LogSettings, 'now' | 'log'>>;

/**
 * A Kafka broker for development and tests, in this process and thread: one node, loopback only, without replication,
 * transactions, TLS and SASL. It also does on request what a cluster does only on a bad day.
 */
export class BrokerServer {
  readonly #options: typeof DEFAULTS & BrokerOptions;
  readonly #log: (line: string) => void;
  readonly #topics: Topics;
  readonly #groups: Groups;
  readonly #dispatcher: Dispatcher;
  readonly #connections = new Set<Connection>();
  readonly #server = net.createServer((socket) => this.#accept(new Connection(socket, this.#options.maxRequestBytes)));
  #retentionTimer: NodeJS.Timeout | undefined;
  #port = 0;

  /** Reads back what the directory holds. Throws on I/O errors and on a host that is not loopback. */
  constructor(options: BrokerOptions = {}, { now = Date.now, log = console.error }: BrokerSurroundings = {}) {
    this.#options = { ...DEFAULTS, ...options };
    const { host, dataDir, retentionBytes, retentionMs, maxBatchBytes } = this.#options;
    if (!LOOPBACK_HOST.test(host)) throw new Error(`The broker serves loopback addresses only, not "${host}".`);
    this.#log = log;
    this.#topics = new Topics(dataDir, { retentionBytes, retentionMs, maxBatchBytes, now, log });
    this.#groups = new Groups(new GroupOffsets(dataDir));
    this.#dispatcher = new Dispatcher(this.#cluster());
    this.#server.maxConnections = MAX_CONNECTIONS;
  }

  /** Resolves to the address, "host:port", once it accepts connections. Rejects when the port is taken. */
  async start(): Promise<string> {
    const { host, port } = this.#options;
    this.#server.listen(port, host);
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
    this.#retentionTimer = setInterval(() => this.#retain(), RETENTION_CHECK_MS);
    return `${host}:${this.#port}`;
  }

  /** Accepts no more connections, ends those there are, and makes everything that was acknowledged durable. */
  async stop(): Promise<void> {
    clearInterval(this.#retentionTimer);
    const closed = this.#server.listening ? once(this.#server, 'close') : undefined;
    this.#server.close();
    this.dropConnections();
    await closed;
    this.#groups.close();
    this.#topics.flush();
    this.#groups.offsets.flush();
    this.#topics.close();
    this.#groups.offsets.close();
  }

  createTopic(name: string, partitions = this.#options.partitions): void {
    const error = this.#topics.create(name, partitions);
    if (error !== 0) throw new Error(`Topic "${name}" cannot be created: error ${error}.`);
  }

  deleteTopic(name: string): void {
    const error = this.#topics.delete(name);
    if (error !== 0) throw new Error(`Topic "${name}" cannot be deleted: error ${error}.`);
    this.#groups.offsets.forgetTopic(name);
  }

  /** Deletes a topic and creates it again, empty and with as many partitions. */
  recreateTopic(name: string): void {
    const partitions = this.#topics.get(name)?.partitions.length;
    this.deleteTopic(name);
    this.createTopic(name, partitions);
  }

  /** The first offset of a partition, and the one after its last. */
  offsets(topic: string, partition: number): { start: number; end: number } {
    const log = this.#partition(topic, partition);
    return { start: log.startOffset, end: log.endOffset };
  }

  /** Commits an offset for a group, whatever its members do. */
  commitOffset(groupId: string, topic: string, partition: number, offset: number): void {
    this.#groups.offsets.commit(groupId, topic, partition, { offset, metadata: '' });
  }

  /** Deletes a partition's records before an offset, as retention and DeleteRecords do. */
  deleteRecordsBefore(topic: string, partition: number, offset: number): void {
    if (!this.#partition(topic, partition).deleteBefore(offset)) throw new Error(`${topic} ends before ${offset}.`);
  }

  /** Loses a partition's records from the batch with this offset on, as an unclean failover does. */
  loseTail(topic: string, partition: number, offset: number): void {
    this.#partition(topic, partition).loseTail(offset);
  }

  /** Leaves a gap before the next record, as compaction and transaction markers do. */
  skipOffsets(topic: string, partition: number, count: number): void {
    this.#partition(topic, partition).skip(count);
  }

  applyRetention(): void {
    this.#topics.applyRetention();
  }

  /** Makes a stable group's members join again. */
  forceRebalance(groupId: string): void {
    this.#groups.find(groupId)?.forceRebalance();
  }

  dropConnections(): void {
    for (const connection of this.#connections) connection.close();
  }

  /** The next `count` requests of an API are delayed, fail, or lose their connection. */
  inject(api: ApiName, fault: Fault, count = 1): void {
    this.#dispatcher.faults.add(api, fault, count);
  }

  clearFaults(): void {
    this.#dispatcher.faults.clear();
  }

  /** Resolves at the next request of this API: what a test waits for instead of sleeping. */
  nextRequest(api: ApiName, stage: RequestStage = 'handled'): Promise<void> {
    return this.#dispatcher.nextRequest(api, stage);
  }

  /** What a full disk keeps from being done now is done later. */
  #retain(): void {
    try {
      this.applyRetention();
    } catch (error) {
      this.#log(`Old records could not be deleted: ${String(error)}`);
    }
  }

  #partition(topic: string, partition: number): PartitionLog {
    const log = this.#topics.log(topic, partition);
    if (log === undefined) throw new Error(`There is no partition ${partition} of topic "${topic}".`);
    return log;
  }

  #accept(connection: Connection): void {
    this.#connections.add(connection);
    connection
      .serve((request, client) => this.#dispatcher.answer(request, client))
      .catch((error: unknown) => {
        // A client that breaks the protocol, or that is gone, is its own business; anything else is a mistake in here.
        if (!(error instanceof WireError) && !isConnectionLost(error))
          this.#log(`A request failed: ${String((error as Error).stack ?? error)}`);
      })
      .finally(() => this.#connections.delete(connection));
  }

  #cluster(): Cluster {
    const { host, partitions, autoCreateTopics, retentionBytes, retentionMs, maxBatchBytes } = this.#options;
    // Ids must not come again after a restart, as the logs remember the sequences of earlier producers.
    let producerId = Date.now() * 1000;
    const port = (): number => this.#port;
    return {
      id: `tripline-${randomUUID()}`,
      host,
      get port() {
        return port();
      },
      topics: this.#topics,
      groups: this.#groups,
      partitionsPerTopic: partitions,
      autoCreateTopics,
      retentionBytes,
      retentionMs,
      maxBatchBytes,
      newProducerId: () => producerId++,
    };
  }
}

function isConnectionLost(error: unknown): boolean {
  return ['ECONNRESET', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE'].includes((error as NodeJS.ErrnoException).code ?? '');
}
