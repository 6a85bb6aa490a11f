import type { Catalog } from '../core/catalog.js';
import type { ChunkLimits } from './chunk-plan.js';
import type { DeadLetterBudget } from './dead-letter-budget.js';
import type { EngineReports } from './engine-reports.js';
import type { FiringBudget } from './firing-budget.js';
import type { OwnerNotices } from './owner-notices.js';
import type { Delays } from './retry.js';
import type { ScatteredVehicles } from './scattered-vehicles.js';
import type { Chunks, States } from './stores.js';
import type { TriggerIndex } from './trigger-index.js';

export interface EngineLimits extends ChunkLimits {
  /** How long progress without effects may stay unstored. */
  flushMs: number;
  /** States that one partition keeps in memory, about 400 bytes each. */
  cachedStates: number;
  stateAgeMs: number;
  deadLettersPerMinute: number;
  /** Of one license, in this process; above it samples are `throttled`. */
  firingsPerMinute: number;
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
  firingsPerMinute: Infinity,
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
  firings: FiringBudget;
  notices: OwnerNotices;
  scattered: ScatteredVehicles;
  limits: EngineLimits;
  retryDelays: Delays;
  now: () => number;
}
