import type { Schema } from '@tripline/client';
import type { Operation } from '../api/resources.js';
import { number, plural } from '../parts/format.js';

/** A vehicle that was not subscribed, and why. */
export interface Refused {
  assetDid: string;
  message: string;
}

/** What came of a call about many vehicles. */
export type BulkResult =
  | { kind: 'continues'; operationId: string }
  | {
      kind: 'subscribed';
      subscribed: number;
      already: number;
      refused: readonly Refused[];
      /** Refused ones that are counted and not named. */
      unnamed: number;
      error?: string;
    }
  | { kind: 'unsubscribed'; unsubscribed: number; error?: string };

type Answer = Schema<'Continues'> | Schema<'Subscribed'> | Schema<'Unsubscribed'> | NonNullable<Operation['result']>;

/** Reads the answer of a bulk call, or the result of its operation. */
export function readBulkAnswer(answer: Answer): BulkResult {
  if ('operationId' in answer) return { kind: 'continues', operationId: answer.operationId };
  const error = 'error' in answer && answer.error !== undefined ? { error: answer.error } : {};
  if ('unsubscribed' in answer) return { kind: 'unsubscribed', unsubscribed: answer.unsubscribed, ...error };
  return {
    kind: 'subscribed',
    subscribed: answer.subscribed,
    already: answer.alreadySubscribed,
    refused: answer.failedSubscriptions ?? [],
    unnamed: answer.failedSubscriptionsOmitted ?? 0,
    ...error,
  };
}

/** Says what came of it: "1,198 vehicles are subscribed now, 4 were already, 2 were refused." */
export function describeBulkResult(result: Exclude<BulkResult, { kind: 'continues' }>): string {
  if (result.kind === 'unsubscribed') return `${vehicles(result.unsubscribed)} unsubscribed.`;
  const refusedCount = result.refused.length + result.unnamed;
  const parts = [`${vehicles(result.subscribed)} subscribed`];
  if (result.already > 0) parts.push(`${number(result.already)} ${wasOrWere(result.already)} already`);
  if (refusedCount > 0) parts.push(`${number(refusedCount)} ${wasOrWere(refusedCount)} refused`);
  return `${parts.join(', ')}.`;
}

/** What several calls came to, as if they had been one. */
export function addUp(results: readonly BulkResult[]): Extract<BulkResult, { kind: 'subscribed' }> {
  const sum = { kind: 'subscribed' as const, subscribed: 0, already: 0, refused: [] as Refused[], unnamed: 0 };
  for (const result of results) {
    if (result.kind !== 'subscribed') continue;
    sum.subscribed += result.subscribed;
    sum.already += result.already;
    sum.unnamed += result.unnamed;
    sum.refused.push(...result.refused);
  }
  return sum;
}

/** Refused vehicles by reason, the most frequent first: most lists fail for one reason. */
export function groupByReason(refused: readonly Refused[]): { reason: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const { message } of refused) counts.set(message, (counts.get(message) ?? 0) + 1);
  return [...counts].map(([reason, count]) => ({ reason, count })).sort((a, b) => b.count - a.count);
}

/**
 * The refused ones as a CSV file (RFC 4180). A cell that a spreadsheet would take for a formula gets an apostrophe in
 * front.
 */
export function refusedAsCsv(refused: readonly Refused[]): string {
  return toCsv([['vehicle', 'reason'], ...refused.map(({ assetDid, message }) => [assetDid, message])]);
}

/** Lines of cells as CSV. */
export function toCsv(lines: readonly (readonly string[])[]): string {
  return lines.map((cells) => `${cells.map(cellOf).join(',')}\r\n`).join('');
}

function cellOf(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function vehicles(count: number): string {
  return `${plural(count, 'vehicle')} ${wasOrWere(count)}`;
}

function wasOrWere(count: number): string {
  return count === 1 ? 'was' : 'were';
}
