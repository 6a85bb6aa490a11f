import type { Shelf } from '../shelf.js';

/** An operation that this browser has begun, to be found again. The API has no list of them. */
export interface RememberedOperation {
  id: string;
  webhookId: string;
  /** What it does: "Subscribing 100,000 vehicles". */
  what: string;
  /** Ms since 1970. */
  startedMs: number;
}

/** The API keeps them as long. */
const KEPT_MS = 7 * 86_400_000;

const KEPT_MAX = 20;

/** The operations of a license that may still be asked for, newest first. What somebody else wrote there is passed over. */
export function rememberedOperations(shelf: Shelf, license: string, nowMs: number): RememberedOperation[] {
  try {
    const read: unknown = JSON.parse(shelf.getItem(keyOf(license)) ?? '[]');
    if (!Array.isArray(read)) return [];
    return read.filter(isOperation).filter(({ startedMs }) => nowMs - startedMs < KEPT_MS);
  } catch {
    return [];
  }
}

/** Keeps an operation; where the browser keeps nothing, it can still be found by its address. */
export function rememberOperation(shelf: Shelf, license: string, operation: RememberedOperation): void {
  const others = rememberedOperations(shelf, license, operation.startedMs).filter(({ id }) => id !== operation.id);
  write(shelf, license, [operation, ...others].slice(0, KEPT_MAX));
}

/** Forgets an operation that is over and was seen. */
export function forgetOperation(shelf: Shelf, license: string, id: string, nowMs: number): void {
  const left = rememberedOperations(shelf, license, nowMs).filter((operation) => operation.id !== id);
  write(shelf, license, left);
}

function write(shelf: Shelf, license: string, operations: readonly RememberedOperation[]): void {
  try {
    shelf.setItem(keyOf(license), JSON.stringify(operations));
  } catch {
    // Full, or not allowed.
  }
}

function keyOf(license: string): string {
  return `tripline.operations.${license}`;
}

function isOperation(read: unknown): read is RememberedOperation {
  if (typeof read !== 'object' || read === null) return false;
  const { id, webhookId, what, startedMs } = read as Partial<Record<string, unknown>>;
  return (
    typeof id === 'string' && typeof webhookId === 'string' && typeof what === 'string' && typeof startedMs === 'number'
  );
}
