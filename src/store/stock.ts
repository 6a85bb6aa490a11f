import type { EntityManager } from 'typeorm';
import { isGated, type QuotaName } from '../core/quota.js';
import type { QuotaStore } from './quotas.js';
import { IS_API_KEY_ACTIVE } from './sql/find-api-key.js';

/** What a license may have so many of at once. */
export type StockName = Exclude<QuotaName, `${string}PerMinute` | 'pendingDeliveries'>;

/** Nothing more of it may be made: so many is the limit. */
export interface OverQuota {
  kind: 'over_quota';
  name: StockName;
  most: number;
}

/** As much of the limits as is needed to keep them. */
export type StockLimits = Pick<QuotaStore, 'limitOf'>;

/** How much there is of it, for one license. What was deleted counts no longer, whatever is still to be cleared away. */
const COUNTS: Readonly<Record<StockName, string>> = {
  webhooks: 'select count(*) from triggers where license = $1 and deleted_at is null',
  endpoints: 'select count(*) from endpoints where license = $1 and is_shared',
  subscriptions: 'select coalesce(sum(subscription_count), 0) from triggers where license = $1 and deleted_at is null',
  apiKeys: `select count(*) from api_keys where license = $1 and ${IS_API_KEY_ACTIVE}`,
};

const COUNT_ALL = `select ${Object.entries(COUNTS)
  .map(([name, count]) => `(${count})::float8 as "${name}"`)
  .join(', ')}`;

/**
 * Keeps everybody else from making more of what a license has, until the transaction ends. To be the first lock of a
 * transaction, before any row: so nobody who holds it waits for one who wants it.
 */
export async function lockStock(manager: EntityManager, license: string): Promise<void> {
  await manager.query(`select pg_advisory_xact_lock(hashtextextended('stock ' || $1, 0))`, [license]);
}

/** What was set for license `$1`, null where nothing was. Beside a count, both in one statement: each is a way to the server. */
function limitSet(name: StockName): string {
  return `(select most from license_quotas where license = $1 and name = '${name}')::float8`;
}

/** How much more a license may have, 0 when it has more than it may. Exact for whoever holds `lockStock`. */
export async function roomFor(
  manager: EntityManager,
  limits: StockLimits,
  { license, name }: { license: string; name: StockName },
): Promise<{ left: number; most: number }> {
  const [row] = await manager.query<{ count: number; set: number | null }[]>(
    `select (${COUNTS[name]})::float8 as count, ${limitSet(name)} as set`,
    [license],
  );
  const most = limits.limitOf(name, row!.set);
  return { left: Math.max(most - row!.count, 0), most };
}

/** Undefined when a license may have one more; a gated one may not, whatever it is. */
export async function refusalOfOneMore(
  manager: EntityManager,
  limits: StockLimits,
  { license, name }: { license: string; name: 'webhooks' | 'endpoints' },
): Promise<OverQuota | undefined> {
  const [row] = await manager.query<{ count: number; set: number | null; webhooksSet: number | null }[]>(
    `select (${COUNTS[name]})::float8 as count, ${limitSet(name)} as set, ${limitSet('webhooks')} as "webhooksSet"`,
    [license],
  );
  const webhooks = limits.limitOf('webhooks', row!.webhooksSet);
  if (isGated({ webhooks })) return { kind: 'over_quota', name: 'webhooks', most: webhooks };
  const most = limits.limitOf(name, row!.set);
  return most > row!.count ? undefined : { kind: 'over_quota', name, most };
}

/** How much of everything a license has. */
export async function stockOf(manager: EntityManager, license: string): Promise<Record<StockName, number>> {
  const [row] = await manager.query<Record<StockName, number>[]>(COUNT_ALL, [license]);
  return row!;
}
