/**
 * Processes of the release before go on working while, and after, a migration runs: it may add, and widen what is
 * allowed, but takes nothing away. The catalogue is compared before and after each migration since the first release.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import pg from 'pg';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createEmptyTestDatabase, type TestDatabase } from '../../test/support/database.js';
import { MIGRATIONS } from './migrations/migrations.js';

/** Released schemas begin with the second migration: no release had only the first. */
const FIRST_RELEASED = 2;

/** What exists, each thing by its name with what must not change about it. */
interface Snapshot {
  columns: Map<string, { type: string; isNullable: boolean; hasDefault: boolean }>;
  functions: Map<string, string>;
  /** Unique indexes and constraints: more of these, and other columns in them, refuse what was allowed. */
  unique: Map<string, string>;
  /** The allowed values of a check that lists them; any other text of a check stands for itself. */
  checks: Map<string, string>;
}

let server: TestDatabase;
let client: pg.Client;
beforeAll(async () => {
  server = await createEmptyTestDatabase();
  client = new pg.Client({ connectionString: server.url });
  await client.connect();
});
afterAll(async () => {
  await client.end();
  await server.drop();
});

async function run(migration: MigrationInterface): Promise<void> {
  await migration.up({ query: (sql: string) => client.query(sql) } as unknown as QueryRunner);
}

async function read(sql: string): Promise<Record<string, string>[]> {
  return (await client.query<Record<string, string>>(sql)).rows;
}

async function snapshot(): Promise<Snapshot> {
  const columns = await read(`
    select table_name || '.' || column_name as name, udt_name || coalesce('/' || datetime_precision, '') as type,
      is_nullable, (column_default is not null or is_identity = 'YES' or is_generated = 'ALWAYS')::text as has_default
    from information_schema.columns where table_schema = 'public'`);
  const functions = await read(`
    select p.oid::regprocedure::text as name, pg_get_functiondef(p.oid) as body
    from pg_proc p where pronamespace = 'public'::regnamespace and prokind in ('f', 'p')`);
  const unique = await read(`
    select c.relname as name, pg_get_indexdef(i.indexrelid) as definition
    from pg_index i join pg_class c on c.oid = i.indexrelid
    where i.indisunique and c.relnamespace = 'public'::regnamespace`);
  const checks = await read(`
    select conrelid::regclass || ' ' || conname as name, pg_get_constraintdef(oid) as definition
    from pg_constraint where contype in ('c', 'f', 'x') and connamespace = 'public'::regnamespace`);
  return {
    columns: new Map(
      columns.map(({ name, type, is_nullable, has_default }) => [
        name!,
        { type: type!, isNullable: is_nullable === 'YES', hasDefault: has_default === 'true' },
      ]),
    ),
    functions: new Map(functions.map(({ name, body }) => [name!, body!])),
    unique: new Map(unique.map(({ name, definition }) => [name!, definition!])),
    checks: new Map(checks.map(({ name, definition }) => [name!, definition!])),
  };
}

const tableOf = (name: string) => name.split(/[. ]/)[0]!;

/** What a process of the release before would stumble over, each as a sentence. */
function broken(before: Snapshot, after: Snapshot): string[] {
  const tables = new Set([...before.columns.keys()].map(tableOf));
  return [
    ...brokenColumns(before, after, tables),
    ...brokenFunctions(before, after),
    ...brokenRules(before, after, tables),
  ];
}

function* brokenColumns(before: Snapshot, after: Snapshot, tables: ReadonlySet<string>): Generator<string> {
  for (const [name, was] of before.columns) {
    const is = after.columns.get(name);
    if (!is) yield `${name} is gone`;
    else if (is.type !== was.type) yield `${name} changed its type`;
    else if (was.isNullable && !is.isNullable) yield `${name} must have a value now`;
    else if (was.hasDefault && !is.hasDefault) yield `${name} lost its default`;
  }
  for (const [name, is] of after.columns) {
    if (before.columns.has(name) || !tables.has(tableOf(name))) continue;
    if (!is.isNullable && !is.hasDefault) yield `${name} is new and must be given`;
  }
}

function* brokenFunctions(before: Snapshot, after: Snapshot): Generator<string> {
  for (const [name, body] of before.functions) {
    if (!after.functions.has(name)) yield `${name} is gone`;
    else if (after.functions.get(name) !== body) yield `${name} does something else: give it another name`;
  }
}

/** Unique indexes are also what "on conflict" names: none may go, and tables that were there get no new ones. */
function* brokenRules(before: Snapshot, after: Snapshot, tables: ReadonlySet<string>): Generator<string> {
  for (const [name, definition] of before.unique) {
    if (after.unique.get(name) !== definition) yield `${name} is gone or another, which "on conflict" may name`;
  }
  for (const [name, definition] of after.unique) {
    const table = / ON (?:ONLY )?(?:public\.)?("?\w+"?)/.exec(definition)?.[1] ?? '';
    if (!before.unique.has(name) && tables.has(table)) yield `${name} refuses what ${table} took before`;
  }
  for (const [name, definition] of after.checks) {
    const was = before.checks.get(name);
    if (
      was === undefined
        ? tables.has(tableOf(name)) && isAboutOld(definition, name, before)
        : !isWidened(was, definition)
    ) {
      yield `${name} is stricter`;
    }
  }
}

/** A check of new columns alone refuses nothing that an older process writes. */
function isAboutOld(definition: string, name: string, before: Snapshot): boolean {
  const table = tableOf(name);
  const columns = [...before.columns.keys()].filter((column) => tableOf(column) === table);
  return columns.some((column) => new RegExp(`\\b${column.slice(table.length + 1)}\\b`).test(definition));
}

/** The same text, or a list of values that has the former ones in it. */
function isWidened(was: string, is: string): boolean {
  const values = (text: string): string[] => text.match(/'[^']*'/g) ?? [];
  const form = (text: string) => text.replace(/('[^']*'(::\w+)?(, )?)+/g, '…');
  return was === is || (form(was) === form(is) && values(was).every((value) => values(is).includes(value)));
}

test('each migration since the first release only adds', async () => {
  for (const Migration of MIGRATIONS.slice(0, FIRST_RELEASED)) await run(new Migration());
  for (const Migration of MIGRATIONS.slice(FIRST_RELEASED)) {
    const before = await snapshot();
    await run(new Migration());
    expect({ migration: Migration.name, broken: broken(before, await snapshot()) }).toEqual({
      ...{ migration: Migration.name, broken: [] },
    });
  }
});

test.each<[string, string[]]>([
  ['alter table t drop column name', ['t.name is gone']],
  [
    'drop table t',
    ['t.id is gone', 't.name is gone', 't.kind is gone', 'only is gone or another, which "on conflict" may name'],
  ],
  ['alter table t alter column id type bigint', ['t.id changed its type']],
  ['alter table t alter column name set not null', ['t.name must have a value now']],
  ['alter table t alter column id drop default', ['t.id lost its default']],
  ['alter table t add column size int not null', ['t.size is new and must be given']],
  [
    'create or replace function f() returns int language sql as $$ select 2 $$',
    ['f() does something else: give it another name'],
  ],
  ['drop function f()', ['f() is gone']],
  ['drop index "only"', ['only is gone or another, which "on conflict" may name']],
  ['create unique index other on t (name)', ['other refuses what t took before']],
  ['alter table t add constraint short check (length(name) < 9)', ['t short is stricter']],
  ["alter table t drop constraint kinds, add constraint kinds check (kind in ('a', 'c'))", ['t kinds is stricter']],
  ['alter table t add constraint other_t foreign key (id) references u', ['t other_t is stricter']],
  ['alter table t add column size int not null default 1 check (size > 0)', []],
  ['alter table t add column size int', []],
  ["alter table t drop constraint kinds, add constraint kinds check (kind in ('a', 'b', 'c'))", []],
  ['alter table t alter column name set default 1', []],
  ['create table v (id int primary key check (id > 0))', []],
  ['create function f(a int) returns int language sql as $$ select a $$', []],
])('%s', async (sql, expected) => {
  await client.query('begin');
  try {
    await client.query(`
      create table t (id int not null default 7, name text, kind text constraint kinds check (kind in ('a', 'b')));
      create table u (id int primary key);
      create unique index "only" on t (id);
      create function f() returns int language sql as $$ select 1 $$`);
    const before = await snapshot();
    await client.query(sql);
    expect(broken(before, await snapshot()).sort()).toEqual([...expected].sort());
  } finally {
    await client.query('rollback');
  }
});
