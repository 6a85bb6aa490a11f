import { type Database, SETTLED_AFTER_SECONDS } from './database.js';
import { cancelPending } from './given-up.js';
import { inBatches } from './in-batches.js';

const SWEEP_BATCH = 10_000;
/** What one sweep takes on; the next one does the rest. */
const SWEEP_TRIGGERS_MAX = 100;

interface Deleted {
  id: string;
  endpointId: string;
  /** Nobody shared its endpoint, which went with it: everything that is pending there goes too. */
  ownsEndpoint: boolean;
}

/** Removes a deleted trigger's subscriptions and cancels its pending deliveries, in batches. */
export async function removeRemains(database: Database, { id, endpointId, ownsEndpoint }: Deleted): Promise<void> {
  await cancelPending(database, ownsEndpoint ? { endpointId } : { endpointId, triggerId: id });
  await deleteAll(database, 'subscriptions', id);
}

/**
 * Does the same again for triggers that were deleted a while ago, removes their states and the lease rows of their own
 * endpoints too, and marks them as done with, unless a sender is settling something there at this moment. At a shared
 * endpoint senders cancel what is left of them. Resolves to how many are done with. To be called now and then, by any
 * number of processes.
 */
export async function sweepDeletedTriggers(database: Database): Promise<number> {
  const { rows } = await database.pool.query<{ id: string; endpoint_id: string; owns_endpoint: boolean }>(
    `select t.id, t.endpoint_id, e.is_shared is distinct from true as owns_endpoint
     from triggers t left join endpoints e on e.id = t.endpoint_id
     where t.deleted_at < now() - interval '${SETTLED_AFTER_SECONDS} s' and t.swept_at is null
     order by t.deleted_at limit ${SWEEP_TRIGGERS_MAX}`,
  );
  let swept = 0;
  for (const { id, endpoint_id: endpointId, owns_endpoint: ownsEndpoint } of rows) {
    await removeRemains(database, { id, endpointId, ownsEndpoint });
    await deleteAll(database, 'states', id);
    if (ownsEndpoint) {
      const pending = await database.pool.query('select 1 from outbox where endpoint_id = $1 limit 1', [endpointId]);
      if (pending.rowCount !== 0) continue;
      await database.pool.query('delete from endpoint_leases where endpoint_id = $1', [endpointId]);
    }
    await database.pool.query('update triggers set swept_at = now() where id = $1', [id]);
    swept++;
  }
  return swept;
}

async function deleteAll(database: Database, table: 'states' | 'subscriptions', triggerId: string): Promise<void> {
  const statement = `delete from ${table} where ctid = any (array(
    select ctid from ${table} where trigger_id = $1 order by vehicle limit ${SWEEP_BATCH} for update skip locked
  ))`;
  await inBatches(SWEEP_BATCH, async () => (await database.pool.query(statement, [triggerId])).rowCount ?? 0);
}
