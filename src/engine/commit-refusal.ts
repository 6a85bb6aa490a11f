import { DuplicateEvent } from '../store/chunks.js';
import type { DeadLetter } from './dead-letter-budget.js';
import type { SourceRecord } from './record.js';

/** The database will not take what a chunk stores, however often it is asked. */
export interface Refusal {
  kind: 'refused';
  error: unknown;
}

/** A failed commit as a refusal; throws the error when asking again may help. */
export function refusalOf(error: unknown): Refusal {
  if (isRefusal(error)) return { kind: 'refused', error };
  throw error;
}

/** SQLSTATE class 22, data exception, class 23, integrity violation, or an event that is on record already. */
function isRefusal(error: unknown): boolean {
  if (error instanceof DuplicateEvent) return true;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^(22|23)[0-9A-Z]{3}$/.test(code);
}

/** The dead letter of a record whose effects were refused. */
export function notStorable({ offset, value }: SourceRecord): DeadLetter {
  const detail = 'the database refused what this record would store; see the log';
  return { offset, index: null, reason: 'not_storable', detail, value };
}
