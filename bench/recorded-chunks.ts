import { builtInCatalog } from '../src/core/catalog.js';
import { Engine } from '../src/engine/engine.js';
import { partitionOf } from '../src/engine/murmur2.js';
import type { SourceRecord } from '../src/engine/record.js';
import type { Chunk, Chunks, Position } from '../src/engine/stores.js';
import { TriggerIndex } from '../src/engine/trigger-index.js';
import { silentLog } from '../src/observability/log.js';
import { Metrics } from '../src/observability/metrics.js';
import { SCATTERED_BUCKETS } from '../src/store/chunks.js';
import type { Database } from '../src/store/database.js';
import { IndexLog } from '../src/store/index-log.js';
import { messagesOf } from './fleet-records.js';

/**
 * What an engine commits for a fleet's records when nothing is stored yet, by partition and in order: it is asked, and its
 * commits are written down instead of stored. Stored later, in this order and from nothing, they fit.
 */
export async function recordedChunks(
  database: Database,
  fleet: { topic: string; records: number; vehicles: number; partitions: number },
): Promise<Chunk[][]> {
  const { topic, partitions } = fleet;
  const [log, metrics] = [silentLog, new Metrics()];
  const index = new TriggerIndex({ changes: new IndexLog(database), log, metrics });
  const recorder = new ChunkRecorder(partitions);
  const engine = new Engine({
    ...{ index, chunks: recorder, catalog: builtInCatalog, ring: () => undefined, log, metrics },
    states: { load: () => Promise.resolve(new Map()) },
    pending: { count: () => Promise.resolve(new Map()), limits: () => Promise.resolve(new Map()) },
  });
  await engine.load();
  for (const [partition, records] of recordsOf(fleet).entries()) {
    const position = await recorder.open(topic, partition, 0n);
    const stream = { topic, partition, partitionCount: partitions, metricKind: 'signal' } as const;
    await engine.partition({ ...stream, position }).process(
      records,
      () => true,
      () => Promise.resolve(),
    );
  }
  return recorder.committed;
}

class ChunkRecorder implements Chunks {
  readonly committed: Chunk[][];

  constructor(partitions: number) {
    this.committed = Array.from({ length: partitions }, () => []);
  }

  positions(): ReturnType<Chunks['positions']> {
    return Promise.resolve(new Map<number, Position>());
  }

  open(_topic: string, _partition: number, nextOffset: bigint): ReturnType<Chunks['open']> {
    return Promise.resolve({ logEpoch: 0, nextOffset, nextIndex: 0, version: 0n });
  }

  commit(chunk: Chunk): ReturnType<Chunks['commit']> {
    this.committed[chunk.partition]!.push(chunk);
    const { position, nextOffset, nextIndex } = chunk;
    const after = { ...position, nextOffset, nextIndex, version: position.version + 1n };
    return Promise.resolve({ kind: 'ok', position: after, rung: [] });
  }

  move(): ReturnType<Chunks['move']> {
    return Promise.resolve({ kind: 'fenced' });
  }

  lately(): ReturnType<Chunks['lately']> {
    return Promise.resolve({ indexHead: 0n, scattered: new Array<bigint>(SCATTERED_BUCKETS).fill(0n) });
  }
}

function recordsOf(fleet: { records: number; vehicles: number; partitions: number }): SourceRecord[][] {
  const partitions = Array.from({ length: fleet.partitions }, (): SourceRecord[] => []);
  for (const message of messagesOf(fleet)) {
    const key = Buffer.from(message.key);
    const partition = partitions[partitionOf(key, fleet.partitions)]!;
    const offset = BigInt(partition.length);
    partition.push({ offset, key, value: Buffer.from(message.value), arrivalMs: Date.now() });
  }
  return partitions;
}
