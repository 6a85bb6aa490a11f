import { SPANS } from '../lists/search-values.js';
import { deliveries } from '../parts/format.js';
import { fieldOfTime, timeOfField } from '../parts/local-time.js';

/** A range to recover, as the API takes it. Without `until`, up to now. */
export interface RecoveryRange {
  since: string;
  until?: string;
}

/** What the fields of the dialog hold. Times are as a `datetime-local` field has them. */
export interface RecoveryDraft {
  span: string;
  since: string;
  until: string;
}

/** The range that a draft means at `nowMs`, or what is wrong with a field of it. */
export type DraftReading =
  { kind: 'ok'; range: RecoveryRange } | { kind: 'wrong'; field: 'since' | 'until'; problem: string };

/**
 * Reads the draft. The end is always said: what is counted is then what is sent, though more may fail meanwhile.
 */
export function readDraft(draft: RecoveryDraft, nowMs: number): DraftReading {
  const until = new Date(nowMs).toISOString();
  const span = SPANS.find(({ id }) => id === draft.span);
  if (span) return { kind: 'ok', range: { since: new Date(nowMs - span.spanMs).toISOString(), until } };
  const since = timeOfField(draft.since);
  if (since === undefined) return { kind: 'wrong', field: 'since', problem: 'Give the time to begin with.' };
  if (Date.parse(since) > nowMs) return { kind: 'wrong', field: 'since', problem: 'This is in the future.' };
  if (draft.until === '') return { kind: 'ok', range: { since, until } };
  const end = timeOfField(draft.until);
  if (end === undefined) return { kind: 'wrong', field: 'until', problem: 'This is no time.' };
  if (end <= since) return { kind: 'wrong', field: 'until', problem: 'This is not after the beginning.' };
  return { kind: 'ok', range: { since, until: end } };
}

/** The draft that a dialog opens with: from `since` where its caller knows when the trouble began. */
export function firstDraft(since: string | undefined): RecoveryDraft {
  if (since === undefined || Number.isNaN(Date.parse(since))) return { span: '24h', since: '', until: '' };
  return { span: 'own', since: fieldOfTime(since), until: '' };
}

/**
 * How far a recovery is, by what of its range still waits to be sent; others that were pending already are among these.
 * `most` is the highest number that was seen, at least what was queued.
 */
export function recoveryProgress(
  most: number,
  waiting: { count: number; isMore: boolean },
): { isDone: boolean; share: number; words: string } {
  if (waiting.isMore) return { isDone: false, share: 0, words: `More than ${waiting.count} still wait to be sent.` };
  if (waiting.count === 0) return { isDone: true, share: 1, words: 'Nothing of this time waits any more.' };
  const words = `${deliveries(waiting.count)} of this time still ${waiting.count === 1 ? 'waits' : 'wait'}.`;
  return { isDone: false, share: Math.max(0, 1 - waiting.count / most), words };
}

/** What came of a recovery that is done, by how many of its range did not arrive. */
export function recoveryResult(undelivered: number): string {
  if (undelivered === 0) return 'Everything of this time arrived.';
  return `${deliveries(undelivered)} of this time did not arrive again. See why under Failures by cause.`;
}
