import { ConditionFailure, type Condition } from './condition.js';
import type { Sample } from './sample.js';
import { readingOf, type State } from './state.js';
import { timeOf } from './timestamp.js';

/** What became of one sample under one trigger. */
export type Outcome =
  | { kind: 'fired' }
  | { kind: 'not_met' }
  | { kind: 'cooling'; untilMs: number }
  | { kind: 'stale'; ageMs: number }
  | { kind: 'failed'; code: string; message: string };

/** By far the most frequent. */
export const NOT_MET: Outcome = Object.freeze({ kind: 'not_met' });

export interface Rule {
  condition: Condition;
  cooldownMs: number;
  /** Null, or missing: samples of any age. */
  maxSampleAgeMs?: number | null;
}

/**
 * Decides whether a sample makes a trigger fire, given what the (trigger, vehicle) remembers. The cool-down counts from
 * the last firing in arrival time, in both directions: |arrival - last firing| < cool-down is cooling, so that a replay
 * decides as the first run did and one record from a wrong clock blocks nothing for good. The condition is asked first:
 * a sample that does not meet it needs no state, unless the condition reads previous values. A sample that is too old
 * comes to nothing before anything is asked, see `staleness`.
 */
export function evaluate(rule: Rule, state: State, sample: Sample, arrivalMs: number): Outcome {
  const stale = staleness(rule.maxSampleAgeMs, sample, arrivalMs);
  if (stale) return stale;
  const met = isMet(rule.condition, sample, state);
  if (typeof met !== 'boolean') return met;
  if (!met) return NOT_MET;
  const { firedAtMs } = state;
  if (firedAtMs !== undefined && Math.abs(arrivalMs - firedAtMs) < rule.cooldownMs) {
    return { kind: 'cooling', untilMs: firedAtMs + rule.cooldownMs };
  }
  return { kind: 'fired' };
}

/**
 * Whether a sample was too old when its record arrived: by its own time, which vehicles set, towards the record's. No
 * clock of ours is asked, so a replay decides the same. What has no time of its own is as old as its record, and what is
 * from the future is as young as can be.
 */
export function staleness(
  maxSampleAgeMs: number | null | undefined,
  { timestamp }: Pick<Sample, 'timestamp'>,
  arrivalMs: number,
): Extract<Outcome, { kind: 'stale' }> | undefined {
  if (maxSampleAgeMs == null) return undefined;
  const ageMs = arrivalMs - (timeOf(timestamp) ?? arrivalMs);
  return ageMs > maxSampleAgeMs ? { kind: 'stale', ageMs } : undefined;
}

/** What the (trigger, vehicle) remembers after firing. `version` stays: the commit of the state raises it. */
export function afterFiring(state: State, sample: Sample, arrivalMs: number): State {
  return { version: state.version, firedAtMs: arrivalMs, sequence: state.sequence + 1, previous: readingOf(sample) };
}

function isMet(condition: Condition, sample: Sample, state: State): boolean | Outcome {
  try {
    return condition.evaluate(sample, state.previous);
  } catch (error) {
    if (error instanceof ConditionFailure) return { kind: 'failed', code: error.code, message: error.message };
    throw error;
  }
}
