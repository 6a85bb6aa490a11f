import type { EntityManager } from 'typeorm';
import { QUOTA_NAMES, type QuotaName, type Quotas, type RateQuotaName } from '../core/quota.js';
import type { Actor } from './actor.js';
import { inChange } from './change.js';
import type { Database } from './database.js';
import { inBatches } from './in-batches.js';
import { PendingDeliveries } from './pending-deliveries.js';
import { RecentPending } from './recent-pending.js';
import { TAKE_QUOTA } from './sql/take-quota.js';
import { lockStock, type OverQuota, refusalOfOneMore, stockOf } from './stock.js';

const TAKEN = `
select name, taken from quota_windows where license = $1 and began_at >= date_trunc('minute', clock_timestamp())`;

/** What is asked for of one minute of a license. */
export interface QuotaNeed {
  license: string;
  name: RateQuotaName;
  /** At least 1. */
  needed: number;
}

/** What was given for it. Everything is as of the answer. */
export interface QuotaBlock {
  license: string;
  name: RateQuotaName;
  /** To be used before the minute ends. Less than was needed when the minute is used up. */
  granted: number;
  /** The limit. */
  most: number;
  /** What nobody has taken yet. */
  remaining: number;
  /** To the end of the minute, and the beginning of the next. */
  endsInMs: number;
  /** Nobody was refused in this minute before: the license is to be told. */
  isFirstRefusal: boolean;
}

/** How a license stands with one of its limits. */
export interface QuotaStanding {
  name: QuotaName;
  limit: number;
  /** It is the installation's. */
  isDefault: boolean;
  /** What there is, or what was taken of this minute, used up or not. */
  used: number;
}

/** The limits of licenses: the installation's, or what an operator set instead for one. */
export class QuotaStore {
  private readonly pending: RecentPending;

  constructor(
    private readonly database: Database,
    private readonly defaults: Quotas,
  ) {
    this.pending = new RecentPending(new PendingDeliveries(database));
  }

  /** What counts for a license. */
  async of(license: string): Promise<Quotas> {
    return { ...this.defaults, ...(await this.setFor(license)) };
  }

  /** What was set for a license alone. */
  setFor(license: string): Promise<Partial<Quotas>> {
    return read(this.database.dataSource.manager, license);
  }

  /** One limit, by what was set for a license alone: the installation's when nothing was. */
  limitOf(name: QuotaName, set: number | null): number {
    return set ?? this.defaults[name];
  }

  /** Each limit of a license beside what is used of it. Pending deliveries are as of a few seconds ago. */
  async standing(license: string): Promise<QuotaStanding[]> {
    const { manager } = this.database.dataSource;
    const set = await read(manager, license);
    const limits = { ...this.defaults, ...set };
    const taken = await manager.query<{ name: RateQuotaName; taken: string }[]>(TAKEN, [license]);
    const used: Partial<Quotas> = {
      ...Object.fromEntries(taken.map((minute) => [minute.name, Number(minute.taken)])),
      ...(await stockOf(manager, license)),
      pendingDeliveries: await this.pending.of(license),
    };
    return QUOTA_NAMES.map((name) => {
      return { name, limit: limits[name], isDefault: set[name] === undefined, used: used[name] ?? 0 };
    });
  }

  /** Why a license may not make one more at the moment; undefined when it may. Making it has the last word. */
  refusal(license: string, name: 'webhooks' | 'endpoints'): Promise<OverQuota | undefined> {
    return refusalOfOneMore(this.database.dataSource.manager, this, { license, name });
  }

  /**
   * Sets the limits that are given, null for the installation's again. What is set so already is not changed, and what
   * changes nothing writes no log event. Resolves to what counts from then on.
   */
  set(actor: Actor, license: string, changes: Partial<Record<QuotaName, number | null>>): Promise<Quotas> {
    return inChange(this.database, actor, async (change) => {
      const { manager } = change;
      await lockStock(manager, license);
      const before = await read(manager, license);
      const names = QUOTA_NAMES.filter(
        (name) => changes[name] !== undefined && changes[name] !== (before[name] ?? null),
      );
      if (names.length === 0) return { ...this.defaults, ...before };
      const set = names.filter((name) => changes[name] !== null);
      await manager.query('delete from license_quotas where license = $1 and name = any ($2::text[])', [
        license,
        names,
      ]);
      await manager.query(
        'insert into license_quotas (license, name, most) select $1, * from unnest($2::text[], $3::bigint[])',
        [license, set, set.map((name) => changes[name])],
      );
      const quotas = { ...this.defaults, ...(await read(manager, license)) };
      const shown = Object.fromEntries(names.map((name) => [name, quotas[name]]));
      change.describe({ type: 'quota.changed', license, details: { quotas: shown } });
      return quotas;
    });
  }

  /** Takes blocks, one for each of the needs, in one statement on its way of its own. */
  async take(needs: readonly QuotaNeed[]): Promise<QuotaBlock[]> {
    // Sorted, so that two callers never wait for each other's rows.
    const sorted = needs.toSorted((a, b) => compare(a.license, b.license) || compare(a.name, b.name));
    const { rows } = await this.database.pool.query<BlockRow>({
      ...TAKE_QUOTA,
      values: [
        sorted.map(({ license }) => license),
        sorted.map(({ name }) => name),
        sorted.map(({ needed }) => needed),
        sorted.map(({ name }) => this.defaults[name]),
      ],
    });
    return rows.map((row) => ({
      license: row.license,
      name: row.name,
      granted: Number(row.granted),
      most: Number(row.most),
      remaining: Number(row.remaining),
      endsInMs: row.ends_in_ms,
      isFirstRefusal: row.is_first_refusal,
    }));
  }
}

const FORGOTTEN_AT_ONCE = 10_000;

/** Rows that are being taken from are left: takers lock several in an order of their own. */
const FORGET_MINUTES = `
delete from quota_windows where (license, name) in (
  select license, name from quota_windows where began_at < now() - interval '1 hour'
  limit ${FORGOTTEN_AT_ONCE} for update skip locked
)`;

/** Forgets minutes that were over long ago. Nothing is lost: a license without a row begins the minute like any other. */
export async function forgetQuotaMinutes(database: Database): Promise<void> {
  await inBatches(FORGOTTEN_AT_ONCE, async () => (await database.pool.query(FORGET_MINUTES)).rowCount ?? 0);
}

interface BlockRow {
  license: string;
  name: RateQuotaName;
  granted: string;
  most: string;
  remaining: string;
  ends_in_ms: number;
  is_first_refusal: boolean;
}

async function read(manager: EntityManager, license: string): Promise<Partial<Quotas>> {
  const rows = await manager.query<{ name: QuotaName; most: string }[]>(
    'select name, most from license_quotas where license = $1',
    [license],
  );
  return Object.fromEntries(rows.map(({ name, most }) => [name, Number(most)]));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
