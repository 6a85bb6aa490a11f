import type { MetricKind } from '../core/catalog.js';
import { evaluate, type Outcome, staleness } from '../core/evaluate.js';
import { decodeMessage, type DecodedMessage } from '../core/message.js';
import type { Sample } from '../core/sample.js';
import { EMPTY_STATE } from '../core/state.js';
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
  matches: Match[];
}

export interface PlannedRecord {
  record: SourceRecord;
  message: Message;
  /** The first entry of the message that is this chunk's. */
  fromIndex: number;
  /** Samples that at least one trigger is on. */
  samples: PlannedSample[];
  /** Where processing goes on after what was planned of this record. */
  end: Cursor;
}

export interface ChunkPlan {
  /** The index under which the triggers were found. */
  seq: bigint;
  records: PlannedRecord[];
}

export type Message = DecodedMessage | { kind: 'poison'; reason: 'unreadable'; detail: string };

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
  private readonly messages = new WeakMap<SourceRecord, Message>();

  constructor(private readonly parts: { kind: MetricKind; index: TriggerIndex; now: () => number }) {}

  /** Plans at least one sample, or one record without any. `records[at]` is the one the cursor is in, or the next. */
  plan(records: readonly SourceRecord[], at: number, cursor: Cursor, limits: ChunkLimits): ChunkPlan {
    const deadlineMs = this.parts.now() + limits.evaluationMs;
    const planned: PlannedRecord[] = [];
    let bytes = 0;
    for (const record of records.slice(at, at + limits.records)) {
      bytes += record.value?.length ?? 0;
      if (planned.length > 0 && bytes > limits.bytes) break;
      const fromIndex = record.offset === cursor.offset ? cursor.index : 0;
      planned.push(this.planRecord(record, fromIndex, deadlineMs));
      if (this.parts.now() >= deadlineMs) break;
    }
    return { seq: this.parts.index.seq, records: planned };
  }

  private planRecord(record: SourceRecord, fromIndex: number, deadlineMs: number): PlannedRecord {
    const message = this.read(record);
    const end = { offset: record.offset + 1n, index: 0 };
    const samples: PlannedSample[] = [];
    if (message.kind === 'poison') return { record, message, fromIndex, samples, end };
    for (const [place, sample] of message.samples.entries()) {
      if (sample.index < fromIndex) continue;
      const matches = this.matchesOf(sample, record.arrivalMs);
      if (matches.length > 0) samples.push({ sample, matches });
      const isLast = place === message.samples.length - 1;
      if (!isLast && this.parts.now() >= deadlineMs) {
        return { record, message, fromIndex, samples, end: { offset: record.offset, index: sample.index + 1 } };
      }
    }
    return { record, message, fromIndex, samples, end };
  }

  private matchesOf(sample: Sample, arrivalMs: number): Match[] {
    const { index, kind } = this.parts;
    return index.triggersOf(sample.vehicle, kind, sample.name).map((indexed) => {
      const stale = staleness(indexed.trigger.maxSampleAgeMs, sample, arrivalMs);
      if (stale) return { indexed, settled: stale, isMet: false };
      return indexed.condition.readsPrevious ? unasked(indexed) : asked(indexed, sample, arrivalMs);
    });
  }

  /**
   * The one place where a record is decoded, once however many chunks it takes. A record whose vehicle has no
   * subscription need not be judged: should parsing become the limit, a look at its key belongs here.
   */
  private read(record: SourceRecord): Message {
    const known = this.messages.get(record);
    if (known) return known;
    const message: Message =
      record.unreadable === undefined
        ? decodeMessage(this.parts.kind, record.value)
        : { kind: 'poison', reason: 'unreadable', detail: record.unreadable };
    this.messages.set(record, message);
    return message;
  }
}

function unasked(indexed: IndexedTrigger): Match {
  return { indexed, settled: undefined, isMet: false };
}

function asked(indexed: IndexedTrigger, sample: Sample, arrivalMs: number): Match {
  const { condition, trigger } = indexed;
  const outcome = outcomeOf({ condition, cooldownMs: trigger.cooldownMs }, EMPTY_STATE, sample, arrivalMs);
  const isMet = outcome.kind === 'fired';
  return { indexed, settled: isMet ? undefined : outcome, isMet };
}

/** What `evaluate` says; whatever else goes wrong in a condition is a failure of this trigger alone. */
export function outcomeOf(...[rule, state, sample, arrivalMs]: Parameters<typeof evaluate>): Outcome {
  try {
    return evaluate(rule, state, sample, arrivalMs);
  } catch (error) {
    return { kind: 'failed', code: 'unexpected', message: error instanceof Error ? error.message : String(error) };
  }
}
