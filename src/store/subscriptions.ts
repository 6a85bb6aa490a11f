import { IsNull } from 'typeorm';
import type { Actor } from './actor.js';
import { type Change, inChange, tellListeners } from './change.js';
import type { Database } from './database.js';
import { TriggerEntity } from './entities/trigger.entity.js';
import { newLogId } from './log-id.js';
import { BULK_SIZE, inParts, type Page } from './pages.js';

export interface VehicleSubscription {
  triggerId: string;
  vehicle: string;
  createdAt: Date;
  /** The trigger's. */
  description: string;
}

/**
 * Which vehicles a trigger is applied to. Vehicles are canonical DIDs. A bulk call works in thousands, each a
 * transaction of its own, so one that fails half-way leaves whole thousands done; its one log event is rewritten by
 * each of them, and so counts exactly what was done. Who listens is told once, at the end. A call that changed nothing
 * writes no log event.
 */
export class SubscriptionStore {
  constructor(private readonly database: Database) {}

  /** A trigger's vehicles, in byte order; all of them without a page. Whose the trigger is, is for the caller to know. */
  async vehicles(triggerId: string, page?: Page): Promise<string[]> {
    const rows = await this.database.dataSource.query<{ vehicle: string }[]>(
      `select vehicle from subscriptions where trigger_id = $1 and ($2::text is null or vehicle > $2)
       order by vehicle limit $3`,
      [triggerId, page?.after ?? null, page?.limit ?? null],
    );
    return rows.map((row) => row.vehicle);
  }

  /** The subscriptions of a vehicle that belong to a license, ordered by trigger. */
  ofVehicle(license: string, vehicle: string): Promise<VehicleSubscription[]> {
    return this.database.dataSource.query<VehicleSubscription[]>(
      `select s.trigger_id as "triggerId", s.vehicle, s.created_at as "createdAt", t.description
       from subscriptions s join triggers t on t.id = s.trigger_id
       where s.vehicle = $2 and t.license = $1 and t.deleted_at is null order by s.trigger_id`,
      [license, vehicle],
    );
  }

  /**
   * Subscribes vehicles; the answer keeps their order and names each once. With `judgedRevision`, the trigger's revision
   * for whose metric the vehicles' permissions were judged, none is subscribed to any other revision: `changed` says
   * which were before the trigger changed.
   */
  async add(
    actor: Actor,
    triggerId: string,
    vehicles: readonly string[],
    judgedRevision?: number,
  ): Promise<
    { kind: 'ok'; added: string[]; already: string[] } | { kind: 'not_found' } | { kind: 'changed'; added: string[] }
  > {
    const wanted = [...new Set(vehicles)];
    const added = new Set<string>();
    return this.inBulk(actor, triggerId, 'subscription.created', async (bulk) => {
      for (const part of inParts(wanted, BULK_SIZE)) {
        const insert = ({ manager }: Change) => insertSubscriptions(manager, triggerId, part);
        const outcome = await bulk.step('subscribed', insert, judgedRevision);
        if (outcome.kind === 'not_found') return outcome;
        if (outcome.kind === 'changed') {
          return { kind: 'changed', added: wanted.filter((vehicle) => added.has(vehicle)) };
        }
        for (const vehicle of outcome.vehicles) added.add(vehicle);
      }
      if (wanted.length === 0 && !(await bulk.isKnown())) return { kind: 'not_found' };
      return {
        kind: 'ok',
        added: wanted.filter((vehicle) => added.has(vehicle)),
        already: wanted.filter((vehicle) => !added.has(vehicle)),
      };
    });
  }

  /** Unsubscribes vehicles. Those that were not subscribed are no failure and not counted. */
  async remove(
    actor: Actor,
    triggerId: string,
    vehicles: readonly string[],
  ): Promise<{ kind: 'ok'; removed: number } | { kind: 'not_found' }> {
    return this.inBulk(actor, triggerId, 'subscription.deleted', async (bulk) => {
      for (const part of inParts([...new Set(vehicles)], BULK_SIZE)) {
        const outcome = await bulk.step('unsubscribed', ({ manager }) => deleteSubscriptions(manager, triggerId, part));
        if (outcome.kind !== 'ok') return { kind: 'not_found' };
      }
      if (vehicles.length === 0 && !(await bulk.isKnown())) return { kind: 'not_found' };
      return { kind: 'ok', removed: bulk.count };
    });
  }

  /** Unsubscribes all vehicles. Walks forward by vehicle, so that it ends although others may be added meanwhile. */
  async removeAll(actor: Actor, triggerId: string): Promise<{ kind: 'ok'; removed: number } | { kind: 'not_found' }> {
    return this.inBulk(actor, triggerId, 'subscription.deleted', async (bulk) => {
      let after: string | undefined;
      for (;;) {
        const part = await this.vehicles(triggerId, { limit: BULK_SIZE, ...(after === undefined ? {} : { after }) });
        if (part.length === 0) break;
        const outcome = await bulk.step('unsubscribed', ({ manager }) => deleteSubscriptions(manager, triggerId, part));
        if (outcome.kind !== 'ok') return { kind: 'not_found' };
        after = part.at(-1);
      }
      const isKnown = after !== undefined || (await bulk.isKnown());
      return isKnown ? { kind: 'ok', removed: bulk.count } : { kind: 'not_found' };
    });
  }

  /** Tells of what was done however the call ends. */
  private async inBulk<T>(
    actor: Actor,
    triggerId: string,
    type: BulkType,
    work: (bulk: BulkCall) => Promise<T>,
  ): Promise<T> {
    const bulk = new BulkCall(this.database, actor, triggerId, type);
    try {
      return await work(bulk);
    } finally {
      await bulk.tell();
    }
  }
}

type BulkType = 'subscription.created' | 'subscription.deleted';

type Step = { kind: 'ok'; vehicles: string[] } | { kind: 'not_found' } | { kind: 'changed' };

/** The transactions of one call: what they changed so far, and the one log event that says so. */
class BulkCall {
  count = 0;
  private readonly auditId = newLogId();

  constructor(
    private readonly database: Database,
    private readonly actor: Actor,
    private readonly triggerId: string,
    private readonly type: BulkType,
  ) {}

  /**
   * One transaction; `work` resolves to the vehicles that it changed. It holds the trigger's row, so that the trigger
   * is not deleted meanwhile and no two calls lock each other's subscriptions in different orders. `changed` when it
   * is not of the revision that is given.
   */
  step(
    kind: 'subscribed' | 'unsubscribed',
    work: (change: Change) => Promise<string[]>,
    revision?: number,
  ): Promise<Step> {
    const { actor, triggerId } = this;
    return inChange<Step>(this.database, actor, async (change) => {
      const trigger = await change.manager.findOne(TriggerEntity, {
        where: { id: triggerId, license: actor.license, deletedAt: IsNull() },
        lock: { mode: 'for_no_key_update' },
      });
      if (trigger === null) return { kind: 'not_found' };
      if (revision !== undefined && trigger.revision !== revision) return { kind: 'changed' };
      const vehicles = await work(change);
      if (vehicles.length > 0) {
        const count = this.count + vehicles.length;
        const only = count === 1 ? { vehicle: vehicles[0]! } : {};
        change.describe({
          id: this.auditId,
          type: this.type,
          license: actor.license,
          triggerId,
          ...only,
          details: { count },
        });
        change.publish(vehicles.map((vehicle) => ({ kind, triggerId, vehicle })));
      }
      return { kind: 'ok', vehicles };
    }).then((step) => {
      if (step.kind === 'ok') this.count += step.vehicles.length;
      return step;
    });
  }

  /** The work is done and on record: that listeners could not be told is no reason to call it failed. */
  async tell(): Promise<void> {
    if (this.count === 0) return;
    await tellListeners(this.database, this.auditId).catch((error: unknown) => {
      this.database.log.warn({ err: error, event: this.auditId }, 'who listens was not told of a log event');
    });
  }

  isKnown(): Promise<boolean> {
    const where = { id: this.triggerId, license: this.actor.license, deletedAt: IsNull() };
    return this.database.dataSource.manager.exists(TriggerEntity, { where });
  }
}

async function insertSubscriptions(
  manager: Change['manager'],
  triggerId: string,
  vehicles: string[],
): Promise<string[]> {
  const rows = await manager.query<{ vehicle: string }[]>(
    `insert into subscriptions (trigger_id, vehicle, created_at) select $1, v, now() from unnest($2::text[]) v
     on conflict do nothing returning vehicle`,
    [triggerId, vehicles],
  );
  return rows.map((row) => row.vehicle);
}

async function deleteSubscriptions(
  manager: Change['manager'],
  triggerId: string,
  vehicles: string[],
): Promise<string[]> {
  const rows = await manager.query<{ vehicle: string }[]>(
    `with removed as (delete from subscriptions where trigger_id = $1 and vehicle = any ($2) returning vehicle)
     select vehicle from removed`,
    [triggerId, vehicles],
  );
  return rows.map((row) => row.vehicle);
}
