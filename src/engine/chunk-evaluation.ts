import type { Catalog } from '../core/catalog.js';
import { firingEvent } from '../core/cloud-event.js';
import type { Condition } from '../core/condition.js';
import { afterFiring, type Outcome } from '../core/evaluate.js';
import { deliveryId, eventId } from '../core/event-id.js';
import type { Sample } from '../core/sample.js';
import { encodeReading, type State } from '../core/state.js';
import {
  outcomeOf,
  type ChunkLimits,
  type ChunkPlan,
  type Cursor,
  type Match,
  type PlannedRecord,
} from './chunk-plan.js';
import { Deadline } from './deadline.js';
import type { DeadLetter } from './dead-letter-budget.js';
import type { OpenPair } from './partition-states.js';
import type { SourceRecord } from './record.js';
import type { Pair } from './state-cache.js';
import type { FiringRow, StateRow } from './stores.js';

/** The second half of a chunk: everything it would store. Computing it has no effect, so it may be thrown away. */
export interface ChunkResult {
  /** Where the next chunk begins; before the end of the plan when a limit came first. */
  end: Cursor;
  firings: FiringRow[];
  /** What the pairs remember afterwards, each once, `version` still the one that was read. */
  states: Map<OpenPair, State>;
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
  /** The pair of each match that the plan leaves open, in the order of the plan. */
  pairs: readonly OpenPair[];
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
  return [...states].map(([{ indexed, vehicle }, state]) => ({
    triggerId: indexed.trigger.id,
    vehicle,
    expectedVersion: state.version,
    revision: indexed.trigger.revision,
    firedAtMs: state.firedAtMs!,
    previous: encodeReading(state.previous!),
    sequence: state.sequence,
  }));
}

/** How many deliveries of each license firings queue; licenses of which all was held are among them. */
export function queuedByLicense(firings: ChunkResult['firings']): Map<string, number> {
  const queued = new Map<string, number>();
  for (const { license, isHeld } of firings) queued.set(license, (queued.get(license) ?? 0) + (isHeld ? 0 : 1));
  return queued;
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
  /** Of the open matches, which comes next. */
  private nextOpen = 0;
  /** Conditions that were asked since it was last looked whether the time is over. */
  private asked = 0;

  constructor(private readonly context: ChunkContext) {}

  run(plan: ChunkPlan): ChunkResult {
    const deadline = new Deadline(this.context.now, this.context.limits.evaluationMs);
    for (const planned of plan.records) {
      this.result.end = this.evaluateRecord(planned, deadline);
      this.account(planned);
      if (this.result.end !== planned.end || this.isFull(deadline)) break;
    }
    return this.result;
  }

  /** Resolves to the planned end, or to where a limit cut the record. */
  private evaluateRecord({ record, samples, end }: PlannedRecord, deadline: Deadline): Cursor {
    for (let place = 0; place < samples.length; place++) {
      const { sample, matches, notMet } = samples[place]!;
      if (notMet > 0) increment(this.result.outcomes, 'not_met', notMet);
      for (const match of matches) this.decide(match, sample, record);
      const isLast = place === samples.length - 1;
      if (!isLast && this.isFull(deadline)) return { offset: record.offset, index: sample.index + 1 };
    }
    return end;
  }

  private isFull(deadline: Deadline): boolean {
    if (this.result.firings.length >= this.context.limits.firings) return true;
    const { asked } = this;
    this.asked = 0;
    return asked > 0 && deadline.isOver(asked);
  }

  private decide(match: Match, sample: Sample, record: SourceRecord): void {
    if (match.settled) {
      if (match.settled.kind === 'failed') this.fail(match, sample, match.settled);
      return increment(this.result.outcomes, match.settled.kind);
    }
    this.asked += 1;
    const { trigger } = match.indexed;
    const pair = this.context.pairs[this.nextOpen++]!;
    const outcome = this.ask(match, pair, sample, record.arrivalMs);
    let kind: OutcomeKind = outcome.kind;
    if (outcome.kind === 'failed') this.fail(match, sample, outcome);
    if (outcome.kind === 'fired') kind = this.mayFire(trigger.license) ? this.fire(pair, sample, record) : 'throttled';
    if (kind === 'throttled') increment(this.result.throttledLicenses, trigger.license);
    increment(this.result.outcomes, kind);
  }

  private ask({ indexed, isMet }: Match, pair: OpenPair, sample: Sample, arrivalMs: number): Outcome {
    const rule = { condition: isMet ? MET : indexed.condition, cooldownMs: indexed.trigger.cooldownMs };
    return outcomeOf(rule, this.stateOf(pair), sample, arrivalMs);
  }

  private stateOf(pair: OpenPair): State {
    return this.result.states.get(pair) ?? pair.state;
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

  private fire(pair: OpenPair, sample: Sample, record: SourceRecord): 'fired' | 'failed' {
    const state = afterFiring(this.stateOf(pair), sample, record.arrivalMs);
    try {
      this.result.firings.push(this.firingRow(pair, state.sequence, sample, record));
    } catch (error) {
      // A payload that cannot be built must not hold up the stream; the state is as if the sample had not come.
      this.fail(pair, sample, { code: 'payload', message: error instanceof Error ? error.message : String(error) });
      return 'failed';
    }
    this.result.states.set(pair, state);
    return 'fired';
  }

  private firingRow({ indexed, vehicle }: Pair, sequence: number, sample: Sample, record: SourceRecord): FiringRow {
    const { trigger } = indexed;
    const { topic, partition, logEpoch, catalog } = this.context;
    const { offset, arrivalMs, traceparent } = record;
    const cause = { topic, logEpoch, partition, offset, index: sample.index };
    const id = eventId(arrivalMs, trigger.id, vehicle, cause);
    const timeMs = this.context.wallNow();
    const payload = firingEvent({ id, timeMs, sequence, trigger, sample, traceparent }, catalog);
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

  private fail(
    { indexed }: Pick<Match, 'indexed'>,
    { vehicle }: Sample,
    { code, message }: { code: string; message: string },
  ): void {
    const { id, license } = indexed.trigger;
    this.result.failures.push({ triggerId: id, license, vehicle, code, message });
  }

  /** Counts what was done of a record, and collects what of it could not be read. */
  private account({ record, message, fromIndex }: PlannedRecord): void {
    const { offset, value } = record;
    const isWhole = this.result.end.offset > offset;
    if (isWhole) this.result.records += 1;
    if (message.kind === 'unwatched') return;
    if (message.kind === 'poison') {
      this.result.letters.push({ offset, index: null, reason: message.reason, detail: message.detail, value });
      return;
    }
    const before = isWhole ? message.entryCount : this.result.end.index;
    this.result.samples += Math.max(before - fromIndex, 0);
    for (const { index, reason, detail } of message.rejected) {
      if (index < fromIndex || index >= before) continue;
      this.result.samples -= 1;
      this.result.letters.push({ offset, index, reason, detail, value });
    }
  }
}

function increment<Key>(counts: Map<Key, number>, key: Key, by = 1): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
}
