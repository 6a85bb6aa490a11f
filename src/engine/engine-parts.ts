import type { Catalog } from '../core/catalog.js';
import type { ChunkLimits } from './chunk-plan.js';
import type { DeadLetterBudget } from './dead-letter-budget.js';
import type { EngineReports } from './engine-reports.js';
import type { FiringQuota } from './firing-quota.js';
import type { OwnerNotices } from './owner-notices.js';
import type { PendingLimit } from './pending-limit.js';
import type { Delays } from './retry.js';
import type { ScatteredVehicles } from './scattered-vehicles.js';
import type { Chunks, Lately, States } from './stores.js';
import type { TriggerIndex } from './trigger-index.js';

export interface EngineLimits extends ChunkLimits {
  /** How long progress without effects may stay unstored. */
  flushMs: number;
  /** States that one partition keeps in memory, about 400 bytes each. */
  cachedStates: number;
  stateAgeMs: number;
  deadLettersPerMinute: number;
  /** Of a license without a limit of its own, in the whole queue; above it the deliveries of what fires are held. */
  pendingDeliveries: number;
  /** Between two looks at how many are pending. */
  pendingLookMs: number;
}

/**
 * A chunk's limits are where more stops paying: a larger commit holds its locks
 * longer without being faster for each firing, and 20 ms is what other partitions and heartbeats can wait.
 */
export const ENGINE_LIMITS: EngineLimits = {
  records: 500,
  firings: 100,
  bytes: 1024 * 1024,
  evaluationMs: 20,
  flushMs: 1000,
  cachedStates: 20_000,
  stateAgeMs: 60_000,
  deadLettersPerMinute: 100,
  pendingDeliveries: Infinity,
  pendingLookMs: 2000,
};

/** What all partitions of a process share. */
export interface EngineParts {
  index: TriggerIndex;
  chunks: Chunks;
  states: States;
  catalog: Catalog;
  ring: (endpointIds: string[]) => void;
  reports: EngineReports;
  deadLetters: DeadLetterBudget;
  firings: FiringQuota;
  pending: PendingLimit;
  notices: OwnerNotices;
  scattered: ScatteredVehicles;
  /** `readLately`; partitions of a topic that wait for it share one read, begun after each of them asked. */
  lately: (topic: string) => Promise<Lately>;
  limits: EngineLimits;
  retryDelays: Delays;
  /** A clock that never steps, in ms: for everything that lasts. */
  now: () => number;
  /** The time of day, ms since 1970: for what firings tell. */
  wallNow: () => number;
}
