import { failureOf } from './failure-words.js';

/** What a delivery tells of why it did not arrive. */
export interface FailedDelivery {
  id: string;
  status: string;
  endpointId: string;
  createdAt: string;
  lastStatusCode: number | null;
  lastError: string | null;
}

/** Deliveries that did not arrive for the same reason. */
export interface Cause<Row extends FailedDelivery> {
  /** "connection refused". */
  words: string;
  advice: string | undefined;
  rows: Row[];
  /** Of the oldest and the newest event. */
  firstAt: string;
  lastAt: string;
  /** How many endpoints it concerns. */
  endpointCount: number;
}

const HELD = {
  words: 'endpoint switched off',
  advice: 'The endpoint is failed, gone or paused, so its deliveries are held. Verify or enable it, then recover them.',
};
const CANCELLED = {
  words: 'cancelled',
  advice: 'Its webhook was deleted, or the permission on the vehicle withdrawn.',
};

/** Why a delivery did not arrive: what its last attempt met, else what its status says. Undefined for all others. */
export function causeOf(row: FailedDelivery): { words: string; advice?: string } | undefined {
  if (row.status === 'delivered') return undefined;
  const failure = failureOf({ statusCode: row.lastStatusCode, error: row.lastError });
  if (failure) return failure;
  if (row.status === 'held') return HELD;
  if (row.status === 'cancelled') return CANCELLED;
  return row.status === 'failed' ? { words: 'not known' } : undefined;
}

/** Groups deliveries that did not arrive by cause, the most frequent first, in equal numbers the latest first. */
export function groupByCause<Row extends FailedDelivery>(rows: readonly Row[]): Cause<Row>[] {
  const groups = new Map<string, { advice: string | undefined; rows: Row[] }>();
  for (const row of rows) {
    const cause = causeOf(row);
    if (!cause) continue;
    const group = groups.get(cause.words);
    if (group) group.rows.push(row);
    else groups.set(cause.words, { advice: cause.advice, rows: [row] });
  }
  return [...groups]
    .map(([words, group]) => summary(words, group))
    .sort((a, b) => b.rows.length - a.rows.length || (a.lastAt < b.lastAt ? 1 : -1));
}

function summary<Row extends FailedDelivery>(
  words: string,
  { advice, rows }: { advice: string | undefined; rows: Row[] },
): Cause<Row> {
  const times = rows.map(({ createdAt }) => createdAt).sort();
  const endpointCount = new Set(rows.map(({ endpointId }) => endpointId)).size;
  return { words, advice, rows, firstAt: times[0]!, lastAt: times.at(-1)!, endpointCount };
}
