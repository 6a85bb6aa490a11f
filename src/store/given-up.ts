import type { Database } from './database.js';
import { inBatches } from './in-batches.js';
import { newLogId } from './log-id.js';
import {
  CANCEL_BATCH,
  CANCEL_OF_TRIGGER,
  CANCEL_PENDING,
  EXPIRE_AT_ENDPOINT,
  HOLD_PENDING,
  TELL_OF_GIVEN_UP,
} from './sql/given-up.js';

/** Which of an endpoint's pending deliveries. */
export interface PendingAt {
  endpointId: string;
  /** Only the firings of this trigger; all that is pending there without. */
  triggerId?: string;
}

/**
 * Cancels pending deliveries in batches, but for those that a sender is settling at this moment. One log event,
 * `delivery.cancelled`, counts them. Resolves to how many these were.
 */
export function cancelPending(database: Database, { endpointId, triggerId }: PendingAt): Promise<number> {
  const statement =
    triggerId === undefined
      ? { ...CANCEL_PENDING, values: [endpointId] }
      : { ...CANCEL_OF_TRIGGER, values: [endpointId, triggerId] };
  return giveUp(database, statement, { type: 'delivery.cancelled', endpointId, triggerId, details: {} });
}

/** Gives up what was queued for an endpoint more than so long ago, and says so as one `delivery.failed`. */
export function expirePending(database: Database, endpointId: string, ageMs: number): Promise<number> {
  const statement = { ...EXPIRE_AT_ENDPOINT, values: [endpointId, ageMs] };
  return giveUp(database, statement, { type: 'delivery.failed', endpointId, details: { lastError: 'expired' } });
}

/** Holds what waits for a later time at an endpoint that is not active. Says nothing: what made it so has been told. */
export function holdPending(database: Database, endpointId: string): Promise<number> {
  return takeOut(database, { ...HOLD_PENDING, values: [endpointId] }).then(({ count }) => count);
}

interface News {
  type: string;
  endpointId: string;
  triggerId?: string | undefined;
  details: object;
}

async function giveUp(
  database: Database,
  statement: GivingUp,
  { type, endpointId, triggerId, details }: News,
): Promise<number> {
  const { count, worthTelling } = await takeOut(database, statement);
  if (count === 0) return 0;
  const payload = JSON.stringify({ count, ...details });
  const values = [newLogId(), type, endpointId, triggerId ?? null, payload, worthTelling > 0];
  await database.pool.query(TELL_OF_GIVEN_UP, values);
  return count;
}

interface GivingUp {
  name: string;
  text: string;
  values: unknown[];
}

async function takeOut(database: Database, statement: GivingUp): Promise<{ count: number; worthTelling: number }> {
  let worthTelling = 0;
  const count = await inBatches(CANCEL_BATCH, async () => {
    const { rows } = await database.pool.query<{ removed: number; worth_telling: number }>(statement);
    worthTelling += rows[0]!.worth_telling;
    return rows[0]!.removed;
  });
  return { count, worthTelling };
}
