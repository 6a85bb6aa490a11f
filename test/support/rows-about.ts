import type { Queryable } from './log-rows.js';
import type { Names } from './operation-calls.js';

/** What a vehicle or a target is called is not a license's own. */
const OWN: readonly (keyof Names)[] = [
  ...(['license', 'webhook', 'endpoint', 'ownEndpoint', 'delivery', 'event', 'operation', 'apiKey'] as const),
];

const TABLES = `
select c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname = 'public' and c.relkind in ('r', 'p') and not c.relispartition
order by 1`;

/** Every row of any table in which a license or something that it has is named, as one text. */
export async function rowsAbout(database: Queryable, names: Names): Promise<string> {
  const pattern = OWN.map((name) => names[name]).join('|');
  const sql = `select name, row from (${await everything(database)}) rows where row ~* $1 order by name, row`;
  const { rows } = (await database.query(sql, [pattern])) as { rows: { name: string; row: string }[] };
  return rows.map(({ name, row }) => `${name} ${row}`).join('\n');
}

/** Tables are made by migrations alone: one look is enough for each database. */
const everythingOf = new WeakMap<Queryable, string>();

async function everything(database: Queryable): Promise<string> {
  const already = everythingOf.get(database);
  if (already !== undefined) return already;
  const { rows: tables } = (await database.query(TABLES)) as { rows: { name: string }[] };
  const parts = tables.map(({ name }) => `select '${name}' as name, t::text as row from ${name} t`);
  const sql = parts.join(' union all ');
  everythingOf.set(database, sql);
  return sql;
}
