import { type EntityManager, IsNull, QueryFailedError } from 'typeorm';
import type { Actor } from './actor.js';
import { inChange } from './change.js';
import type { Database } from './database.js';
import { databaseNow } from './database-time.js';
import { EndpointEntity } from './entities/endpoint.entity.js';
import { TriggerEntity } from './entities/trigger.entity.js';
import { withoutGrant } from './held-grants.js';
import type { Page } from './pages.js';
import { lockFailed } from './revival.js';
import { lockStock, type OverQuota, refusalOfOneMore, type StockLimits } from './stock.js';
import { removeRemains } from './trigger-remains.js';
import {
  type FoundTrigger,
  type FoundTriggerRow,
  SELECT_FOUND_TRIGGERS,
  SELECT_TRIGGER_RECORDS,
  toFoundTrigger,
  toTriggerRecord,
  type TriggerRecord,
  type TriggerRecordRow,
} from './trigger-record.js';
import {
  applyChange,
  EndpointMissing,
  insertTrigger,
  nameKeyOf,
  type NewTrigger,
  type SharingTrigger,
  type TriggerChange,
} from './trigger-writes.js';

export type { NewTrigger, SharingTrigger, TriggerChange } from './trigger-writes.js';

/** The name is another trigger's, or the license has no such shared endpoint. */
export type TriggerConflict = { kind: 'duplicate_name' } | { kind: 'endpoint_not_found' };

/** Triggers of one license at a time: another license's id is as unknown as one that never was. */
export class TriggerStore {
  constructor(
    private readonly database: Database,
    private readonly limits: StockLimits,
  ) {}

  /** Ordered by id; all of them without a page. */
  async list(license: string, page?: Page): Promise<TriggerRecord[]> {
    const rows = await this.database.dataSource.query<TriggerRecordRow[]>(
      `${SELECT_TRIGGER_RECORDS} and t.license = $1 and ($2::uuid is null or t.id > $2) order by t.id limit $3`,
      [license, page?.after ?? null, page?.limit ?? null],
    );
    return rows.map(toTriggerRecord);
  }

  /** Undefined when the license has no such trigger. `id` is a UUID. Reads all of the trigger's states, see `find`. */
  async get(license: string, id: string): Promise<TriggerRecord | undefined> {
    const sql = `${SELECT_TRIGGER_RECORDS} and t.license = $1 and t.id = $2`;
    const [row] = await this.database.dataSource.query<TriggerRecordRow[]>(sql, [license, id]);
    return row && toTriggerRecord(row);
  }

  /** The same by keys alone, without what is counted over the trigger's vehicles. */
  find(license: string, id: string): Promise<FoundTrigger | undefined> {
    return findTrigger(this.database.dataSource.manager, license, id);
  }

  /** What a trigger watches, of which revision: one row of one table, for who is about to judge permissions by it. */
  async watched(
    license: string,
    id: string,
  ): Promise<Pick<TriggerRecord, 'metricKind' | 'metric' | 'revision'> | undefined> {
    const [row] = await this.database.dataSource.query<Pick<TriggerRecord, 'metricKind' | 'metric' | 'revision'>[]>(
      `select metric_kind as "metricKind", metric, revision from triggers
       where id = $2 and license = $1 and deleted_at is null`,
      [license, id],
    );
    return row;
  }

  /** Whether another of the license's triggers, but for `exceptId`, has this name, in whatever letter case. */
  async isNameTaken(license: string, name: string, exceptId?: string): Promise<boolean> {
    const rows = await this.database.dataSource.query<object[]>(
      `select 1 from triggers
       where license = $1 and name_key = $2 and deleted_at is null and ($3::uuid is null or id <> $3)`,
      [license, nameKeyOf(name), exceptId ?? null],
    );
    return rows.length > 0;
  }

  /**
   * The name is taken when another of the license's triggers has it, in whatever letter case. Over the quota is who has
   * as many as there may be, exactly, however many are created at once.
   */
  async create(
    actor: Actor,
    trigger: NewTrigger | SharingTrigger,
  ): Promise<{ kind: 'created'; trigger: FoundTrigger } | TriggerConflict | OverQuota> {
    try {
      return await inChange(this.database, actor, async (change) => {
        const refusal = await this.refusal(change.manager, actor.license);
        if (refusal) return refusal;
        await insertTrigger(change.manager, actor.license, trigger);
        const { service, metricName, condition } = trigger;
        change.describe({
          type: 'webhook.created',
          license: actor.license,
          triggerId: trigger.id,
          details: { service, metricName, condition },
        });
        change.publish([{ kind: 'trigger', triggerId: trigger.id }]);
        return { kind: 'created', trigger: (await findTrigger(change.manager, actor.license, trigger.id))! };
      });
    } catch (error) {
      return conflictOf(error);
    }
  }

  /**
   * Changes what `change` has and raises the revision; an empty change does nothing. A changed metric empties the
   * trigger's states. Stale: what it was decided from, `judged`, is no longer so: the revision, that no vehicle is
   * subscribed but these, or that their grants have these permissions. Nobody subscribes a vehicle while this looks.
   */
  async update(
    actor: Actor,
    id: string,
    change: TriggerChange,
    judged: { revision?: number; vehicles?: readonly string[]; grantsNeeded?: readonly string[] } = {},
  ): Promise<{ kind: 'updated'; trigger: FoundTrigger } | { kind: 'not_found' } | { kind: 'stale' } | TriggerConflict> {
    try {
      return await inChange(this.database, actor, async (transaction) => {
        const { manager } = transaction;
        if (await lacksGrants(manager, actor.license, judged)) return { kind: 'stale' };
        if (change.status === 'enabled' || change.target) await lockFellows(manager, actor.license, id, change);
        const current = await lockTrigger(manager, actor.license, id);
        if (current === null) return { kind: 'not_found' };
        const { revision = current.revision, vehicles } = judged;
        if (current.revision !== revision) return { kind: 'stale' };
        if (vehicles && (await hasOtherVehicles(manager, id, vehicles))) return { kind: 'stale' };
        await applyChange(transaction, current, change);
        return { kind: 'updated', trigger: (await findTrigger(manager, actor.license, id))! };
      });
    } catch (error) {
      return conflictOf(error);
    }
  }

  /**
   * Deletes a trigger with the endpoint of its own and frees its name; false when the license has none of that id.
   * Engines and senders see it gone at once. Its subscriptions and pending deliveries go next, at a shared endpoint its
   * firings alone, in bounded batches; what escapes these, because it was being written at that moment, is left to
   * `sweep`.
   */
  async remove(actor: Actor, id: string): Promise<boolean> {
    const removed = await inChange(this.database, actor, async (change) => {
      const current = await lockTrigger(change.manager, actor.license, id);
      if (current === null) return undefined;
      const now = databaseNow();
      await change.manager.update(TriggerEntity, { id }, { deletedAt: now, updatedAt: now });
      const { affected } = await change.manager.delete(EndpointEntity, { id: current.endpointId, isShared: false });
      change.describe({
        type: 'webhook.deleted',
        license: actor.license,
        triggerId: id,
        details: { displayName: current.displayName },
      });
      change.publish([{ kind: 'trigger', triggerId: id }]);
      return { id, endpointId: current.endpointId, ownsEndpoint: affected === 1 };
    });
    if (removed === undefined) return false;
    await removeRemains(this.database, removed);
    return true;
  }

  private async refusal(manager: EntityManager, license: string): Promise<OverQuota | undefined> {
    await lockStock(manager, license);
    return refusalOfOneMore(manager, this.limits, { license, name: 'webhooks' });
  }
}

async function findTrigger(manager: EntityManager, license: string, id: string): Promise<FoundTrigger | undefined> {
  const sql = `${SELECT_FOUND_TRIGGERS} and t.license = $1 and t.id = $2`;
  const [row] = await manager.query<FoundTriggerRow[]>(sql, [license, id]);
  return row && toFoundTrigger(row);
}

async function lacksGrants(
  manager: EntityManager,
  license: string,
  { vehicles, grantsNeeded: permissions }: { vehicles?: readonly string[]; grantsNeeded?: readonly string[] },
): Promise<boolean> {
  if (vehicles === undefined || permissions === undefined) return false;
  return (await withoutGrant(manager, { license, vehicles, permissions })).length > 0;
}

async function hasOtherVehicles(manager: EntityManager, id: string, vehicles: readonly string[]): Promise<boolean> {
  const others = await manager.query<unknown[]>(
    'select 1 from subscriptions where trigger_id = $1 and vehicle <> all ($2::text[]) limit 1',
    [id, vehicles],
  );
  return others.length > 0;
}

/** With the triggers that a revival of the endpoint would enable, in the order of all ids, when it comes to that. */
async function lockFellows(
  manager: EntityManager,
  license: string,
  id: string,
  { moveTo }: TriggerChange,
): Promise<void> {
  const [found] = await manager.query<{ endpoint_id: string }[]>(
    'select endpoint_id from triggers where id = $1 and license = $2 and deleted_at is null',
    [id, license],
  );
  const endpointId = moveTo?.kind === 'shared' ? moveTo.endpointId : found?.endpoint_id;
  if (found && endpointId) await lockFailed(manager, endpointId, id);
}

function lockTrigger(manager: EntityManager, license: string, id: string): Promise<TriggerEntity | null> {
  return manager.findOne(TriggerEntity, {
    where: { id, license, deletedAt: IsNull() },
    lock: { mode: 'pessimistic_write' },
  });
}

/** What an error of a transaction means; throws any other. */
function conflictOf(error: unknown): TriggerConflict {
  if (error instanceof EndpointMissing) return { kind: 'endpoint_not_found' };
  if (isDuplicateName(error)) return { kind: 'duplicate_name' };
  throw error;
}

function isDuplicateName(error: unknown): boolean {
  if (!(error instanceof QueryFailedError)) return false;
  const { code, constraint } = error.driverError as { code?: string; constraint?: string };
  return code === '23505' && constraint === 'triggers_name';
}
