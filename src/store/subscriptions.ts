import { IsNull, type EntityManager } from 'typeorm';
import type { Actor } from './actor.js';
import { type AuditEntry, type Change, inChange, tellListeners } from './change.js';
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
    return this.inBulk(actor, triggerId, 'subscribed', async (bulk) => {
      for (const part of inParts(wanted, BULK_SIZE)) {
        const outcome = await bulk.step(part, judgedRevision);
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
    return this.inBulk(actor, triggerId, 'unsubscribed', async (bulk) => {
      for (const part of inParts([...new Set(vehicles)], BULK_SIZE)) {
        const outcome = await bulk.step(part);
        if (outcome.kind !== 'ok') return { kind: 'not_found' };
      }
      if (vehicles.length === 0 && !(await bulk.isKnown())) return { kind: 'not_found' };
      return { kind: 'ok', removed: bulk.count };
    });
  }

  /**
   * One step of a bulk call: a transaction that changes vehicles and counts them in the call's log event. `record` runs
   * in it, with what was changed; when it throws, nothing was done. It holds the trigger's row, so that the trigger is
   * not deleted meanwhile and no two calls lock each other's subscriptions in different orders. `changed` when the
   * trigger is not of the revision that is given.
   */
  step(
    step: SubscriptionStep,
    record?: (manager: EntityManager, changed: string[]) => Promise<void>,
  ): Promise<Stepped> {
    const { actor, triggerId, kind, vehicles, revision } = step;
    return inChange<Stepped>(this.database, actor, async (change) => {
      const trigger = await change.manager.findOne(TriggerEntity, {
        where: { id: triggerId, license: actor.license, deletedAt: IsNull() },
        lock: { mode: 'for_no_key_update' },
      });
      if (trigger === null) return { kind: 'not_found' };
      if (revision !== undefined && trigger.revision !== revision) return { kind: 'changed' };
      const work = kind === 'subscribed' ? insertSubscriptions : deleteSubscriptions;
      const changed = vehicles.length === 0 ? [] : await work(change.manager, triggerId, vehicles);
      await record?.(change.manager, changed);
      if (changed.length > 0) {
        change.describe(logEntry(step, changed));
        change.publish(changed.map((vehicle) => ({ kind, triggerId, vehicle })));
      }
      return { kind: 'ok', vehicles: changed };
    });
  }

  /** The work is done and on record: that listeners could not be told is no reason to call it failed. */
  async tell(eventId: string): Promise<void> {
    await tellListeners(this.database, eventId).catch((error: unknown) => {
      this.database.log.warn({ err: error, event: eventId }, 'who listens was not told of a log event');
    });
  }

  /** Tells of what was done however the call ends. */
  private async inBulk<T>(
    actor: Actor,
    triggerId: string,
    kind: SubscriptionStep['kind'],
    work: (bulk: Steps) => Promise<T>,
  ): Promise<T> {
    const eventId = newLogId();
    const bulk: Steps = {
      count: 0,
      step: async (vehicles, revision) => {
        const given = revision === undefined ? {} : { revision };
        const stepped = await this.step({
          actor,
          triggerId,
          kind,
          vehicles,
          eventId,
          countBefore: bulk.count,
          ...given,
        });
        if (stepped.kind === 'ok') bulk.count += stepped.vehicles.length;
        return stepped;
      },
      isKnown: () => {
        const where = { id: triggerId, license: actor.license, deletedAt: IsNull() };
        return this.database.dataSource.manager.exists(TriggerEntity, { where });
      },
    };
    try {
      return await work(bulk);
    } finally {
      if (bulk.count > 0) await this.tell(eventId);
    }
  }
}

/** A page of a bulk call. */
export interface SubscriptionStep {
  actor: Actor;
  triggerId: string;
  kind: 'subscribed' | 'unsubscribed';
  /** Each once. */
  vehicles: readonly string[];
  /** The trigger's, when the vehicles were judged for it. */
  revision?: number;
  /** Of the call's one log event. */
  eventId: string;
  /** Vehicles that earlier steps of the call changed. */
  countBefore: number;
}

export type Stepped = { kind: 'ok'; vehicles: string[] } | { kind: 'not_found' } | { kind: 'changed' };

/** The transactions of one call, and what they changed so far. */
interface Steps {
  count: number;
  step(vehicles: readonly string[], revision?: number): Promise<Stepped>;
  isKnown(): Promise<boolean>;
}

function logEntry({ actor, triggerId, kind, eventId, countBefore }: SubscriptionStep, changed: string[]): AuditEntry {
  const count = countBefore + changed.length;
  return {
    id: eventId,
    type: kind === 'subscribed' ? 'subscription.created' : 'subscription.deleted',
    license: actor.license,
    triggerId,
    ...(count === 1 ? { vehicle: changed[0]! } : {}),
    details: { count },
  };
}

async function insertSubscriptions(
  manager: Change['manager'],
  triggerId: string,
  vehicles: readonly string[],
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
  vehicles: readonly string[],
): Promise<string[]> {
  const rows = await manager.query<{ vehicle: string }[]>(
    `with removed as (delete from subscriptions where trigger_id = $1 and vehicle = any ($2) returning vehicle)
     select vehicle from removed`,
    [triggerId, vehicles],
  );
  return rows.map((row) => row.vehicle);
}
