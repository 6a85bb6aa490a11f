import { QUOTA_NAMES, type Quotas } from '../../src/core/quota.js';
import type { Database } from '../../src/store/database.js';
import { QuotaBlocks } from '../../src/store/quota-blocks.js';
import { QuotaStore } from '../../src/store/quotas.js';

/** Begins the database's minute anew for every license; it is not over soon. */
export async function beginMinute({ pool }: Database): Promise<void> {
  const { rows } = await pool.query<{ left: number }>(
    'select 60 - extract(second from clock_timestamp())::float8 as left',
  );
  if (rows[0]!.left < 5) await pool.query('select pg_sleep($1)', [rows[0]!.left + 0.01]);
  await pool.query('truncate quota_windows');
}

/** What a process of its own has of the database's minutes, with the same limit for every license. */
export function blocksOver(database: Database, most: number): QuotaBlocks {
  const defaults = Object.fromEntries(QUOTA_NAMES.map((name) => [name, most])) as Quotas;
  const quotas = new QuotaStore(database, defaults);
  return new QuotaBlocks({ take: (needs) => quotas.take(needs), now: () => performance.now() });
}
