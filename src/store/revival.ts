import type { EntityManager } from 'typeorm';
import type { Change } from './change.js';

/** Of more triggers than these that change together, the event log names only the first. */
export const NAMED_TRIGGERS_MAX = 100;

/**
 * Locks, in the order of their ids, the triggers that `revive` would enable, and `triggerId` with them: before anything
 * of the endpoint is locked, see the order in which everyone locks.
 */
export async function lockFailed(manager: EntityManager, endpointId: string, triggerId?: string): Promise<void> {
  await manager.query(
    `select 1 from triggers
     where (id = $2 or (endpoint_id = $1 and status = 'failed')) and deleted_at is null order by id for update`,
    [endpointId, triggerId ?? null],
  );
}

/**
 * Lets an endpoint begin anew, and enables every trigger that had failed with it: what is fired goes out again from
 * now. One that its owner has paused stays so.
 */
export async function revive(change: Change, { id, license }: { id: string; license: string }): Promise<void> {
  const { manager } = change;
  const enabled = await manager.query<{ id: string }[]>(
    `with enabled as (
       update triggers set status = 'enabled', status_reason = null, revision = revision + 1,
              updated_at = date_trunc('milliseconds', now())
       where endpoint_id = $1 and status = 'failed' and deleted_at is null
       returning id
     )
     select id from enabled order by id`,
    [id],
  );
  await reviveEndpoint(manager, id);
  for (const trigger of enabled.slice(0, NAMED_TRIGGERS_MAX)) {
    change.describe({ type: 'webhook.enabled', license, triggerId: trigger.id, endpointId: id });
  }
  change.publish(enabled.map((trigger) => ({ kind: 'trigger', triggerId: trigger.id })));
}

/** As if nothing had ever failed. */
async function reviveEndpoint(manager: EntityManager, endpointId: string): Promise<void> {
  await manager.query(
    `update endpoints set status = case when status = 'paused' then status else 'active' end, status_reason = null
     where id = $1`,
    [endpointId],
  );
  await manager.query(
    `update endpoint_leases
     set failures = 0, failing_since = null, failed_firings = 0, warned = 0, last_error = null, pause_until = null
     where endpoint_id = $1`,
    [endpointId],
  );
}
