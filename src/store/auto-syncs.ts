import { randomUUID } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import { inChange } from './change.js';
import type { Database } from './database.js';

/** The right to sync a license. It is lost to another process when it is not kept alive. */
export interface SyncClaim {
  license: string;
  token: string;
  /** When it was taken: what is subscribed later is not judged by what is read now. */
  at: Date;
  /** How often in a row a sync of the license failed before this one. */
  failures: number;
  /** Ms since 1970. Another time stands there when somebody wants a sync since. */
  dueAtMs: string;
}

/** How a sync ended, and when the next is due. */
export interface SyncEnd {
  isFailed: boolean;
  nextMs: number;
}

/** The claim was lost: whatever was about to be done is undone, since another process does it. */
export class SyncLost extends Error {
  override readonly name = 'SyncLost';
  constructor({ license }: SyncClaim) {
    super(`the sync of license ${license} is held by another process`);
  }
}

/** A license that stays at its limit is told no more often. */
const TOLD_EVERY = '1 hour';

/**
 * Whose vehicles are to join and leave by themselves, and when next: one row for each license that has such a trigger.
 *
 * *Due*: nobody holds it, or its holder has not been heard of; the one that has been due longest is claimed first.
 * *Held*: one process has the row's token and keeps `alive_until` ahead of the database's clock. Each of its changes finds
 * the token in its own transaction, or does nothing.
 * *Ended*: due again later; at once when somebody switched it on meanwhile; gone when no trigger of the license wants it.
 */
export class AutoSyncStore {
  constructor(
    private readonly database: Database,
    /** How long a holder lives without a sign. */
    private readonly aliveMs = 15_000,
  ) {}

  /** Takes a license that is due; undefined when there is none. */
  async claim(): Promise<SyncClaim | undefined> {
    const token = randomUUID();
    const { rows } = await this.database.pool.query<SyncClaim>(
      `update auto_syncs set holder = $1, alive_until = now() + $2 * interval '1 ms'
       where license = (select license from auto_syncs
         where due_at <= now() and (alive_until is null or alive_until <= now())
         order by due_at, license limit 1 for update skip locked)
       returning license, holder as token, now()::timestamptz(3) as at, failures, ${MS_OF_DUE} as "dueAtMs"`,
      [token, this.aliveMs],
    );
    return rows[0];
  }

  /** A sign of life of whoever holds these. */
  async keepAlive(claims: readonly SyncClaim[]): Promise<void> {
    if (claims.length === 0) return;
    await this.database.pool.query(
      `update auto_syncs set alive_until = now() + $2 * interval '1 ms' where holder = any ($1::uuid[])`,
      [claims.map(({ token }) => token), this.aliveMs],
    );
  }

  /** Throws `SyncLost`, which undoes the transaction, when another process holds the license. */
  async record(manager: EntityManager, claim: SyncClaim): Promise<void> {
    const [, count] = await manager.query<[unknown, number]>(
      `update auto_syncs set alive_until = now() + $3 * interval '1 ms' where license = $1 and holder = $2`,
      [claim.license, claim.token, this.aliveMs],
    );
    if (count === 0) throw new SyncLost(claim);
  }

  /** Leaves a license to whoever looks next: it is due as it was. */
  async giveBack({ license, token }: SyncClaim): Promise<void> {
    await this.database.pool.query(
      'update auto_syncs set holder = null, alive_until = null where license = $1 and holder = $2',
      [license, token],
    );
  }

  /** Ends a sync. Whoever lost the license ends nothing. */
  async end({ license, token, dueAtMs }: SyncClaim, { isFailed, nextMs }: SyncEnd): Promise<void> {
    // Not by what triggers there are alone: one that was switched on at this moment has made the row due again.
    const { rowCount } = await this.database.pool.query(
      `delete from auto_syncs where license = $1 and holder = $2 and ${MS_OF_DUE} = $3
       and not exists (select 1 from triggers t where t.license = $1 and t.auto_subscribe and t.deleted_at is null)`,
      [license, token, dueAtMs],
    );
    if (rowCount !== 0) return;
    await this.database.pool.query(
      `update auto_syncs set holder = null, alive_until = null, failures = case when $4 then failures + 1 else 0 end,
         due_at = case when ${MS_OF_DUE} = $3 then now() + $5 * interval '1 ms' else due_at end
       where license = $1 and holder = $2`,
      [license, token, dueAtMs, isFailed, nextMs],
    );
  }

  /** The license's triggers whose vehicles join and leave by themselves, whatever their status. */
  async triggerIds(license: string): Promise<string[]> {
    const { rows } = await this.database.pool.query<{ id: string }>(
      'select id from triggers where license = $1 and auto_subscribe and deleted_at is null order by id',
      [license],
    );
    return rows.map(({ id }) => id);
  }

  /** Tells a license, once an hour, that its limit keeps vehicles out. Throws `SyncLost` as `record` does. */
  tellOverQuota(claim: SyncClaim, details: { limit: 'subscriptions'; most: number }): Promise<void> {
    const { license, token } = claim;
    return inChange(this.database, undefined, async (change) => {
      await this.record(change.manager, claim);
      const [, count] = await change.manager.query<[unknown, number]>(
        `update auto_syncs set told_at = now() where license = $1 and holder = $2
         and (told_at is null or told_at <= now() - interval '${TOLD_EVERY}')`,
        [license, token],
      );
      if (count === 0) return;
      change.describe({ type: 'quota.exceeded', license, details: { by: 'autoSubscribe', ...details } });
    });
  }
}

/** Makes a sync of a license due at once, as part of a change; also when one is under way that may have read too early. */
export async function makeSyncDue(manager: EntityManager, license: string): Promise<void> {
  await manager.query(
    `insert into auto_syncs (license) values ($1) on conflict (license) do update set due_at = now(), failures = 0`,
    [license],
  );
}

const MS_OF_DUE = `(extract(epoch from due_at) * 1000)::bigint`;
