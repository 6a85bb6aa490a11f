import type { EntityManager } from 'typeorm';
import type { MetricKind } from '../core/catalog.js';
import { inChange } from './change.js';
import type { Database } from './database.js';
import { BULK_SIZE, inParts } from './pages.js';
import { emptyStatesOf } from './states.js';

/** A trigger that is applied to a vehicle, since when, and what it reads of it. */
export interface AppliedTrigger {
  triggerId: string;
  metricKind: MetricKind;
  metric: string;
  subscribedAt: Date;
}

/** Vehicles that leave one trigger by themselves. */
export interface Leaving {
  license: string;
  triggerId: string;
  /** The trigger's, for whose metric the vehicles were judged. */
  revision: number;
  /** Each once. */
  vehicles: readonly string[];
  /** Subscriptions that were made later stay: nobody judged them. */
  subscribedUntil: Date;
  /** Of the one log event of all that leave together. */
  eventId: string;
  /** Vehicles that left before, as the event has them. */
  countBefore: number;
}

/** What happens to subscriptions when a license may no longer read a vehicle. Vehicles are canonical DIDs. */
export class RevocationStore {
  constructor(private readonly database: Database) {}

  /** The license's triggers that a vehicle is subscribed to. */
  triggersOf(license: string, vehicle: string): Promise<AppliedTrigger[]> {
    return this.database.dataSource.query<AppliedTrigger[]>(
      `select t.id as "triggerId", t.metric_kind as "metricKind", t.metric, s.created_at as "subscribedAt"
       from subscriptions s join triggers t on t.id = s.trigger_id
       where s.vehicle = $2 and t.license = $1 and t.deleted_at is null order by t.id`,
      [license, vehicle],
    );
  }

  /**
   * Unsubscribes a vehicle from those of the triggers that are the license's own, and makes them forget it. A subscription
   * that was made anew since stays. What is pending is not touched. Resolves to how many were subscribed. A thousand
   * triggers are a transaction and a log event each, so that a license with very many locks none of them for long; there
   * is no event where nothing was subscribed.
   */
  async revokeVehicle(
    license: string,
    vehicle: string,
    subscribed: readonly Pick<AppliedTrigger, 'triggerId' | 'subscribedAt'>[],
  ): Promise<number> {
    let revoked = 0;
    for (const some of inParts(subscribed, BULK_SIZE)) revoked += await this.revokeSome(license, vehicle, some);
    return revoked;
  }

  /**
   * Unsubscribes vehicles from one trigger, which forgets them, in one transaction; the answer names those that were
   * subscribed. `record` runs in it and undoes it by throwing. Who listens is told when all have left, see
   * `SubscriptionStore.tell`. `changed` when the trigger is not of the revision that is given.
   */
  revokeVehicles(leaving: Leaving, record: (manager: EntityManager) => Promise<void>): Promise<Left> {
    const { license, triggerId, revision, vehicles, subscribedUntil, eventId: id, countBefore } = leaving;
    return inChange<Left>(this.database, undefined, async (change) => {
      const { manager } = change;
      const [trigger] = await manager.query<{ revision: number }[]>(
        'select revision from triggers where id = $1 and license = $2 and deleted_at is null for no key update',
        [triggerId, license],
      );
      if (trigger === undefined) return { kind: 'not_found' };
      if (trigger.revision !== revision) return { kind: 'changed' };
      const removed = await manager.query<{ vehicle: string }[]>(
        `with removed as (
           delete from subscriptions where trigger_id = $1 and vehicle = any ($2::text[]) and created_at <= $3
           returning vehicle
         )
         select vehicle from removed`,
        [triggerId, vehicles, subscribedUntil],
      );
      await record(manager);
      const left = removed.map(({ vehicle }) => vehicle);
      if (left.length === 0) return { kind: 'ok', vehicles: left };
      await emptyStatesOf(manager, [triggerId], left);
      const count = countBefore + left.length;
      const vehicle = count === 1 ? { vehicle: left[0]! } : {};
      const details = { by: 'autoSubscribe', count, webhookIds: [triggerId], ...vehicle };
      change.describe({ id, type: 'subscription.revoked', license, triggerId, ...vehicle, details });
      change.publish(left.map((one) => ({ kind: 'unsubscribed', triggerId, vehicle: one })));
      return { kind: 'ok', vehicles: left };
    });
  }

  private revokeSome(
    license: string,
    vehicle: string,
    subscribed: readonly Pick<AppliedTrigger, 'triggerId' | 'subscribedAt'>[],
  ): Promise<number> {
    const since = new Map(subscribed.map(({ triggerId, subscribedAt }) => [triggerId, subscribedAt]));
    return inChange(this.database, undefined, async (change) => {
      const { manager } = change;
      const owned = await manager.query<{ id: string }[]>(
        `select id from triggers where id = any ($1::uuid[]) and license = $2 and deleted_at is null
         order by id for no key update`,
        [[...since.keys()], license],
      );
      const removed = await manager.query<{ trigger_id: string }[]>(
        `with removed as (
           delete from subscriptions s using unnest($1::uuid[], $3::timestamptz[]) named (trigger_id, subscribed_at)
           where s.trigger_id = named.trigger_id and s.vehicle = $2 and s.created_at = named.subscribed_at
           returning s.trigger_id
         )
         select trigger_id from removed order by trigger_id`,
        [owned.map(({ id }) => id), vehicle, owned.map(({ id }) => since.get(id))],
      );
      if (removed.length === 0) return 0;
      const webhookIds = removed.map((row) => row.trigger_id);
      await emptyStatesOf(manager, webhookIds, [vehicle]);
      const details = { count: removed.length, webhookIds, vehicle };
      change.describe({ type: 'subscription.revoked', license, vehicle, details });
      change.publish(webhookIds.map((triggerId) => ({ kind: 'unsubscribed', triggerId, vehicle })));
      return removed.length;
    });
  }
}

/** What became of vehicles that were to leave. */
export type Left = { kind: 'ok'; vehicles: string[] } | { kind: 'not_found' } | { kind: 'changed' };
