import type { EntityManager } from 'typeorm';
import type { Actor } from './actor.js';
import type { Database } from './database.js';
import { newLogId } from './log-id.js';
import { APPEND_INDEX_CHANGES } from './sql/append-index-changes.js';

/** What engines are told of a change. */
export interface IndexEntry {
  kind: 'trigger' | 'subscribed' | 'unsubscribed';
  triggerId: string;
  /** Left out for a trigger. */
  vehicle?: string;
}

/** A log event about a change. */
export interface AuditEntry {
  /** A later transaction of the same call that gives this id again replaces the details. */
  id?: string;
  type: string;
  /** Whose log it stands in. */
  license: string;
  triggerId?: string;
  vehicle?: string;
  /** Becomes part of the event's payload, beside the actor and the request id. */
  details?: object;
}

/** What a control-plane transaction has besides its own rows; written when its work is done. */
export interface Change {
  readonly manager: EntityManager;
  /** What the event log keeps of it. A change that is never described leaves no trace, for calls that changed nothing. */
  describe(entry: AuditEntry): void;
  /** What engines must know of it. */
  publish(entries: readonly IndexEntry[]): void;
}

/**
 * Runs one transaction of the control plane: its rows, then its log event, and last its place in the sequence that
 * engines follow, since from that statement on every other change waits. Throws what `work` throws, with nothing done.
 */
export function inChange<T>(database: Database, actor: Actor, work: (change: Change) => Promise<T>): Promise<T> {
  return database.dataSource.transaction(async (manager) => {
    let audit: AuditEntry | undefined;
    const published: IndexEntry[] = [];
    const result = await work({
      manager,
      describe: (entry) => (audit = entry),
      publish: (entries) => published.push(...entries),
    });
    if (audit !== undefined) await writeAudit(manager, actor, audit);
    if (published.length > 0) {
      await manager.query(APPEND_INDEX_CHANGES, [
        published.map((entry) => entry.kind),
        published.map((entry) => entry.triggerId),
        published.map((entry) => entry.vehicle ?? null),
      ]);
    }
    return result;
  });
}

async function writeAudit(manager: EntityManager, actor: Actor, entry: AuditEntry): Promise<void> {
  const { license, keyId, requestId } = actor;
  const payload = JSON.stringify({ actor: { license, keyId }, requestId, ...entry.details });
  await manager.query(
    `insert into events (id, type, license, trigger_id, vehicle, payload) values ($1, $2, $3, $4, $5, $6)
     on conflict (id) do update set payload = excluded.payload`,
    [entry.id ?? newLogId(), entry.type, entry.license, entry.triggerId ?? null, entry.vehicle ?? null, payload],
  );
}
