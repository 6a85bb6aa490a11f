import type { EntityManager } from 'typeorm';
import { QUOTA_NAMES, type QuotaName, type Quotas, type RateQuotaName } from '../core/quota.js';
import type { Actor } from './actor.js';
import { inChange } from './change.js';
import type { Database } from './database.js';
import { TAKE_QUOTA } from './sql/take-quota.js';

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

/** The limits of licenses: the installation's, or what an operator set instead for one. */
export class QuotaStore {
  constructor(
    private readonly database: Database,
    private readonly defaults: Quotas,
  ) {}

  /** What counts for a license. */
  async of(license: string): Promise<Quotas> {
    return { ...this.defaults, ...(await this.setFor(license)) };
  }

  /** What was set for a license alone. */
  setFor(license: string): Promise<Partial<Quotas>> {
    return read(this.database.dataSource.manager, license);
  }

  /** One limit, as it counts in a transaction. */
  async inTransaction(manager: EntityManager, license: string, name: QuotaName): Promise<number> {
    return (await read(manager, license))[name] ?? this.defaults[name];
  }

  /** Sets the limits that are given, null for the installation's again. Resolves to what counts from then on. */
  set(actor: Actor, license: string, changes: Partial<Record<QuotaName, number | null>>): Promise<Quotas> {
    return inChange(this.database, actor, async (change) => {
      const { manager } = change;
      const names = QUOTA_NAMES.filter((name) => changes[name] !== undefined);
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
