import type { EntityManager } from 'typeorm';
import type { Actor } from './actor.js';
import type { Database } from './database.js';
import { newLogId } from './log-id.js';
import { BULK_SIZE, inParts } from './pages.js';
import { APPEND_INDEX_CHANGES } from './sql/append-index-changes.js';
import { QUEUE_FOR_LISTENERS } from './sql/queue-for-listeners.js';

/** What engines are told of a change. */
export interface IndexEntry {
  kind: 'trigger' | 'subscribed' | 'unsubscribed';
  triggerId: string;
  /** Left out for a trigger. */
  vehicle?: string;
}

/** A log event about a change. */
export interface AuditEntry {
  /**
   * For a call of several transactions: a later one that gives this id again replaces vehicle and details. Who listens
   * is told of the whole by `tellListeners`.
   */
  id?: string;
  type: string;
  /** Whose log it stands in. */
  license: string;
  triggerId?: string;
  /** The endpoint that it is about, which does not hear of it. */
  endpointId?: string;
  vehicle?: string;
  /** Becomes part of the event's payload, beside the actor and the request id. */
  details?: object;
}

/** What a control-plane transaction has besides its own rows; written when its work is done. */
export interface Change {
  readonly manager: EntityManager;
  /**
   * What the event log keeps of it, an entry for each call. A change that is never described leaves no trace, for calls
   * that changed nothing.
   */
  describe(entry: AuditEntry): void;
  /** What engines must know of it. */
  publish(entries: readonly IndexEntry[]): void;
}

/**
 * Runs one transaction of the control plane: its rows, then its log events, and last its place in the sequence that
 * engines follow, since from that statement on every other change waits. A large change takes several places, each of
 * a size that engines apply in one go; all are seen from the same moment on. Without an actor it is Tripline's own. Throws
 * what `work` throws, with nothing done.
 */
export function inChange<T>(
  database: Database,
  actor: Actor | undefined,
  work: (change: Change) => Promise<T>,
): Promise<T> {
  return database.dataSource.transaction(async (manager) => {
    const audits: AuditEntry[] = [];
    const published: IndexEntry[] = [];
    const result = await work({
      manager,
      describe: (entry) => audits.push(entry),
      publish: (entries) => published.push(...entries),
    });
    if (audits.length > 0) await writeAudits(manager, actor, audits);
    for (const entries of inParts(published, BULK_SIZE)) {
      await manager.query(APPEND_INDEX_CHANGES, [
        entries.map((entry) => entry.kind),
        entries.map((entry) => entry.triggerId),
        entries.map((entry) => entry.vehicle ?? null),
      ]);
    }
    return result;
  });
}

const TELL_LISTENERS = `
select queue_for_listeners_v1(array[id], array[type], array[license], array[trigger_id], array[endpoint_id])
from events where id = $1`;

/** Queues a log event that was written in parts for whoever listens, as it stands now; once, after the last part. */
export async function tellListeners(database: Database, eventId: string): Promise<void> {
  await database.pool.query(TELL_LISTENERS, [eventId]);
}

/** The same as part of a transaction. */
export async function tellListenersIn(manager: EntityManager, eventId: string): Promise<void> {
  await manager.query(TELL_LISTENERS, [eventId]);
}

async function writeAudits(
  manager: EntityManager,
  actor: Actor | undefined,
  entries: readonly AuditEntry[],
): Promise<void> {
  const by = actor && { actor: { license: actor.license, keyId: actor.keyId }, requestId: actor.requestId };
  const ids = entries.map(({ id }) => id ?? newLogId());
  const types = entries.map(({ type }) => type);
  const licenses = entries.map(({ license }) => license);
  const triggerIds = entries.map(({ triggerId }) => triggerId ?? null);
  const endpointIds = entries.map(({ endpointId }) => endpointId ?? null);
  const vehicles = entries.map(({ vehicle }) => vehicle ?? null);
  const payloads = entries.map(({ details }) => JSON.stringify({ ...by, ...details }));
  await manager.query(
    `insert into events (id, type, license, trigger_id, vehicle, endpoint_id, payload)
     select * from unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::text[], $6::uuid[], $7::text[])
     on conflict (id) do update set vehicle = excluded.vehicle, payload = excluded.payload`,
    [ids, types, licenses, triggerIds, vehicles, endpointIds, payloads],
  );
  const whole = [...entries.keys()].filter((place) => entries[place]!.id === undefined);
  if (whole.length === 0) return;
  const arrays = [ids, types, licenses, triggerIds, endpointIds];
  await manager.query(
    QUEUE_FOR_LISTENERS,
    arrays.map((array) => whole.map((place) => array[place])),
  );
}
