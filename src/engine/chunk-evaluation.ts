import type { Catalog } from '../core/catalog.js';
import { firingEvent } from '../core/cloud-event.js';
import type { Condition } from '../core/condition.js';
import { afterFiring, type Outcome } from '../core/evaluate.js';
import { deliveryId, eventId } from '../core/event-id.js';
import type { Sample } from '../core/sample.js';
import { EMPTY_STATE, encodeReading, type State } from '../core/state.js';
import {
  outcomeOf,
  type ChunkLimits,
  type ChunkPlan,
  type Cursor,
  type Match,
  type PlannedRecord,
} from './chunk-plan.js';
import type { DeadLetter } from './dead-letter-budget.js';
import { pairKey, type Pair } from './state-cache.js';
import type { SourceRecord } from './record.js';
import type { FiringRow, StateRow } from './stores.js';

/** The second half of a chunk: everything it would store. Computing it has no effect, so it may be thrown away. */
export interface ChunkResult {
  /** Where the next chunk begins; before the end of the plan when a limit came first. */
  end: Cursor;
  firings: FiringRow[];
  /** What the pairs remember afterwards, each once, `version` still the one that was read. */
  states: Map<string, { pair: Pair; state: State }>;
  letters: DeadLetter[];
  records: number;
  samples: number;
  outcomes: Map<OutcomeKind, number>;
  failures: { triggerId: string; license: string; vehicle: string; code: string; message: string }[];
  /** How many samples would have fired above their license's quota. */
  throttledLicenses: Map<string, number>;
  /** How many firings, of each license, have deliveries that are held because too many are pending. */
  heldLicenses: Map<string, number>;
}

export type OutcomeKind = Outcome['kind'] | 'throttled';

export interface ChunkContext {
  topic: string;
  partition: number;
  logEpoch: number;
  catalog: Catalog;
  limits: ChunkLimits;
  now: () => number;
  /** When a firing happened, for whoever receives it. */
  wallNow: () => number;
  /** The states of all pairs that the plan leaves open, by `pairKey`. */
  states: ReadonlyMap<string, State>;
  /** How many firings a license has left, as far as is known. */
  firingsLeft: (license: string) => number;
  /** How many deliveries of a license may still be queued. */
  pendingLeft: (license: string) => number;
}

/** A condition that has been asked already and holds. */
const MET: Condition = { readsPrevious: false, evaluate: () => true };

/**
 * Decides a plan under the states that were loaded for it, in the order of the stream: each sample sees what those
 * before it left. Synchronous. It stops after the sample that reached a limit.
 */
export function evaluateChunk(plan: ChunkPlan, context: ChunkContext): ChunkResult {
  return new ChunkEvaluation(context).run(plan);
}

/** The rows of `states`: what each was computed from, and what it becomes. */
export function stateRows(states: ChunkResult['states']): StateRow[] {
  return [...states.values()].map(({ pair: { indexed, vehicle }, state }) => ({
    triggerId: indexed.trigger.id,
    vehicle,
    expectedVersion: state.version,
    revision: indexed.trigger.revision,
    firedAtMs: state.firedAtMs!,
    previous: encodeReading(state.previous!),
    sequence: state.sequence,
  }));
}

/** The result of a chunk in which nothing happened. */
export function emptyResult(end: Cursor): ChunkResult {
  const counts = { records: 0, samples: 0, outcomes: new Map<OutcomeKind, number>() };
  const troubles = {
    failures: [],
    throttledLicenses: new Map<string, number>(),
    heldLicenses: new Map<string, number>(),
  };
  return { end, firings: [], states: new Map(), letters: [], ...counts, ...troubles };
}

class ChunkEvaluation {
  private readonly result = emptyResult({ offset: 0n, index: 0 });
  private readonly firingsByLicense = new Map<string, number>();
  private readonly queuedByLicense = new Map<string, number>();

  constructor(private readonly context: ChunkContext) {}

  run(plan: ChunkPlan): ChunkResult {
    const deadlineMs = this.context.now() + this.context.limits.evaluationMs;
    for (const planned of plan.records) {
      this.result.end = this.evaluateRecord(planned, deadlineMs);
      this.account(planned);
      if (this.result.end !== planned.end || this.isFull(deadlineMs)) break;
    }
    return this.result;
  }

  /** Resolves to the planned end, or to where a limit cut the record. */
  private evaluateRecord({ record, samples, end }: PlannedRecord, deadlineMs: number): Cursor {
    for (const [place, { sample, matches }] of samples.entries()) {
      for (const match of matches) this.decide(match, sample, record);
      const isLast = place === samples.length - 1;
      if (!isLast && this.isFull(deadlineMs)) return { offset: record.offset, index: sample.index + 1 };
    }
    return end;
  }

  private isFull(deadlineMs: number): boolean {
    return this.result.firings.length >= this.context.limits.firings || this.context.now() >= deadlineMs;
  }

  private decide(match: Match, sample: Sample, record: SourceRecord): void {
    const { trigger, condition } = match.indexed;
    let kind: OutcomeKind;
    const outcome = match.settled ?? this.ask(match, match.isMet ? MET : condition, sample, record.arrivalMs);
    kind = outcome.kind;
    if (outcome.kind === 'failed') this.fail(match, sample, outcome);
    if (outcome.kind === 'fired') kind = this.mayFire(trigger.license) ? this.fire(match, sample, record) : 'throttled';
    if (kind === 'throttled') increment(this.result.throttledLicenses, trigger.license);
    increment(this.result.outcomes, kind);
  }

  private ask({ indexed }: Match, condition: Condition, sample: Sample, arrivalMs: number): Outcome {
    const state = this.stateOf({ indexed, vehicle: sample.vehicle });
    return outcomeOf({ condition, cooldownMs: indexed.trigger.cooldownMs }, state, sample, arrivalMs);
  }

  private stateOf(pair: Pair): State {
    const key = pairKey(pair);
    return this.result.states.get(key)?.state ?? this.context.states.get(key) ?? EMPTY_STATE;
  }

  private mayFire(license: string): boolean {
    const fired = this.firingsByLicense.get(license) ?? 0;
    if (fired + 1 > this.context.firingsLeft(license)) return false;
    this.firingsByLicense.set(license, fired + 1);
    return true;
  }

  /** Whether a firing's deliveries are held back; those of a throttled sample never come into being. */
  private isHeld(license: string): boolean {
    const queued = this.queuedByLicense.get(license) ?? 0;
    const isHeld = queued + 1 > this.context.pendingLeft(license);
    increment(isHeld ? this.result.heldLicenses : this.queuedByLicense, license);
    return isHeld;
  }

  private fire(match: Match, sample: Sample, record: SourceRecord): 'fired' | 'failed' {
    const pair = { indexed: match.indexed, vehicle: sample.vehicle };
    const state = afterFiring(this.stateOf(pair), sample, record.arrivalMs);
    try {
      this.result.firings.push(this.firingRow(pair, state.sequence, sample, record));
    } catch (error) {
      // A payload that cannot be built must not hold up the stream; the state is as if the sample had not come.
      this.fail(match, sample, { code: 'payload', message: error instanceof Error ? error.message : String(error) });
      return 'failed';
    }
    this.result.states.set(pairKey(pair), { pair, state });
    return 'fired';
  }

  private firingRow({ indexed, vehicle }: Pair, sequence: number, sample: Sample, record: SourceRecord): FiringRow {
    const { trigger } = indexed;
    const { topic, partition, logEpoch, catalog } = this.context;
    const { offset, arrivalMs, traceparent } = record;
    const cause = { topic, logEpoch, partition, offset, index: sample.index };
    const id = eventId(arrivalMs, trigger.id, vehicle, cause);
    const trace = traceparent === undefined ? {} : { traceparent };
    const payload = firingEvent({ id, timeMs: this.context.wallNow(), sequence, trigger, sample, ...trace }, catalog);
    return {
      eventId: id,
      license: trigger.license,
      triggerId: trigger.id,
      vehicle,
      payload,
      deliveryId: deliveryId(id, trigger.endpointId),
      endpointId: trigger.endpointId,
      isHeld: this.isHeld(trigger.license),
    };
  }

  private fail({ indexed }: Match, { vehicle }: Sample, { code, message }: { code: string; message: string }): void {
    const { id, license } = indexed.trigger;
    this.result.failures.push({ triggerId: id, license, vehicle, code, message });
  }

  /** Counts what was done of a record, and collects what of it could not be read. */
  private account({ record, message, fromIndex }: PlannedRecord): void {
    const { offset, value } = record;
    const isWhole = this.result.end.offset > offset;
    if (isWhole) this.result.records += 1;
    if (message.kind === 'poison') {
      this.result.letters.push({ offset, index: null, reason: message.reason, detail: message.detail, value });
      return;
    }
    const isDone = ({ index }: { index: number }) => index >= fromIndex && (isWhole || index < this.result.end.index);
    this.result.samples += message.samples.filter(isDone).length;
    for (const { index, reason, detail } of message.rejected.filter(isDone)) {
      this.result.letters.push({ offset, index, reason, detail, value });
    }
  }
}

function increment<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
