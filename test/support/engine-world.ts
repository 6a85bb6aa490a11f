import { randomUUID } from 'node:crypto';
import { builtInCatalog } from '../../src/core/catalog.js';
import { checkCondition } from '../../src/core/condition.js';
import { Engine, type EngineOptions } from '../../src/engine/engine.js';
import type { PartitionEngine } from '../../src/engine/partition-engine.js';
import type { SourceRecord } from '../../src/engine/record.js';
import { TriggerIndex } from '../../src/engine/trigger-index.js';
import { silentLog } from '../../src/observability/log.js';
import { Metrics } from '../../src/observability/metrics.js';
import { ChunkStore } from '../../src/store/chunks.js';
import { Database } from '../../src/store/database.js';
import { IndexLog } from '../../src/store/index-log.js';
import { PendingDeliveries } from '../../src/store/pending-deliveries.js';
import type { QuotaBlocks } from '../../src/store/quota-blocks.js';
import { StateStore } from '../../src/store/states.js';
import { SubscriptionStore } from '../../src/store/subscriptions.js';
import { TriggerStore, type NewTrigger } from '../../src/store/triggers.js';
import { createTestDatabase, testSettings } from './database.js';
import { beginMinute, blocksOver } from './database-minute.js';
import { actorOf, newTrigger, UNLIMITED } from './triggers.js';

/** A firing as it stands in the event log, with what a test looks at. */
export interface StoredFiring {
  id: string;
  triggerId: string;
  vehicle: string;
  sequence: number;
  value: unknown;
  payload: Record<string, unknown>;
}

interface EventRow {
  id: string;
  trigger_id: string;
  vehicle: string;
  payload: string;
}

/** A database with everything of the store on it, and engines as processes of their own would have them. */
export class EngineWorld {
  readonly triggers: TriggerStore;
  readonly subscriptions: SubscriptionStore;
  readonly chunks: ChunkStore;
  readonly states: StateStore;
  readonly pending: PendingDeliveries;
  readonly rung: string[] = [];

  private constructor(
    readonly database: Database,
    private readonly drop: () => Promise<void>,
  ) {
    this.triggers = new TriggerStore(database, UNLIMITED);
    this.subscriptions = new SubscriptionStore(database, UNLIMITED);
    this.chunks = new ChunkStore(database);
    this.states = new StateStore(database);
    this.pending = new PendingDeliveries(database);
  }

  static async create(): Promise<EngineWorld> {
    const test = await createTestDatabase();
    const database = await Database.open({ ...testSettings(test.url), dataPoolSize: 12 });
    return new EngineWorld(database, () => test.drop());
  }

  /** Over a database that somebody else opened, and closes. */
  static over(database: Database): EngineWorld {
    return new EngineWorld(database, () => Promise.resolve());
  }

  async close(): Promise<void> {
    await this.database.close();
    await this.drop();
  }

  /** Registers a trigger on `speed`, checked as the API does, and subscribes vehicles to it; resolves to its id. */
  async trigger(
    condition: string,
    given: Partial<NewTrigger> = {},
    vehicles: string[] = [],
    actor = actorOf(),
  ): Promise<string> {
    const trigger = newTrigger({ cooldownSeconds: 0, ...given, condition });
    const check = checkCondition(trigger.valueKind, condition);
    if (check.kind === 'invalid') throw new Error(check.error.message);
    await this.triggers.create(actor, { ...trigger, normalizedCondition: check.normalized });
    if (vehicles.length > 0) await this.subscriptions.add(actor, trigger.id, vehicles);
    return trigger.id;
  }

  /** An engine as a process that has just started has it. */
  async engine(options: Partial<EngineOptions> = {}): Promise<Engine> {
    const log = options.log ?? silentLog;
    const metrics = options.metrics ?? new Metrics();
    const index = new TriggerIndex({ changes: new IndexLog(this.database), log, metrics });
    const { chunks, states, pending } = this;
    const ring = (endpointIds: string[]) => void this.rung.push(...endpointIds);
    // No chunk of a test ends because the machine is slow.
    const limits = { evaluationMs: 60_000, ...options.limits };
    const fixed = { index, chunks, states, pending, catalog: builtInCatalog, ring, log, metrics };
    const engine = new Engine({ ...fixed, ...options, limits });
    await engine.load();
    return engine;
  }

  /** What a process of its own has of the database's minute, which is begun anew. */
  async quotaBlocks(most: number): Promise<QuotaBlocks> {
    await beginMinute(this.database);
    return blocksOver(this.database, most);
  }

  /** Opens a partition of signals where the database says, at the start the first time. */
  async open(engine: Engine, topic: string, given: Place = {}): Promise<PartitionEngine> {
    const { partition = 0, partitionCount = 1, metricKind = 'signal' } = given;
    const position = await this.chunks.open(topic, partition, 0n, partitionCount);
    return engine.partition({ topic, partition, partitionCount, metricKind, position });
  }

  /** The firings of a trigger, in the order in which they happened. */
  async firings(triggerId: string): Promise<StoredFiring[]> {
    const { rows } = await this.database.pool.query<EventRow>(
      `select id, trigger_id, vehicle, payload from events where type = 'trigger.fired' and trigger_id = $1
       order by (payload::json ->> 'sequence')::int, vehicle`,
      [triggerId],
    );
    return rows.map(({ id, trigger_id: firedTriggerId, vehicle, payload }) => {
      const parsed = JSON.parse(payload) as Record<string, unknown> & { data: { signal?: { value: unknown } } };
      const sequence = Number(parsed.sequence);
      return { id, triggerId: firedTriggerId, vehicle, sequence, value: parsed.data.signal?.value, payload: parsed };
    });
  }

  async count(table: 'events' | 'outbox' | 'deliveries' | 'states' | 'dead_letters'): Promise<number> {
    const { rows } = await this.database.pool.query<{ count: string }>(`select count(*) from ${table}`);
    return Number(rows[0]!.count);
  }

  async deadLetters(
    topic: string,
  ): Promise<{ offset: number; index: number | null; reason: string; suppressed: number }[]> {
    const { rows } = await this.database.pool.query<{
      record_offset: string;
      sample_index: number | null;
      reason: string;
      suppressed: number;
    }>(
      `select record_offset, sample_index, reason, suppressed from dead_letters
       where topic = $1 order by record_offset, sample_index`,
      [topic],
    );
    return rows.map((row) => ({
      ...{ offset: Number(row.record_offset), index: row.sample_index },
      ...{ reason: row.reason, suppressed: row.suppressed },
    }));
  }
}

export interface Place {
  partition?: number;
  partitionCount?: number;
  metricKind?: 'signal' | 'event';
}

/** A topic that no other test has. */
export function newTopic(): string {
  return `topic-${randomUUID()}`;
}

/** The text of a report with some readings of `speed`, or whole entries. */
export function speedReport(vehicle: string, readings: readonly (number | object)[]): string {
  const signals = readings.map((reading) =>
    typeof reading === 'object'
      ? reading
      : { timestamp: '2026-01-15T12:00:00Z', name: 'speed', valueNumber: reading, valueString: '' },
  );
  return JSON.stringify({ specversion: '1.0', type: 'dimo.signals', subject: vehicle, data: { signals } });
}

/** A record with a report, keyed by its vehicle, that arrived a second after the one before it. */
export function speedRecord(
  offset: number | bigint,
  vehicle: string,
  readings: readonly (number | object)[],
  given: Partial<SourceRecord> = {},
): SourceRecord {
  const arrivalMs = Date.UTC(2026, 0, 15) + Number(offset) * 1000;
  const value = Buffer.from(speedReport(vehicle, readings));
  return { offset: BigInt(offset), key: Buffer.from(vehicle), value, arrivalMs, ...given };
}

/** Lets an engine process records that are live for all the time; resolves to its answer and the offsets it reported. */
export async function process(
  partition: PartitionEngine,
  records: SourceRecord[],
): Promise<{ answer: string; offsets: number[] }> {
  const offsets: number[] = [];
  const answer = await partition.process(
    records,
    () => true,
    (nextOffset) => Promise.resolve(void offsets.push(Number(nextOffset))),
  );
  return { answer, offsets };
}
