import type { EntityManager } from 'typeorm';
import { inChange } from './change.js';
import type { Database } from './database.js';
import { holdPending } from './given-up.js';
import { NAMED_TRIGGERS_MAX } from './revival.js';
import type { AilingEndpoint } from './settlement.js';

/**
 * What comes of failures: owners are warned, and in the end an endpoint is given up. Rows are locked in one order:
 * triggers by id, endpoints, lease rows; who changes one of them for another reason waits, and nobody in a circle.
 */
export class EndpointHealthStore {
  constructor(private readonly database: Database) {}

  /**
   * Puts `webhook.failing` on record for each trigger of the endpoint. Nothing happens when it was warned of as much
   * before, by whichever sender, or when something arrived meanwhile. `limit`: what is allowed, in words.
   */
  warn(ailing: AilingEndpoint, percent: 50 | 75 | 90, limit: string): Promise<void> {
    const { endpointId, failures, lastError } = ailing;
    return inChange(this.database, undefined, async (change) => {
      const { manager } = change;
      const [lease] = await manager.query<{ license: string; failing_since: Date | null }[]>(
        `with warned as (
           update endpoint_leases set warned = $2 where endpoint_id = $1 and warned < $2 and failures > 0
           returning license, failing_since
         )
         select license, failing_since from warned`,
        [endpointId, percent],
      );
      if (lease === undefined) return;
      const failingSince = lease.failing_since?.toISOString() ?? null;
      const details = { endpointId, percent, limit, failures, failingSince, lastError };
      const triggers = await manager.query<{ id: string }[]>(
        `select id from triggers where endpoint_id = $1 and deleted_at is null order by id limit ${NAMED_TRIGGERS_MAX}`,
        [endpointId],
      );
      for (const about of named(triggers)) {
        change.describe({ type: 'webhook.failing', license: lease.license, endpointId, ...about, details });
      }
    });
  }

  /**
   * Gives an active endpoint up, and with it its triggers that are enabled. They go on firing: what is queued for the
   * endpoint is held, so engines need not know. `url` is where it was sent to. False, and nothing is changed, when the
   * endpoint is not active, not there, or has another URL by now; as failed also when something arrived meanwhile, or it
   * was let begin anew.
   */
  async giveUp(endpointId: string, url: string, status: 'failed' | 'gone', reason: string): Promise<boolean> {
    const isGivenUp = await inChange(this.database, undefined, async (change) => {
      const { manager } = change;
      await manager.query(
        `select 1 from triggers where endpoint_id = $1 and deleted_at is null order by id for no key update`,
        [endpointId],
      );
      const [endpoint] = await manager.query<{ license: string }[]>(
        `select license from endpoints where id = $1 and url = $2 and status = 'active' for update`,
        [endpointId, url],
      );
      if (endpoint === undefined) return false;
      if (status === 'failed' && !(await isFailing(manager, endpointId))) return false;
      await manager.query(
        `update endpoints set status = $2, status_reason = $3, updated_at = date_trunc('milliseconds', now())
         where id = $1`,
        [endpointId, status, reason],
      );
      const failed = await failTriggers(manager, endpointId, reason);
      // What is queued is held at once, not when the pause of its failures is over.
      await manager.query('update endpoint_leases set pause_until = null where endpoint_id = $1', [endpointId]);
      const about = { license: endpoint.license, endpointId, details: { endpointId, reason } };
      if (status === 'gone') change.describe({ type: 'endpoint.gone', ...about });
      if (status === 'gone' && failed.length === 0) return true;
      for (const trigger of named(failed)) change.describe({ type: 'webhook.failed', ...about, ...trigger });
      return true;
    });
    if (isGivenUp) await holdPending(this.database, endpointId);
    return isGivenUp;
  }
}

/** Still, with the results of whoever settles something at this moment; they stay so until the transaction is over. */
async function isFailing(manager: EntityManager, endpointId: string): Promise<boolean> {
  const sql = 'select 1 from endpoint_leases where endpoint_id = $1 and failures > 0 for update';
  return (await manager.query<unknown[]>(sql, [endpointId])).length > 0;
}

/**
 * Their revision stays: nothing that an engine knows of them has changed. They are locked already, but for one that came
 * since; whoever changes that one at this moment may be waiting for the endpoint, so it is passed over.
 */
function failTriggers(manager: EntityManager, endpointId: string, reason: string): Promise<{ id: string }[]> {
  return manager.query<{ id: string }[]>(
    `with failed as (
       update triggers set status = 'failed', status_reason = $2, updated_at = date_trunc('milliseconds', now())
       where id = any (array(
         select id from triggers where endpoint_id = $1 and status = 'enabled' and deleted_at is null
         for no key update skip locked
       ))
       returning id
     )
     select id from failed order by id`,
    [endpointId, reason],
  );
}

/** What the log events of an endpoint are about: its triggers, or none. */
function named(triggers: readonly { id: string }[]): { triggerId?: string }[] {
  if (triggers.length === 0) return [{}];
  return triggers.slice(0, NAMED_TRIGGERS_MAX).map(({ id }) => ({ triggerId: id }));
}
