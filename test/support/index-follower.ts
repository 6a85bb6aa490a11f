import { builtInCatalog } from '../../src/core/catalog.js';
import { Engine } from '../../src/engine/engine.js';
import type { PartitionEngine } from '../../src/engine/partition-engine.js';
import { TriggerIndex } from '../../src/engine/trigger-index.js';
import { silentLog, type Log } from '../../src/observability/log.js';
import { Metrics } from '../../src/observability/metrics.js';
import { ChunkStore } from '../../src/store/chunks.js';
import { Database } from '../../src/store/database.js';
import { IndexLog } from '../../src/store/index-log.js';
import { PendingDeliveries } from '../../src/store/pending-deliveries.js';
import { StateStore } from '../../src/store/states.js';
import { testSettings } from './database.js';
import { newTopic, speedRecord } from './engine-world.js';
import { eventually } from './product.js';

const PARTITIONS = 3;
const RETRY_DELAYS = { firstMs: 20, mostMs: 200 };

interface Produced {
  vehicle: string;
  value: number;
  done: () => void;
}

/**
 * An engine as a process of its own has it, with connections of its own, and a topic of its own whose records it gets in
 * batches: what was produced while it was busy.
 */
export class IndexFollower {
  /** How often the whole index had to be loaded again. */
  reloads = 0;
  private readonly lanes: Lane[] = [];

  private constructor(
    private readonly database: Database,
    readonly index: TriggerIndex,
  ) {}

  static async start(url: string): Promise<IndexFollower> {
    const database = await Database.open(testSettings(url));
    const metrics = new Metrics();
    const log: Log = { ...silentLog, warn: () => void (follower.reloads += 1) };
    const index = new TriggerIndex({ changes: new IndexLog(database), log, metrics });
    const follower = new IndexFollower(database, index);
    const stores = { chunks: new ChunkStore(database), states: new StateStore(database) };
    const engine = new Engine({
      ...{ ...stores, index, pending: new PendingDeliveries(database), catalog: builtInCatalog },
      ...{ ring: () => undefined, log: silentLog, metrics, retryDelays: RETRY_DELAYS },
    });
    await engine.load();
    const topic = newTopic();
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const open = async () => {
        const position = await stores.chunks.open(topic, partition, 0n);
        return engine.partition({ topic, partition, partitionCount: PARTITIONS, metricKind: 'signal', position });
      };
      follower.lanes.push(new Lane(await open(), open));
    }
    return follower;
  }

  /** Appends a record of a vehicle with one reading; resolves when it has been processed. */
  produce(vehicle: string, value: number): Promise<void> {
    return this.lanes[value % PARTITIONS]!.produce(vehicle, value);
  }

  async close(): Promise<void> {
    for (const lane of this.lanes) lane.isLive = false;
    await Promise.all(this.lanes.map((lane) => lane.running));
    await this.database.close();
  }
}

/** One partition, and what was produced to it and not processed yet. */
class Lane {
  isLive = true;
  running = Promise.resolve();
  private offset = 0;
  private waiting: Produced[] = [];

  constructor(
    private partition: PartitionEngine,
    private readonly open: () => Promise<PartitionEngine>,
  ) {}

  produce(vehicle: string, value: number): Promise<void> {
    return new Promise((done) => {
      this.waiting.push({ vehicle, value, done });
      if (this.waiting.length === 1) this.running = this.running.then(() => this.processWaiting());
    });
  }

  private async processWaiting(): Promise<void> {
    const batch = this.waiting;
    this.waiting = [];
    const records = batch.map(({ vehicle, value }) => speedRecord(this.offset++, vehicle, [value]));
    while (this.isLive) {
      const live = () => this.isLive;
      if ((await this.partition.process(records, live, () => Promise.resolve())) === 'ok') break;
      // A commit whose answer was lost was done all the same: the database says where to go on.
      await eventually(async () => {
        if (this.isLive) this.partition = await this.open();
        return true;
      }, 'the partition is opened again');
    }
    for (const { done } of batch) done();
  }
}
