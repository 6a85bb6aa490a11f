import type { Database } from './database.js';
import { CANCEL_BATCH, CANCEL_PENDING } from './sql/cancel-pending.js';

/**
 * No transaction of the data plane lasts longer: its statements end after 10 s. Only then can nothing more appear that
 * was evaluated before a deletion; a commit's look at its triggers is a snapshot, not a lock.
 */
const SETTLED_AFTER_SECONDS = 20;
const SWEEP_BATCH = 10_000;
/** What one sweep takes on; the next one does the rest. */
const SWEEP_TRIGGERS_MAX = 100;

interface Deleted {
  id: string;
  endpointId: string;
}

/** Removes a deleted trigger's subscriptions and cancels its pending deliveries, in batches. */
export async function removeRemains(database: Database, { id, endpointId }: Deleted): Promise<void> {
  const cancel = { ...CANCEL_PENDING, values: [endpointId] };
  await inBatches(async () => (await database.pool.query<{ removed: number }>(cancel)).rows[0]!.removed, CANCEL_BATCH);
  await inBatches(async () => (await database.pool.query(deleteOf('subscriptions'), [id])).rowCount, SWEEP_BATCH);
}

/**
 * Does the same again for triggers that were deleted a while ago, removes their states and lease rows too, and marks
 * them as done with, unless a sender is settling some of their deliveries at this moment.
 */
export async function sweepDeletedTriggers(database: Database): Promise<number> {
  const { rows } = await database.pool.query<{ id: string; endpoint_id: string }>(
    `select id, endpoint_id from triggers
     where deleted_at < now() - interval '${SETTLED_AFTER_SECONDS} s' and swept_at is null
     order by deleted_at limit ${SWEEP_TRIGGERS_MAX}`,
  );
  let swept = 0;
  for (const { id, endpoint_id: endpointId } of rows) {
    await removeRemains(database, { id, endpointId });
    await inBatches(async () => (await database.pool.query(deleteOf('states'), [id])).rowCount, SWEEP_BATCH);
    const pending = await database.pool.query('select 1 from outbox where endpoint_id = $1 limit 1', [endpointId]);
    if (pending.rowCount !== 0) continue;
    await database.pool.query('delete from endpoint_leases where endpoint_id = $1', [endpointId]);
    await database.pool.query('update triggers set swept_at = now() where id = $1', [id]);
    swept++;
  }
  return swept;
}

function deleteOf(table: 'states' | 'subscriptions'): string {
  return `delete from ${table} where ctid = any (array(
    select ctid from ${table} where trigger_id = $1 order by vehicle limit ${SWEEP_BATCH} for update skip locked
  ))`;
}

/** Until a batch is not full. `run` resolves to how many rows it removed. */
async function inBatches(run: () => Promise<number | null>, size: number): Promise<void> {
  while ((await run()) === size);
}
