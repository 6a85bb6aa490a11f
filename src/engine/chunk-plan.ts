import type { MetricKind } from '../core/catalog.js';
import { evaluate, NOT_MET, type Outcome, type Rule, staleness } from '../core/evaluate.js';
import { decodeText, type DecodedMessage, type WantedMetrics } from '../core/message.js';
import { concernsNobody } from '../core/message-subject.js';
import type { Sample } from '../core/sample.js';
import { EMPTY_STATE, type State } from '../core/state.js';
import { Deadline } from './deadline.js';
import type { SourceRecord } from './record.js';
import type { TriggerIndex } from './trigger-index.js';
import type { IndexedTrigger } from './trigger-set.js';

/** The next sample to process: the place in the message at an offset. */
export interface Cursor {
  offset: bigint;
  index: number;
}

/** One trigger on one sample. */
export interface Match {
  indexed: IndexedTrigger;
  /** The outcome where it is the same whatever the state is; undefined where the state decides. */
  settled: Outcome | undefined;
  /** Whether the condition was asked, and holds, without a state: only the cool-down is left to look at. */
  isMet: boolean;
}

export interface PlannedSample {
  sample: Sample;
  /** All triggers on the sample but those whose condition does not hold, whatever the state is. */
  matches: readonly Match[];
  /** How many these are. */
  notMet: number;
}

export interface PlannedRecord {
  record: SourceRecord;
  message: Message;
  /** The first entry of the message that is this chunk's. */
  fromIndex: number;
  /** Samples that at least one trigger is on. */
  samples: readonly PlannedSample[];
  /** Where processing goes on after what was planned of this record. */
  end: Cursor;
}

export interface ChunkPlan {
  /** The index under which the triggers were found. */
  seq: bigint;
  records: PlannedRecord[];
}

export type Message =
  | DecodedMessage
  | { kind: 'poison'; reason: 'unreadable'; detail: string }
  /** Of a vehicle without a subscription, if it can be read at all: it was not parsed. */
  | { kind: 'unwatched' };

export interface ChunkLimits {
  records: number;
  firings: number;
  /** Of values; a record that alone is larger is a chunk of its own. */
  bytes: number;
  evaluationMs: number;
}

/**
 * The first half of a chunk: reads records until a limit is reached, finds the triggers that are on each sample, and
 * asks every condition that needs no state. Synchronous, so all of it is under one index. What it found stays valid
 * while states are loaded, because the triggers it holds do not change; whether they still stand is for the commit to say.
 */
export class ChunkPlanner {
  /** The messages of a list of records from one place on, as far as they were read, and under which index. */
  private readonly read = new WeakMap<readonly SourceRecord[], { from: number; seq: bigint; messages: Message[] }>();

  constructor(private readonly parts: { kind: MetricKind; index: TriggerIndex; now: () => number }) {}

  /** Plans at least one sample, or one record without any. `records[at]` is the one the cursor is in, or the next. */
  plan(records: readonly SourceRecord[], at: number, cursor: Cursor, limits: ChunkLimits): ChunkPlan {
    const deadline = new Deadline(this.parts.now, limits.evaluationMs);
    const messages = this.messagesFrom(records, at);
    const planned: PlannedRecord[] = [];
    let bytes = 0;
    const end = Math.min(at + limits.records, records.length);
    for (let place = at; place < end; place++) {
      const record = records[place]!;
      bytes += record.value?.length ?? 0;
      if (planned.length > 0 && bytes > limits.bytes) break;
      const message = (messages[place - at] ??= this.messageOf(record));
      const fromIndex = record.offset === cursor.offset ? cursor.index : 0;
      const next = this.planRecord(record, message, fromIndex, deadline);
      planned.push(next);
      // What is left of it comes before any other.
      if (next.end.offset === record.offset) break;
      // What is unwatched takes no time to speak of.
      if (message.kind !== 'unwatched' && deadline.isOver(1 + (record.value?.length ?? 0) / PIECE_BYTES)) break;
    }
    return { seq: this.parts.index.seq, records: planned };
  }

  /**
   * What chunks before this one read and did not come to, unless the index has moved: other metrics may be wanted now,
   * and vehicles watched. The rest is forgotten, while it is young.
   */
  private messagesFrom(records: readonly SourceRecord[], at: number): Message[] {
    const { seq } = this.parts.index;
    const known = this.read.get(records);
    const messages = known?.seq === seq && at >= known.from ? known.messages.slice(at - known.from) : [];
    this.read.set(records, { from: at, seq, messages });
    return messages;
  }

  /** Lets go of what was read of the records before an offset: they were planned, and evaluated. */
  forget(records: readonly SourceRecord[], before: bigint): void {
    const known = this.read.get(records);
    if (!known) return;
    let count = 0;
    while (count < known.messages.length && records[known.from + count]!.offset < before) count += 1;
    known.messages.splice(0, count);
    known.from += count;
  }

  private planRecord(record: SourceRecord, message: Message, fromIndex: number, deadline: Deadline): PlannedRecord {
    const end = { offset: record.offset + 1n, index: 0 };
    if (message.kind !== 'ok' || message.samples.length === 0)
      return { record, message, fromIndex, samples: NOTHING, end };
    const samples: PlannedSample[] = [];
    const triggersOn = this.parts.index.triggersBy(message.vehicle, this.parts.kind);
    const last = message.samples.at(-1);
    for (const sample of message.samples) {
      if (sample.index < fromIndex) continue;
      const triggers = triggersOn?.(sample.name) ?? NO_TRIGGERS;
      samples.push(plannedSample(sample, triggers, record.arrivalMs));
      if (sample !== last && deadline.isOver(triggers.length)) {
        return { record, message, fromIndex, samples, end: { offset: record.offset, index: sample.index + 1 } };
      }
    }
    return { record, message, fromIndex, samples, end };
  }

  /** The one place where a record is read: once under one index, however many chunks it takes. */
  private messageOf(record: SourceRecord): Message {
    if (record.unreadable !== undefined) return { kind: 'poison', reason: 'unreadable', detail: record.unreadable };
    const text = record.value?.toString('utf8') ?? '';
    if (concernsNobody(text, this.isWatched)) return UNWATCHED;
    return decodeText(this.parts.kind, text, this.wanted);
  }

  private readonly isWatched = (vehicle: string) => this.parts.index.hasVehicle(vehicle);

  private readonly wanted: WantedMetrics = (vehicle) => {
    return this.parts.index.watchedBy(vehicle, this.parts.kind) ?? nothing;
  };
}

/** Of a record, so much to read counts as a piece of work. */
const PIECE_BYTES = 1024;

const NOTHING: readonly PlannedSample[] = [];
const NO_TRIGGERS: readonly IndexedTrigger[] = [];
const nothing = () => false;
const UNWATCHED: Message = { kind: 'unwatched' };

/** Of what does not hold only the number is kept: that is most, and objects for it were a part of the work. */
function plannedSample(sample: Sample, triggers: readonly IndexedTrigger[], arrivalMs: number): PlannedSample {
  let matches: Match[] | undefined;
  let notMet = 0;
  for (const indexed of triggers) {
    const match = matchOf(indexed, sample, arrivalMs);
    if (match === undefined) notMet += 1;
    else if (matches) matches.push(match);
    else matches = [match];
  }
  return { sample, matches: matches ?? NO_MATCHES, notMet };
}

const NO_MATCHES: readonly Match[] = [];

/** Undefined when the condition does not hold, whatever the state is. */
function matchOf(indexed: IndexedTrigger, sample: Sample, arrivalMs: number): Match | undefined {
  const stale = staleness(indexed.trigger.maxSampleAgeMs, sample, arrivalMs);
  if (stale) return { indexed, settled: stale, isMet: false };
  return indexed.condition.readsPrevious ? unasked(indexed) : asked(indexed, sample, arrivalMs);
}

function unasked(indexed: IndexedTrigger): Match {
  return { indexed, settled: undefined, isMet: false };
}

function asked(indexed: IndexedTrigger, sample: Sample, arrivalMs: number): Match | undefined {
  const { condition, trigger } = indexed;
  const outcome = outcomeOf({ condition, cooldownMs: trigger.cooldownMs }, EMPTY_STATE, sample, arrivalMs);
  if (outcome === NOT_MET) return undefined;
  const isMet = outcome.kind === 'fired';
  return { indexed, settled: isMet ? undefined : outcome, isMet };
}

/** What `evaluate` says; whatever else goes wrong in a condition is a failure of this trigger alone. */
export function outcomeOf(rule: Rule, state: State, sample: Sample, arrivalMs: number): Outcome {
  try {
    return evaluate(rule, state, sample, arrivalMs);
  } catch (error) {
    return { kind: 'failed', code: 'unexpected', message: error instanceof Error ? error.message : String(error) };
  }
}
