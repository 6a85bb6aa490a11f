import type { Catalog } from '../core/catalog.js';
import type { Log } from '../observability/log.js';
import type { Metrics } from '../observability/metrics.js';
import { databaseNowMs } from '../store/database-time.js';
import { DeadLetterBudget } from './dead-letter-budget.js';
import { ENGINE_LIMITS, type EngineLimits, type EngineParts } from './engine-parts.js';
import { EngineReports } from './engine-reports.js';
import { FiringQuota, type FiringBlocks } from './firing-quota.js';
import { OwnerNotices } from './owner-notices.js';
import { PendingLimit } from './pending-limit.js';
import { PartitionEngine, type Stream } from './partition-engine.js';
import type { Delays } from './retry.js';
import { ScatteredVehicles } from './scattered-vehicles.js';
import { SharedRead } from './shared-read.js';
import { StateCache } from './state-cache.js';
import type { Chunks, Pending, Position, States } from './stores.js';
import type { TriggerIndex } from './trigger-index.js';
import { expectShortLives } from './short-lives.js';

export interface EngineOptions {
  index: TriggerIndex;
  chunks: Chunks;
  states: States;
  pending: Pending;
  catalog: Catalog;
  /** Called after each commit with firings, with the endpoints that got something to deliver. */
  ring: (endpointIds: string[]) => void;
  log: Log;
  metrics: Metrics;
  limits?: Partial<EngineLimits>;
  /** What licenses may fire in a minute, over all engines; without it any number. */
  quotaBlocks?: FiringBlocks;
  /** Between tries when the database does not answer. */
  retryDelays?: Delays;
  /** A clock that never steps, in ms. It paces; no decision about a sample depends on it. */
  now?: () => number;
  /** The time of day, ms since 1970, that firings tell. It may step: nothing waits for it. */
  wallNow?: () => number;
}

/** What one process evaluates with: the index and the budgets that its partitions share. */
export class Engine {
  private readonly parts: EngineParts;
  /** The last engine of each partition: should the partition come back untouched, its cache is still right. */
  private readonly caches = new Map<string, { engine: PartitionEngine; cache: StateCache; partitionCount: number }>();

  constructor(options: EngineOptions) {
    expectShortLives();
    const { log, metrics, retryDelays = { firstMs: 100, mostMs: 5000 } } = options;
    const { now = () => performance.now(), wallNow = databaseNowMs } = options;
    const { index, chunks, states, catalog, ring } = options;
    const limits = { ...ENGINE_LIMITS, ...options.limits };
    const reports = new EngineReports({ log, metrics, now });
    const { pendingDeliveries: most, pendingLookMs: lookMs } = limits;
    const onError = (error: unknown) => reports.countFailed(error);
    const limit = new PendingLimit({ most, lookMs, pending: options.pending, now, onError });
    this.parts = {
      ...{ index, chunks, states, catalog, ring, limits, retryDelays, now, wallNow, reports },
      deadLetters: new DeadLetterBudget(limits.deadLettersPerMinute),
      firings: new FiringQuota(options.quotaBlocks),
      pending: limit,
      notices: new OwnerNotices({ pendingMost: (license) => limit.mostOf(license) }),
      scattered: new ScatteredVehicles(),
      lately: sharedByTopic((topic) => chunks.lately(topic)),
    };
  }

  /** What has to be known before the first partition is opened. Throws what the store throws. */
  async load(): Promise<void> {
    await Promise.all([this.parts.index.load(), this.parts.pending.load()]);
  }

  get index(): TriggerIndex {
    return this.parts.index;
  }

  /**
   * Opens a partition at its stored position. States that an earlier engine of the partition cached are kept when the
   * position is still the one that it stored last: then nobody else has had the partition.
   */
  partition({ position, ...stream }: Stream & { position: Position }): PartitionEngine {
    const key = `${stream.topic} ${stream.partition}`;
    const { cachedStates, stateAgeMs } = this.parts.limits;
    const earlier = this.caches.get(key);
    const isUntouched = earlier?.partitionCount === stream.partitionCount && isSame(earlier.engine.position, position);
    const cache = isUntouched ? earlier.cache : new StateCache({ entriesMax: cachedStates, maxAgeMs: stateAgeMs });
    const engine = new PartitionEngine(stream, position, cache, this.parts);
    this.caches.set(key, { engine, cache, partitionCount: stream.partitionCount });
    return engine;
  }

  /** Frees what was kept of a topic's other partitions: they are somebody else's now. */
  retain(topic: string, partitions: readonly number[]): void {
    const kept = new Set(partitions.map((partition) => `${topic} ${partition}`));
    for (const key of this.caches.keys()) if (key.startsWith(`${topic} `) && !kept.has(key)) this.caches.delete(key);
  }
}

function sharedByTopic<Answer>(read: (topic: string) => Promise<Answer>): (topic: string) => Promise<Answer> {
  const reads = new Map<string, SharedRead<Answer>>();
  return (topic) => {
    const shared = reads.get(topic) ?? new SharedRead(() => read(topic));
    reads.set(topic, shared);
    return shared.ask();
  };
}

function isSame(a: Position, b: Position): boolean {
  return a.version === b.version && a.logEpoch === b.logEpoch;
}
