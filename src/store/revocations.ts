import type { MetricKind } from '../core/catalog.js';
import { inChange } from './change.js';
import type { Database } from './database.js';
import { BULK_SIZE, inParts } from './pages.js';
import { emptyStatesOf } from './states.js';

/** A trigger that is applied to a vehicle, with what it reads of it. */
export interface AppliedTrigger {
  triggerId: string;
  metricKind: MetricKind;
  metric: string;
}

/** What happens to subscriptions when a license may no longer read a vehicle. Vehicles are canonical DIDs. */
export class RevocationStore {
  constructor(private readonly database: Database) {}

  /** The license's triggers that a vehicle is subscribed to. */
  triggersOf(license: string, vehicle: string): Promise<AppliedTrigger[]> {
    return this.database.dataSource.query<AppliedTrigger[]>(
      `select t.id as "triggerId", t.metric_kind as "metricKind", t.metric
       from subscriptions s join triggers t on t.id = s.trigger_id
       where s.vehicle = $2 and t.license = $1 and t.deleted_at is null order by t.id`,
      [license, vehicle],
    );
  }

  /**
   * Unsubscribes a vehicle from those of the triggers that are the license's own, and makes them forget it. What is
   * pending is not touched. Resolves to how many were subscribed. A thousand triggers are a transaction and a log event
   * each, so that a license with very many locks none of them for long; there is no event where nothing was subscribed.
   */
  async revokeVehicle(license: string, vehicle: string, triggerIds: readonly string[]): Promise<number> {
    let revoked = 0;
    for (const some of inParts(triggerIds, BULK_SIZE)) revoked += await this.revokeSome(license, vehicle, some);
    return revoked;
  }

  private revokeSome(license: string, vehicle: string, triggerIds: readonly string[]): Promise<number> {
    return inChange(this.database, undefined, async (change) => {
      const { manager } = change;
      const owned = await manager.query<{ id: string }[]>(
        `select id from triggers where id = any ($1::uuid[]) and license = $2 and deleted_at is null
         order by id for no key update`,
        [triggerIds, license],
      );
      const removed = await manager.query<{ trigger_id: string }[]>(
        `with removed as (
           delete from subscriptions where trigger_id = any ($1::uuid[]) and vehicle = $2 returning trigger_id
         )
         select trigger_id from removed order by trigger_id`,
        [owned.map(({ id }) => id), vehicle],
      );
      if (removed.length === 0) return 0;
      const webhookIds = removed.map((row) => row.trigger_id);
      await emptyStatesOf(manager, webhookIds, vehicle);
      const details = { count: removed.length, webhookIds, vehicle };
      change.describe({ type: 'subscription.revoked', license, vehicle, details });
      change.publish(webhookIds.map((triggerId) => ({ kind: 'unsubscribed', triggerId, vehicle })));
      return removed.length;
    });
  }
}
