import { type EntityManager, IsNull, QueryFailedError } from 'typeorm';
import type { Actor } from './actor.js';
import { type Change, inChange } from './change.js';
import type { Database } from './database.js';
import { EndpointLeaseEntity } from './entities/endpoint-lease.entity.js';
import { EndpointEntity } from './entities/endpoint.entity.js';
import { TriggerEntity } from './entities/trigger.entity.js';
import type { Page } from './pages.js';
import { removeRemains, sweepDeletedTriggers } from './trigger-remains.js';
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

/** What a new trigger is made of: what is registered, already checked, and the endpoint that it has of its own. */
export interface NewTrigger extends Pick<
  TriggerRecord,
  | 'id'
  | 'service'
  | 'metricName'
  | 'metricKind'
  | 'metric'
  | 'valueKind'
  | 'condition'
  | 'normalizedCondition'
  | 'cooldownSeconds'
  | 'description'
> {
  /** Missing or blank means the id. */
  displayName?: string;
  status: 'enabled' | 'disabled';
  /** `secret` is the encrypted text. */
  endpoint: { id: string; url: string; secret: string; verifiedAt: Date };
}

/** What an update changes: the members that are there. */
export type TriggerChange = Partial<
  Pick<
    NewTrigger,
    | 'service'
    | 'metricName'
    | 'metricKind'
    | 'metric'
    | 'valueKind'
    | 'condition'
    | 'normalizedCondition'
    | 'cooldownSeconds'
    | 'description'
    | 'status'
  >
> & {
  /** Null or blank means the id. */
  displayName?: string | null;
  target?: { url: string; verifiedAt: Date };
};

/** Triggers of one license at a time: another license's id is as unknown as one that never was. */
export class TriggerStore {
  constructor(private readonly database: Database) {}

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

  /** Whether another of the license's triggers, but for `exceptId`, has this name, in whatever letter case. */
  async isNameTaken(license: string, name: string, exceptId?: string): Promise<boolean> {
    const rows = await this.database.dataSource.query<object[]>(
      `select 1 from triggers
       where license = $1 and name_key = $2 and deleted_at is null and ($3::uuid is null or id <> $3)`,
      [license, nameKeyOf(name), exceptId ?? null],
    );
    return rows.length > 0;
  }

  /** The name is taken when another of the license's triggers has it, in whatever letter case. */
  async create(
    actor: Actor,
    trigger: NewTrigger,
  ): Promise<{ kind: 'created'; trigger: FoundTrigger } | { kind: 'duplicate_name' }> {
    try {
      const created = await inChange(this.database, actor, async (change) => {
        await insertTrigger(change.manager, actor.license, trigger);
        const { service, metricName, condition } = trigger;
        change.describe({
          type: 'webhook.created',
          license: actor.license,
          triggerId: trigger.id,
          details: { service, metricName, condition },
        });
        change.publish([{ kind: 'trigger', triggerId: trigger.id }]);
        return findTrigger(change.manager, actor.license, trigger.id);
      });
      return { kind: 'created', trigger: created! };
    } catch (error) {
      if (isDuplicateName(error)) return { kind: 'duplicate_name' };
      throw error;
    }
  }

  /**
   * Changes what `change` has and raises the revision; an empty change does nothing. A changed metric empties the
   * trigger's states. Stale: what it was decided from, `judged`, is no longer so: the revision, or that no vehicle is
   * subscribed but these. Nobody subscribes a vehicle while this looks.
   */
  async update(
    actor: Actor,
    id: string,
    change: TriggerChange,
    judged: { revision?: number; vehicles?: readonly string[] } = {},
  ): Promise<
    { kind: 'updated'; trigger: FoundTrigger } | { kind: 'not_found' } | { kind: 'duplicate_name' } | { kind: 'stale' }
  > {
    try {
      return await inChange(this.database, actor, async (transaction) => {
        const { manager } = transaction;
        const current = await lockTrigger(manager, actor.license, id);
        if (current === null) return { kind: 'not_found' };
        const { revision = current.revision, vehicles } = judged;
        if (current.revision !== revision) return { kind: 'stale' };
        if (vehicles && (await hasOtherVehicles(manager, id, vehicles))) return { kind: 'stale' };
        await applyChange(transaction, current, change);
        return { kind: 'updated', trigger: (await findTrigger(manager, actor.license, id))! };
      });
    } catch (error) {
      if (isDuplicateName(error)) return { kind: 'duplicate_name' };
      throw error;
    }
  }

  /**
   * Deletes a trigger with its endpoint and frees its name; false when the license has none of that id. Engines and
   * senders see it gone at once. Its subscriptions and pending deliveries go next, in bounded batches; what escapes
   * these, because it was being written at that moment, is left to `sweep`.
   */
  async remove(actor: Actor, id: string): Promise<boolean> {
    const removed = await inChange(this.database, actor, async (change) => {
      const current = await lockTrigger(change.manager, actor.license, id);
      if (current === null) return undefined;
      const now = new Date();
      await change.manager.update(TriggerEntity, { id }, { deletedAt: now, updatedAt: now });
      await change.manager.delete(EndpointEntity, { id: current.endpointId });
      change.describe({
        type: 'webhook.deleted',
        license: actor.license,
        triggerId: id,
        details: { displayName: current.displayName },
      });
      change.publish([{ kind: 'trigger', triggerId: id }]);
      return current;
    });
    if (removed === undefined) return false;
    await removeRemains(this.database, removed);
    return true;
  }

  /**
   * Removes what is left of triggers that were deleted long enough ago for no transaction from before to be still under
   * way. Resolves to how many are done with. To be called now and then, by any number of processes.
   */
  sweep(): Promise<number> {
    return sweepDeletedTriggers(this.database);
  }
}

async function findTrigger(manager: EntityManager, license: string, id: string): Promise<FoundTrigger | undefined> {
  const sql = `${SELECT_FOUND_TRIGGERS} and t.license = $1 and t.id = $2`;
  const [row] = await manager.query<FoundTriggerRow[]>(sql, [license, id]);
  return row && toFoundTrigger(row);
}

async function hasOtherVehicles(manager: EntityManager, id: string, vehicles: readonly string[]): Promise<boolean> {
  const others = await manager.query<unknown[]>(
    'select 1 from subscriptions where trigger_id = $1 and vehicle <> all ($2::text[]) limit 1',
    [id, vehicles],
  );
  return others.length > 0;
}

function lockTrigger(manager: EntityManager, license: string, id: string): Promise<TriggerEntity | null> {
  return manager.findOne(TriggerEntity, {
    where: { id, license, deletedAt: IsNull() },
    lock: { mode: 'pessimistic_write' },
  });
}

async function insertTrigger(manager: EntityManager, license: string, trigger: NewTrigger): Promise<void> {
  const { endpoint, displayName, ...fields } = trigger;
  const now = new Date();
  await manager.insert(TriggerEntity, {
    ...fields,
    ...naming(displayName, trigger.id),
    license,
    revision: 1,
    metricRevision: 1,
    endpointId: endpoint.id,
    createdAt: now,
    updatedAt: now,
  });
  await manager.insert(EndpointEntity, { ...endpoint, license, createdAt: now, updatedAt: now });
  await manager.insert(EndpointLeaseEntity, { endpointId: endpoint.id, license, failures: 0 });
}

async function applyChange(transaction: Change, current: TriggerEntity, change: TriggerChange): Promise<void> {
  const { target, displayName, ...given } = change;
  const fields = withoutUndefined(given);
  const changed = Object.keys(withoutUndefined(change));
  if (changed.length === 0) return;
  const { manager } = transaction;
  const { id } = current;
  const now = new Date();
  const revision = current.revision + 1;
  const isOtherMetric =
    (fields.metricKind ?? current.metricKind) !== current.metricKind ||
    (fields.metric ?? current.metric) !== current.metric;
  await manager.update(
    TriggerEntity,
    { id },
    {
      ...fields,
      ...(displayName === undefined ? {} : naming(displayName, id)),
      ...(fields.status === undefined ? {} : { statusReason: null }),
      ...(isOtherMetric ? { metricRevision: revision } : {}),
      revision,
      updatedAt: now,
    },
  );
  if (target !== undefined) {
    const { url, verifiedAt } = target;
    await manager.update(EndpointEntity, { id: current.endpointId }, { url, verifiedAt, updatedAt: now });
  }
  if (isOtherMetric) await emptyStates(manager, id);
  const isSwitched = fields.status !== undefined && fields.status !== current.status;
  transaction.describe({
    type: isSwitched ? `webhook.${fields.status}` : 'webhook.updated',
    license: current.license,
    triggerId: id,
    details: { changed, revision },
  });
  transaction.publish([{ kind: 'trigger', triggerId: id }]);
}

/**
 * Empties by an update, never by a delete: the raised version is how an engine that remembers a state learns that it
 * is out of date, and a row that vanished would be inserted anew. Rows are locked in the order in which commits lock
 * them. A trigger may have a million, for which the usual time-out is short.
 */
async function emptyStates(manager: EntityManager, triggerId: string): Promise<void> {
  await manager.query(`set local statement_timeout = '60s'`);
  await manager.query(
    `with locked as materialized (
       select trigger_id, vehicle from states where trigger_id = $1 order by vehicle for update
     )
     update states s set version = s.version + 1, fired_at = null, previous = null
     from locked where s.trigger_id = locked.trigger_id and s.vehicle = locked.vehicle`,
    [triggerId],
  );
}

function naming(displayName: string | null | undefined, id: string): { displayName: string; nameKey: string } {
  const name = displayName?.trim() ? displayName : id;
  return { displayName: name, nameKey: nameKeyOf(name) };
}

/** Letter case is folded here and not in the database, whose locale may know no letters beyond ASCII. */
function nameKeyOf(name: string): string {
  return name.normalize('NFC').toLowerCase();
}

function withoutUndefined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as T;
}

function isDuplicateName(error: unknown): boolean {
  if (!(error instanceof QueryFailedError)) return false;
  const { code, constraint } = error.driverError as { code?: string; constraint?: string };
  return code === '23505' && constraint === 'triggers_name';
}
