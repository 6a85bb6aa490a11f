import type { WebhookState } from '../../api/resources.js';

/** The states of a webhook that were read so far; they come by vehicle, in the same order as its vehicles. */
export interface ReadStates {
  states: readonly WebhookState[];
  hasMore: boolean;
}

/**
 * What is known of a vehicle: its state, `never` when the webhook has not fired for it, and undefined when the states that
 * were read do not reach as far.
 */
export function stateAmong({ states, hasMore }: ReadStates, vehicle: string): WebhookState | 'never' | undefined {
  let from = 0;
  let to = states.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if (states[middle]!.vehicle < vehicle) from = middle + 1;
    else to = middle;
  }
  const found = states[from];
  if (found?.vehicle === vehicle) return found;
  return found !== undefined || !hasMore ? 'never' : undefined;
}

/** Whether states are missing that the vehicles shown may have. */
export function needsMoreStates({ states, hasMore }: ReadStates, lastVehicle: string | undefined): boolean {
  if (!hasMore || lastVehicle === undefined) return false;
  const last = states.at(-1);
  return last === undefined || last.vehicle < lastVehicle;
}

/** Reads the next page's cursor out of a `Link` header (RFC 8288); null on the last page. */
export function nextCursor(link: string | null): string | null {
  const next = /<([^>]*)>\s*;\s*rel="?next"?/.exec(link ?? '')?.[1];
  return next === undefined ? null : new URL(next, 'http://localhost').searchParams.get('cursor');
}
