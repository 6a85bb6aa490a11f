import { IsNull, type EntityManager } from 'typeorm';
import type { Actor } from './actor.js';
import { type AuditEntry, inChange, tellListeners } from './change.js';
import type { Database } from './database.js';
import { TriggerEntity } from './entities/trigger.entity.js';
import { withoutGrant } from './held-grants.js';
import { newLogId } from './log-id.js';
import { BULK_SIZE, inParts, type Page } from './pages.js';
import { lockStock, roomFor, type StockLimits } from './stock.js';
import { beyondRoom, deleteSubscriptions, insertSubscriptions, type Refused } from './subscription-writes.js';

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
 * writes no log event. There are never more subscriptions than the license may have, exactly, whoever subscribes at once.
 */
export class SubscriptionStore {
  constructor(
    private readonly database: Database,
    private readonly limits: StockLimits,
  ) {}

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
   * Those of the vehicles, each once, that the license has no room for, known before anybody asks for permissions: all
   * that are not subscribed once it has none left, and none before, since others may yet be refused. `step` decides.
   */
  async withoutRoom(license: string, triggerId: string, vehicles: readonly string[]): Promise<string[]> {
    const { manager } = this.database.dataSource;
    const { left } = await roomFor(manager, this.limits, { license, name: 'subscriptions' });
    return left > 0 ? [] : beyondRoom(manager, this.limits, { license, triggerId, vehicles });
  }

  /**
   * Subscribes vehicles, as many as there is room for; the answer keeps their order and names each once. With a revision,
   * the trigger's for whose metric the vehicles' permissions were judged, none is subscribed to any other: `changed` says
   * which were before the trigger changed.
   */
  async add(
    actor: Actor,
    triggerId: string,
    vehicles: readonly string[],
    judged: JudgedSubscription = {},
  ): Promise<
    | ({ kind: 'ok'; added: string[]; already: string[] } & Refused)
    | { kind: 'not_found' }
    | { kind: 'changed'; added: string[] }
  > {
    const wanted = [...new Set(vehicles)];
    const added = new Set<string>();
    const [overQuota, ungranted] = [new Set<string>(), new Set<string>()];
    return this.inBulk(actor, triggerId, 'subscribed', async (bulk) => {
      for (const part of inParts(wanted, BULK_SIZE)) {
        const outcome = await bulk.step(part, judged);
        if (outcome.kind === 'not_found') return outcome;
        if (outcome.kind === 'changed') {
          return { kind: 'changed', added: wanted.filter((vehicle) => added.has(vehicle)) };
        }
        for (const vehicle of outcome.vehicles) added.add(vehicle);
        for (const vehicle of outcome.overQuota) overQuota.add(vehicle);
        for (const vehicle of outcome.withoutGrant) ungranted.add(vehicle);
      }
      if (wanted.length === 0 && !(await bulk.isKnown())) return { kind: 'not_found' };
      return {
        kind: 'ok',
        added: wanted.filter((vehicle) => added.has(vehicle)),
        already: wanted.filter((vehicle) => [added, overQuota, ungranted].every((others) => !others.has(vehicle))),
        overQuota: [...overQuota],
        withoutGrant: [...ungranted],
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
   * in it, with what was changed and what was refused; when it throws, nothing was done. It holds the trigger's row, so that the trigger is not deleted meanwhile and no two calls lock each other's subscriptions in
   * different orders. `changed` when the trigger is not of the revision that is given.
   */
  step(
    step: SubscriptionStep,
    record?: (manager: EntityManager, changed: string[], refused: Refused) => Promise<void>,
  ): Promise<Stepped> {
    const { actor, triggerId, kind, revision } = step;
    return inChange<Stepped>(this.database, step.by === undefined ? actor : undefined, async (change) => {
      if (kind === 'subscribed') await lockStock(change.manager, actor.license);
      const ungranted = await withoutHeldGrant(change.manager, step);
      const [trigger] = await change.manager.query<{ revision: number }[]>(LOCK_TRIGGER, [triggerId, actor.license]);
      if (trigger === undefined) return { kind: 'not_found' };
      if (revision !== undefined && trigger.revision !== revision) return { kind: 'changed' };
      const { changed, refused } = await this.change(change.manager, step, ungranted);
      await record?.(change.manager, changed, refused);
      if (changed.length > 0) {
        change.describe(logEntry(step, changed));
        change.publish(changed.map((vehicle) => ({ kind, triggerId, vehicle })));
      }
      return { kind: 'ok', vehicles: changed, ...refused };
    });
  }

  private async change(
    manager: EntityManager,
    { actor, triggerId, kind, vehicles: wanted }: SubscriptionStep,
    ungranted: string[],
  ): Promise<{ changed: string[]; refused: Refused }> {
    const without = new Set(ungranted);
    const vehicles = wanted.filter((vehicle) => !without.has(vehicle));
    const refused: Refused = { overQuota: [], withoutGrant: ungranted };
    if (vehicles.length === 0) return { changed: [], refused };
    if (kind === 'unsubscribed') return { changed: await deleteSubscriptions(manager, triggerId, vehicles), refused };
    const subscribing = { license: actor.license, triggerId, vehicles };
    const { changed, overQuota } = await insertSubscriptions(manager, this.limits, subscribing);
    return { changed, refused: { ...refused, overQuota } };
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
      step: async (vehicles, judged) => {
        const stepped = await this.step({
          ...{ actor, triggerId, kind, vehicles, eventId, countBefore: bulk.count },
          ...judged,
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

const LOCK_TRIGGER = `
select revision from triggers where id = $1 and license = $2 and deleted_at is null for no key update`;

/** For what vehicles were judged that are to be subscribed. */
export interface JudgedSubscription {
  /** The trigger's. */
  revision?: number;
  /** Permissions that their grants must still have when they are subscribed: where grants decide, all it needs. */
  grantsNeeded?: readonly string[];
}

/** A page of a bulk call. */
export interface SubscriptionStep extends JudgedSubscription {
  actor: Actor;
  triggerId: string;
  kind: 'subscribed' | 'unsubscribed';
  /** Each once. */
  vehicles: readonly string[];
  /** Of the call's one log event. */
  eventId: string;
  /** Vehicles that earlier steps of the call changed. */
  countBefore: number;
  /** What does it by itself, in place of the actor. */
  by?: 'autoSubscribe';
}

/** `vehicles` were changed. */
export type Stepped = ({ kind: 'ok'; vehicles: string[] } & Refused) | { kind: 'not_found' } | { kind: 'changed' };

/** The transactions of one call, and what they changed so far. */
interface Steps {
  count: number;
  step(vehicles: readonly string[], judged?: JudgedSubscription): Promise<Stepped>;
  isKnown(): Promise<boolean>;
}

async function withoutHeldGrant(manager: EntityManager, step: SubscriptionStep): Promise<string[]> {
  const { actor, vehicles, grantsNeeded: permissions } = step;
  if (permissions === undefined) return [];
  return withoutGrant(manager, { license: actor.license, vehicles, permissions });
}

function logEntry(
  { actor, triggerId, kind, eventId, countBefore, by }: SubscriptionStep,
  changed: string[],
): AuditEntry {
  const count = countBefore + changed.length;
  return {
    id: eventId,
    type: kind === 'subscribed' ? 'subscription.created' : 'subscription.deleted',
    license: actor.license,
    triggerId,
    ...(count === 1 ? { vehicle: changed[0]! } : {}),
    details: { ...(by === undefined ? {} : { by }), count },
  };
}
