import type { EntityManager } from 'typeorm';
import type { Actor } from './actor.js';
import { type Change, inChange } from './change.js';
import { type Database, SETTLED_AFTER_SECONDS } from './database.js';
import { databaseNow } from './database-time.js';
import { columnsOf, type EndpointFields, type NewSecret, replaceSecret } from './endpoint-fields.js';
import {
  type EndpointRecord,
  type EndpointRecordRow,
  SELECT_ENDPOINT_RECORDS,
  toEndpointRecord,
} from './endpoint-record.js';
import { EndpointEntity } from './entities/endpoint.entity.js';
import { cancelPending, holdPending } from './given-up.js';
import type { Page } from './pages.js';
import { lockFailed, revive } from './revival.js';
import { lockStock, type OverQuota, refusalOfOneMore, type StockLimits } from './stock.js';
import { insertEndpoint, type OwnEndpoint, shownNames, withoutUndefined } from './trigger-writes.js';

/** What one call of `removeOrphans` takes on; the next one does the rest. */
const ORPHANS_MAX = 1_000;

/** A new shared endpoint; its id is a log id, so that the order of ids is that of age. */
export interface NewEndpoint extends OwnEndpoint {
  description: string;
  enabledEvents: string[];
  status: 'active' | 'paused';
}

/** What an update changes: the members that are there. */
export interface EndpointChange {
  description?: string;
  enabledEvents?: string[];
  /** Active also lets one that failed or is gone begin anew. */
  status?: 'active' | 'paused';
  target?: { url: string; verifiedAt: Date };
  fields?: Partial<EndpointFields>;
  secret?: NewSecret;
}

/** An endpoint, by itself or as the one that a trigger sends to. */
export interface EndpointUse {
  endpointId: string;
  triggerId?: string;
}

/** Endpoints of one license at a time: another license's id is as unknown as one that never was. */
export class EndpointStore {
  constructor(
    private readonly database: Database,
    private readonly limits: StockLimits,
  ) {}

  /** The shared ones, newest first. */
  async list(license: string, page: Page): Promise<EndpointRecord[]> {
    const rows = await this.database.dataSource.query<EndpointRecordRow[]>(
      `${SELECT_ENDPOINT_RECORDS} and e.is_shared and ($2::uuid is null or e.id < $2) order by e.id desc limit $3`,
      [license, page.after ?? null, page.limit],
    );
    return rows.map(toEndpointRecord);
  }

  /** Shared or not; undefined when the license has none of that id. */
  get(license: string, id: string): Promise<EndpointRecord | undefined> {
    return findEndpoint(this.database.dataSource.manager, license, id);
  }

  /** Over the quota is who has as many shared ones as there may be, exactly, or is gated. */
  create(actor: Actor, endpoint: NewEndpoint): Promise<{ kind: 'created' } | OverQuota> {
    return inChange(this.database, actor, async (change) => {
      const refusal = await this.refusal(change.manager, actor.license);
      if (refusal) return refusal;
      await insertEndpoint(change.manager, actor.license, { ...endpoint, isShared: true });
      const { id, url, enabledEvents } = endpoint;
      change.describe({
        type: 'endpoint.created',
        license: actor.license,
        endpointId: id,
        details: { url, enabledEvents },
      });
      return { kind: 'created' };
    });
  }

  /**
   * Changes what `decide` says of a shared endpoint as it stands, which nobody changes meanwhile; what it throws undoes
   * everything. Another target, and `active` where it was something else, let it and what failed with it begin anew.
   */
  async update(
    actor: Actor,
    id: string,
    decide: (current: EndpointRecord) => EndpointChange,
  ): Promise<'updated' | 'not_found' | 'not_shared'> {
    const outcome = await inChange(this.database, actor, async (change) => {
      await lockFailed(change.manager, id);
      const current = await lockEndpoint(change.manager, actor.license, id);
      if (current === undefined) return 'not_found';
      if (!current.isShared) return 'not_shared';
      await applyChange(change, current, decide(current));
      return 'updated';
    });
    if (outcome === 'updated') await holdPending(this.database, id);
    return outcome;
  }

  /** Deletes a shared endpoint that no trigger uses, and cancels what is still pending there. */
  async remove(
    actor: Actor,
    id: string,
  ): Promise<{ kind: 'removed' } | { kind: 'not_found' } | { kind: 'not_shared' } | { kind: 'in_use'; by: number }> {
    const outcome = await inChange(this.database, actor, async (change) => {
      const { manager } = change;
      if ((await lockEndpoint(manager, actor.license, id)) === undefined) return { kind: 'not_found' } as const;
      // Read again: who was about to use it has been waited for.
      const current = (await findEndpoint(manager, actor.license, id))!;
      if (!current.isShared) return { kind: 'not_shared' } as const;
      if (current.triggerCount > 0) return { kind: 'in_use', by: current.triggerCount } as const;
      await manager.delete(EndpointEntity, { id });
      // The lease row goes when it has been quiet for long enough, see `removeOrphans`.
      await manager.query('update endpoint_leases set last_attempt_at = now() where endpoint_id = $1', [id]);
      const details = { url: current.url };
      change.describe({ type: 'endpoint.deleted', license: actor.license, endpointId: id, details });
      return { kind: 'removed' } as const;
    });
    if (outcome.kind === 'removed') await cancelPending(this.database, { endpointId: id });
    return outcome;
  }

  /**
   * Puts a new secret in place of the old. False when the license has no such endpoint, or when the trigger does not
   * send to it, or no longer.
   */
  rotate(actor: Actor, use: EndpointUse, next: NewSecret): Promise<boolean> {
    return inChange(this.database, actor, async (change) => {
      if (!(await lockUse(change.manager, actor.license, use))) return false;
      await replaceSecret(change.manager, use.endpointId, next);
      const details = { previousValidUntil: next.previousUntil };
      change.describe({ type: 'secret.rotated', license: actor.license, ...use, details });
      return true;
    });
  }

  /**
   * Notes that an endpoint proved itself again, and lets it and what failed with it begin anew where it was given up.
   * False as for `rotate`, and when its URL is no longer the one that was asked.
   */
  verified(actor: Actor, use: EndpointUse, proof: { url: string; verifiedAt: Date }): Promise<boolean> {
    return inChange(this.database, actor, async (change) => {
      const { manager } = change;
      await lockFailed(manager, use.endpointId, use.triggerId);
      const current = await lockUse(manager, actor.license, use);
      if (!current || current.url !== proof.url) return false;
      const { verifiedAt } = proof;
      await manager.update(EndpointEntity, { id: current.id }, { verifiedAt });
      const entry = { license: actor.license, ...use };
      if (use.triggerId) change.describe({ ...entry, type: 'webhook.verified', details: { verifiedAt } });
      else change.describe({ ...entry, type: 'endpoint.updated', details: { changed: ['verifiedAt'] } });
      await revive(change, current);
      return true;
    });
  }

  private async refusal(manager: EntityManager, license: string): Promise<OverQuota | undefined> {
    await lockStock(manager, license);
    return refusalOfOneMore(manager, this.limits, { license, name: 'endpoints' });
  }
}

/**
 * Removes endpoints that their triggers have left, and what deleted ones left behind, once nothing is pending there.
 * Resolves to how many. To be called now and then, by any number of processes.
 */
export async function removeOrphans(database: Database): Promise<number> {
  const { dataSource } = database;
  const left = await dataSource.query<{ id: string }[]>(REMOVE_LEFT);
  const leases = await dataSource.query<{ id: string }[]>(DELETED_WITH_LEASE);
  for (const { id } of leases) await cancelPending(database, { endpointId: id });
  const removed = await dataSource.query<{ id: string }[]>(REMOVE_LEASES, [leases.map(({ id }) => id)]);
  return left.length + removed.length;
}

const REMOVE_LEFT = `
with gone as (
  delete from endpoints where id = any (array(
    select e.id from endpoints e
    where not e.is_shared and e.updated_at < now() - interval '${SETTLED_AFTER_SECONDS} s'
      and not exists (select 1 from triggers t where t.endpoint_id = e.id and t.deleted_at is null)
      and not exists (select 1 from outbox o where o.endpoint_id = e.id)
    limit ${ORPHANS_MAX}
    for update skip locked
  ))
  returning id
), leases as (
  delete from endpoint_leases where endpoint_id in (select id from gone)
)
select id from gone`;

/** Lease rows of endpoints that were deleted by themselves; those of deleted triggers are the sweep's. */
const DELETED_WITH_LEASE = `
select l.endpoint_id as id from endpoint_leases l
where l.last_attempt_at < now() - interval '${SETTLED_AFTER_SECONDS} s'
  and not exists (select 1 from endpoints e where e.id = l.endpoint_id)
  and not exists (select 1 from triggers t where t.endpoint_id = l.endpoint_id and t.swept_at is null)
limit ${ORPHANS_MAX}`;

const REMOVE_LEASES = `
with gone as (
  delete from endpoint_leases l where l.endpoint_id = any ($1)
    and not exists (select 1 from outbox o where o.endpoint_id = l.endpoint_id)
  returning endpoint_id
)
select endpoint_id as id from gone`;

async function findEndpoint(manager: EntityManager, license: string, id: string): Promise<EndpointRecord | undefined> {
  const [row] = await manager.query<EndpointRecordRow[]>(`${SELECT_ENDPOINT_RECORDS} and e.id = $2`, [license, id]);
  return row && toEndpointRecord(row);
}

async function lockEndpoint(manager: EntityManager, license: string, id: string): Promise<EndpointRecord | undefined> {
  const sql = `${SELECT_ENDPOINT_RECORDS} and e.id = $2 for update of e`;
  const [row] = await manager.query<EndpointRecordRow[]>(sql, [license, id]);
  return row && toEndpointRecord(row);
}

/** Locks the trigger, if there is one, and then its endpoint. */
async function lockUse(
  manager: EntityManager,
  license: string,
  { endpointId, triggerId }: EndpointUse,
): Promise<EndpointRecord | undefined> {
  if (triggerId !== undefined) {
    const found = await manager.query<unknown[]>(
      'select 1 from triggers where id = $1 and license = $2 and endpoint_id = $3 and deleted_at is null for update',
      [triggerId, license, endpointId],
    );
    if (found.length === 0) return undefined;
  }
  return lockEndpoint(manager, license, endpointId);
}

async function applyChange(change: Change, current: EndpointRecord, given: EndpointChange): Promise<void> {
  const { target, fields, secret, ...rest } = withoutUndefined(given);
  const columns = { ...rest, ...target, ...columnsOf(fields ?? {}) };
  const names = [...Object.keys({ ...rest, ...target, ...fields }), ...(secret === undefined ? [] : ['secret'])];
  const changed = shownNames(names, { status: 'enabled' });
  if (changed.length === 0) return;
  const { id, license } = current;
  const { manager } = change;
  const isActivated = given.status === 'active' && current.status !== 'active';
  await manager.update(
    EndpointEntity,
    { id },
    { ...columns, ...(given.status === undefined ? {} : { statusReason: null }), updatedAt: databaseNow() },
  );
  if (secret !== undefined) await replaceSecret(manager, id, secret);
  change.describe({ type: 'endpoint.updated', license, endpointId: id, details: { changed } });
  if (target !== undefined || isActivated) await revive(change, current);
}
