import { randomUUID } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import type { Actor } from './actor.js';
import { tellListenersIn } from './change.js';
import type { Database } from './database.js';
import { insertPages } from './operation-pages.js';
import { progressOf, stateOf } from './operation-row.js';
import type { OperationRow } from './operation-row.js';

/** What a bulk call does; `_shared` and `_all` name their vehicles themselves. */
export type BulkKind = 'subscribe' | 'subscribe_shared' | 'unsubscribe' | 'unsubscribe_all';

export interface BulkCall {
  kind: BulkKind;
  actor: Actor;
  triggerId: string;
}

/** A vehicle that was refused, that there was no room for, or of which nobody could say whether it is permitted. */
export interface FailedVehicle {
  vehicle: string;
  verdict: 'denied' | 'unknown' | 'over_quota';
}

/** How far a bulk call has come in its list of vehicles, which is cut into pages of `BULK_SIZE`. */
export interface BulkProgress {
  /** Pages that are done. */
  place: number;
  /** Vehicles of these pages: the sum of those below. */
  done: number;
  /** Subscribed, or unsubscribed. */
  changed: number;
  /** Were so before. */
  already: number;
  /** The first of those that failed. */
  failed: readonly FailedVehicle[];
  failedCount: number;
}

/** What was taken over. */
export interface ClaimedOperation {
  claim: OperationClaim;
  state: BulkCallState;
  /** It has failed for so long that it is only to be ended. */
  isHopeless: boolean;
}

/** The right to go on with an operation. It is lost to another process when it is not kept alive. */
export interface OperationClaim {
  id: string;
  token: string;
}

/** A call as it stands. */
export interface BulkCallState {
  call: BulkCall;
  /** Of its log event. */
  eventId: string;
  progress: BulkProgress;
  /** How many vehicles it is about; undefined while nobody knows. */
  total: number | undefined;
}

export interface FoundOperation extends Omit<BulkCallState, 'call' | 'eventId'> {
  kind: BulkKind;
  isCompleted: boolean;
  /** Why it ended before its list did. */
  error: string | undefined;
}

/** Of what is named in an operation's row, which every step writes anew; a list of refusals is no list of vehicles. */
export const FAILED_KEPT_MAX = 1_000;

const KEPT_DAYS = 7;

/** What failed is tried again at once, then after twice this, and twice as long each time without progress, up to the next. */
const RETRY_FIRST_MS = 5_000;
const RETRY_LONGEST_MS = 600_000;

/** Without progress for longer, and after as many tries, an operation is past hope: a time without processes is no try. */
const HOPE_MS = 3_600_000;
const HOPE_TRIES = 8;

/** The claim was lost: whatever was about to be done is undone, since another process does it. */
export class OperationLost extends Error {
  override readonly name = 'OperationLost';
  constructor({ id }: OperationClaim) {
    super(`operation ${id} is held by another process`);
  }
}

/**
 * Bulk calls that go on after their caller was answered.
 *
 * *Held*: one process has the row's token and keeps `alive_until` ahead of the database's clock. Each step changes a page
 * of vehicles and the row in one transaction, which finds the token and the place as they were, or does nothing.
 * *Free*: nobody holds it, or its holder has not been heard of: whoever claims it first goes on from `place`. After tries
 * without progress it rests first, and those that were tried longest ago come first, so that none that fails keeps others
 * from their turn.
 * *Completed*: the pages are gone, and who listens was told in the transaction that said so.
 */
export class OperationStore {
  constructor(
    private readonly database: Database,
    /** How long a holder lives without a sign. */
    private readonly aliveMs = 15_000,
  ) {}

  /** Records a call with the vehicles that are left of its list, none while it is not known; whoever records it holds it. */
  async create(state: BulkCallState, vehiclesLeft: readonly string[]): Promise<OperationClaim> {
    const claim = { id: randomUUID(), token: randomUUID() };
    const { call, eventId, progress, total } = state;
    const { actor, triggerId, kind } = call;
    await this.database.dataSource.transaction(async (manager) => {
      await manager.query(
        `insert into operations (id, license, trigger_id, kind, key_id, request_id, event_id, total, place, done, changed,
           already, failed, failed_count, holder, alive_until)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, now() + $16 * interval '1 ms')`,
        [
          ...[claim.id, actor.license, triggerId, kind, actor.keyId ?? null, actor.requestId, eventId, total ?? null],
          ...[...progressValues(progress), claim.token, this.aliveMs],
        ],
      );
      await insertPages(manager, claim.id, progress.place, vehiclesLeft);
    });
    return claim;
  }

  /** Takes an operation that nobody holds, the one that was tried longest ago; undefined when there is none. */
  async claim(): Promise<ClaimedOperation | undefined> {
    const token = randomUUID();
    const [rows] = await this.database.dataSource.query<[OperationRow[], number]>(
      `update operations set holder = $1, alive_until = now() + $2 * interval '1 ms', tries = tries + 1,
         tried_at = clock_timestamp(),
         failing_since = case when holder is null then failing_since else coalesce(failing_since, now()) end
       where id = (select id from operations
         where completed_at is null and (alive_until is null or alive_until + interval '1 ms' *
           case when tries = 0 then 0 else least($3 * 2 ^ least(tries, 30), $4) end <= now())
         order by tried_at limit 1 for update skip locked)
       returning *, tries > $5 and failing_since < now() - $6 * interval '1 ms' as "isHopeless"`,
      [token, this.aliveMs, RETRY_FIRST_MS, RETRY_LONGEST_MS, HOPE_TRIES, HOPE_MS],
    );
    const [row] = rows;
    if (row === undefined) return undefined;
    return { claim: { id: row.id, token }, state: stateOf(row), isHopeless: row.isHopeless === true };
  }

  /** How many operations of a license have not ended. */
  async countOpen(license: string): Promise<number> {
    const [row] = await this.database.dataSource.query<{ count: number }[]>(
      'select count(*)::int as count from operations where license = $1 and completed_at is null',
      [license],
    );
    return row!.count;
  }

  /** A sign of life of whoever holds these. */
  async keepAlive(claims: readonly OperationClaim[]): Promise<void> {
    if (claims.length === 0) return;
    await this.database.dataSource.query(
      `update operations set alive_until = now() + $2 * interval '1 ms' where holder = any ($1) and completed_at is null`,
      [claims.map(({ token }) => token), this.aliveMs],
    );
  }

  /** Leaves an operation to whoever looks next; what failed, to whoever looks when it has rested. */
  async giveBack({ id, token }: OperationClaim, { isFailed = false } = {}): Promise<void> {
    await this.database.dataSource.query(
      `update operations set holder = null, alive_until = case when $3 then now() end,
         failing_since = case when $3 then coalesce(failing_since, now()) else failing_since end
       where id = $1 and holder = $2`,
      [id, token, isFailed],
    );
  }

  /** Records the list of a call that had none yet. */
  setVehicles(claim: OperationClaim, vehicles: readonly string[]): Promise<void> {
    return this.database.dataSource.transaction(async (manager) => {
      const sql = `update operations set total = $3, stalled_since = null, tries = 0, failing_since = null
        where id = $1 and holder = $2 and total is null`;
      await updateHeld(manager, claim, sql, [vehicles.length]);
      await insertPages(manager, claim.id, 0, vehicles);
    });
  }

  /** One page of an operation's vehicles; undefined behind the last. */
  async page({ id }: OperationClaim, place: number): Promise<string[] | undefined> {
    const [row] = await this.database.dataSource.query<{ vehicles: string[] }[]>(
      'select vehicles from operation_pages where operation_id = $1 and place = $2',
      [id, place],
    );
    return row?.vehicles;
  }

  /**
   * Records a step within the transaction that takes it. Throws `OperationLost`, which undoes the step, when another
   * process holds the operation or has taken this step already.
   */
  async record(
    manager: EntityManager,
    claim: OperationClaim,
    { before, after }: { before: BulkProgress; after: BulkProgress },
  ): Promise<void> {
    await updateHeld(
      manager,
      claim,
      `update operations set place = $3, done = $4, changed = $5, already = $6, failed = $7, failed_count = $8,
         stalled_since = null, tries = 0, failing_since = null, alive_until = now() + $9 * interval '1 ms'
       where id = $1 and holder = $2 and place = $10 and completed_at is null`,
      [...progressValues(after), this.aliveMs, before.place],
    );
  }

  /** Ms since permissions could last be told, by the database's clock; 0 when this is the first time that they cannot. */
  async stalledForMs(claim: OperationClaim): Promise<number> {
    const [rows, count] = await this.database.dataSource.query<[{ ms: number }[], number]>(
      `update operations set stalled_since = coalesce(stalled_since, now()) where id = $1 and holder = $2
       returning (extract(epoch from now()::timestamptz(3) - stalled_since) * 1000)::float8 as ms`,
      [claim.id, claim.token],
    );
    if (count === 0) throw new OperationLost(claim);
    return rows[0]!.ms;
  }

  /** Ends an operation and tells who listens of all of it, both or neither. */
  complete(claim: OperationClaim, eventId: string, end: { progress: BulkProgress; error?: string }): Promise<void> {
    return this.database.dataSource.transaction(async (manager) => {
      await updateHeld(
        manager,
        claim,
        `update operations set place = $3, done = $4, changed = $5, already = $6, failed = $7, failed_count = $8,
           error = $9, completed_at = now(), holder = null, alive_until = null, stalled_since = null
         where id = $1 and holder = $2 and completed_at is null`,
        [...progressValues(end.progress), end.error ?? null],
      );
      await manager.query('delete from operation_pages where operation_id = $1', [claim.id]);
      if (end.progress.changed > 0) await tellListenersIn(manager, eventId);
    });
  }

  /** A license's operation; undefined when it has none with this id. */
  async find(license: string, id: string): Promise<FoundOperation | undefined> {
    const [row] = await this.database.dataSource.query<OperationRow[]>(
      'select * from operations where id = $1 and license = $2',
      [id, license],
    );
    if (row === undefined) return undefined;
    return {
      kind: row.kind,
      progress: progressOf(row),
      total: row.total ?? undefined,
      isCompleted: row.completed_at !== null,
      error: row.error ?? undefined,
    };
  }

  /** Forgets operations a week after they began, ended or not; how many. */
  async prune(): Promise<number> {
    const [row] = await this.database.dataSource.query<{ count: number }[]>(
      `with old as (delete from operations where created_at < now() - interval '${KEPT_DAYS} days' returning id),
            pages as (delete from operation_pages where operation_id in (select id from old))
       select count(*)::int as count from old`,
    );
    return row!.count;
  }
}

function progressValues({ place, done, changed, already, failed, failedCount }: BulkProgress): unknown[] {
  return [place, done, changed, already, JSON.stringify(failed.slice(0, FAILED_KEPT_MAX)), failedCount];
}

/** Updates the row of a claim, `$1` and `$2` in the statement; throws when it is no longer what the claim is for. */
async function updateHeld(
  manager: EntityManager,
  claim: OperationClaim,
  sql: string,
  values: readonly unknown[],
): Promise<void> {
  const [, count] = await manager.query<[unknown, number]>(sql, [claim.id, claim.token, ...values]);
  if (count === 0) throw new OperationLost(claim);
}
