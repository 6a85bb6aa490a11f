import type { EntityManager } from 'typeorm';
import { makeSyncDue } from './auto-syncs.js';
import type { Change } from './change.js';
import { databaseNow } from './database-time.js';
import { columnsOf, type EndpointFields, type NewSecret, replaceSecret } from './endpoint-fields.js';
import { EndpointLeaseEntity } from './entities/endpoint-lease.entity.js';
import { EndpointEntity } from './entities/endpoint.entity.js';
import { TriggerEntity } from './entities/trigger.entity.js';
import { revive } from './revival.js';
import type { TriggerRecord } from './trigger-record.js';

type RegisteredFields = Pick<
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
> & {
  /** Missing or blank means the id. */
  displayName?: string;
  /** Missing or null takes samples of any age. */
  maxSampleAgeSeconds?: number | null;
  /** Missing means false. */
  autoSubscribe?: boolean;
  status: 'enabled' | 'disabled';
};

/** An endpoint that belongs to one trigger; `secret` is sealed, and fields that are missing have their defaults. */
export interface OwnEndpoint extends Partial<EndpointFields> {
  id: string;
  url: string;
  secret: string;
  verifiedAt: Date;
}

/** What a new trigger is made of: what is registered, already checked, and the endpoint that it has of its own. */
export interface NewTrigger extends RegisteredFields {
  endpoint: OwnEndpoint;
}

/** One that sends to a shared endpoint instead. */
export interface SharingTrigger extends RegisteredFields {
  sharedEndpointId: string;
}

/** What an update changes: the members that are there. */
export type TriggerChange = Partial<Omit<RegisteredFields, 'id' | 'displayName'>> & {
  /** Null or blank means the id. */
  displayName?: string | null;
  /** Another URL of its own endpoint. */
  target?: { url: string; verifiedAt: Date };
  /** How its own endpoint is sent to. */
  endpointFields?: Partial<EndpointFields>;
  /** Of its own endpoint. */
  secret?: NewSecret;
  /** Where its firings go from now on; what is pending still goes where it was meant to. */
  moveTo?: { kind: 'own'; endpoint: OwnEndpoint } | { kind: 'shared'; endpointId: string };
};

/** The license has no shared endpoint of this id: thrown to undo the transaction. */
export class EndpointMissing extends Error {}

export async function insertTrigger(
  manager: EntityManager,
  license: string,
  trigger: NewTrigger | SharingTrigger,
): Promise<void> {
  const { displayName, ...given } = trigger;
  const { endpoint, sharedEndpointId, ...fields } = {
    endpoint: undefined,
    sharedEndpointId: undefined,
    ...given,
  };
  const now = databaseNow();
  await manager.insert(TriggerEntity, {
    ...fields,
    ...naming(displayName, trigger.id),
    license,
    revision: 1,
    metricRevision: 1,
    endpointId: endpoint?.id ?? sharedEndpointId!,
    createdAt: now,
    updatedAt: now,
  });
  if (endpoint) await insertEndpoint(manager, license, { ...endpoint, isShared: false });
  else await requireShared(manager, license, sharedEndpointId);
  if (fields.autoSubscribe === true) await makeSyncDue(manager, license);
}

/** An endpoint with its lease row. */
export async function insertEndpoint(
  manager: EntityManager,
  license: string,
  endpoint: OwnEndpoint &
    Partial<Pick<EndpointEntity, 'description' | 'enabledEvents' | 'status'>> & { isShared: boolean },
): Promise<void> {
  const now = databaseNow();
  await manager.insert(EndpointEntity, { ...endpoint, license, createdAt: now, updatedAt: now });
  await manager.insert(EndpointLeaseEntity, { endpointId: endpoint.id, license, failures: 0 });
}

/** Keeps a shared endpoint from being deleted until the transaction ends. */
async function requireShared(manager: EntityManager, license: string, id: string): Promise<void> {
  const found = await manager.query<unknown[]>(
    'select 1 from endpoints where id = $1 and license = $2 and is_shared for share',
    [id, license],
  );
  if (found.length === 0) throw new EndpointMissing(`license ${license} has no shared endpoint ${id}`);
}

/** Writes a change to a trigger that is locked, see `TriggerStore.update`. */
export async function applyChange(transaction: Change, current: TriggerEntity, change: TriggerChange): Promise<void> {
  const { target, endpointFields, secret, moveTo, displayName, ...given } = change;
  const { manager } = transaction;
  const { id, license } = current;
  const named = displayName === undefined ? {} : naming(displayName, id);
  const fields = differing({ ...withoutUndefined(given), ...named }, current);
  const changed = shownNames([
    ...Object.keys({ ...fields, ...withoutUndefined({ target, secret }), ...endpointFields }),
    ...(moveTo === undefined ? [] : moveTo.kind === 'own' ? ['endpointId', 'target'] : ['endpointId']),
  ]);
  if (changed.length === 0) return;
  const revision = current.revision + 1;
  const isOtherMetric =
    (fields.metricKind ?? current.metricKind) !== current.metricKind ||
    (fields.metric ?? current.metric) !== current.metric;
  const endpointId = endpointIdOf(moveTo) ?? current.endpointId;
  await manager.update(
    TriggerEntity,
    { id },
    {
      ...fields,
      ...(fields.status === undefined ? {} : { statusReason: null }),
      ...(isOtherMetric ? { metricRevision: revision } : {}),
      endpointId,
      revision,
      updatedAt: databaseNow(),
    },
  );
  if (moveTo !== undefined) await move(manager, current, moveTo);
  await changeOwnEndpoint(manager, endpointId, { target, endpointFields, secret });
  const isSwitched = fields.status !== undefined;
  const mustRevive = fields.status === 'enabled' && (await hasFailed(manager, endpointId, current.status === 'failed'));
  if (target !== undefined || mustRevive) await revive(transaction, { id: endpointId, license });
  if (isOtherMetric) await emptyStates(manager, id);
  if (fields.autoSubscribe === true) await makeSyncDue(manager, license);
  transaction.describe({
    type: isSwitched ? `webhook.${fields.status}` : 'webhook.updated',
    license,
    triggerId: id,
    details: { changed, revision },
  });
  transaction.publish([{ kind: 'trigger', triggerId: id }]);
}

function endpointIdOf(moveTo: TriggerChange['moveTo']): string | undefined {
  return moveTo?.kind === 'own' ? moveTo.endpoint.id : moveTo?.endpointId;
}

/** An endpoint of its own that a trigger leaves stays while something is pending, see `removeOrphans`. */
async function move(
  manager: EntityManager,
  { license, endpointId }: TriggerEntity,
  to: NonNullable<TriggerChange['moveTo']>,
): Promise<void> {
  if (to.kind === 'shared') await requireShared(manager, license, to.endpointId);
  else await insertEndpoint(manager, license, { ...to.endpoint, isShared: false });
  await manager.update(EndpointEntity, { id: endpointId, isShared: false }, { updatedAt: databaseNow() });
}

async function changeOwnEndpoint(
  manager: EntityManager,
  id: string,
  { target, endpointFields, secret }: { [K in 'target' | 'endpointFields' | 'secret']: TriggerChange[K] },
): Promise<void> {
  const fields = { ...target, ...columnsOf(endpointFields ?? {}) };
  if (Object.keys(fields).length > 0) {
    await manager.update(EndpointEntity, { id, isShared: false }, { ...fields, updatedAt: databaseNow() });
  }
  if (secret !== undefined) await replaceSecret(manager, id, secret);
}

/** A shared endpoint that is well is not to be shaken by one trigger that comes to it. */
async function hasFailed(manager: EntityManager, endpointId: string, wasTriggerFailed: boolean): Promise<boolean> {
  const [endpoint] = await manager.query<{ status: string; is_shared: boolean }[]>(
    'select status, is_shared from endpoints where id = $1',
    [endpointId],
  );
  if (endpoint === undefined) return false;
  return endpoint.status === 'failed' || endpoint.status === 'gone' || (wasTriggerFailed && !endpoint.is_shared);
}

/** The members that are not as they were. */
function differing<T extends object>(given: T, current: object): Partial<T> {
  const now = current as Record<string, unknown>;
  return Object.fromEntries(Object.entries(given).filter(([name, value]) => value !== now[name])) as Partial<T>;
}

/** What owners know by another name than we do; the metric and what is evaluated follow from what they give. */
const SHOWN_NAMES: Readonly<Record<string, string>> = {
  cooldownSeconds: 'coolDownPeriod',
  metricKind: 'metricName',
  metric: 'metricName',
  valueKind: 'metricName',
  normalizedCondition: 'condition',
  nameKey: 'displayName',
  target: 'targetURL',
  signingKey: 'asymmetric',
};

/** Changed fields as their owner knows them, for the log. */
export function shownNames(names: readonly string[], others: Readonly<Record<string, string>> = {}): string[] {
  return [...new Set(names.map((name) => others[name] ?? SHOWN_NAMES[name] ?? name))];
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
export function nameKeyOf(name: string): string {
  return name.normalize('NFC').toLowerCase();
}

export function withoutUndefined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as T;
}
