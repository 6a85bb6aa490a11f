import type { MigrationInterface, QueryRunner } from 'typeorm';
import { COUNT_SUBSCRIPTIONS } from '../sql/count-subscriptions.js';
import { TAKE_QUOTA_FUNCTION } from '../sql/take-quota.js';

/**
 * A key is found by its hash; `shown` is as much of it as may be seen again. `made_by` is the key that made it, null for
 * a developer's token. Revoked keys stay for a while, so that their owner finds out whose they were.
 */
const API_KEYS = [
  `create table api_keys (
    id uuid primary key,
    license text collate "C" not null,
    name text not null,
    hash bytea not null,
    shown text not null,
    scopes text[] not null,
    made_by uuid,
    created_at timestamptz(3) not null default now(),
    expires_at timestamptz(3),
    last_used_at timestamptz(3),
    revoked_at timestamptz(3)
  ) with (fillfactor = 70)`,
  'create unique index api_keys_by_hash on api_keys (hash)',
  'create index api_keys_of_license on api_keys (license, id)',
  "create index api_keys_active on api_keys (license, coalesce(expires_at, 'infinity')) where revoked_at is null",
];

/** Limits that an operator set for one license; for what has no row the setting counts. */
const QUOTAS = [
  `create table license_quotas (
    license text collate "C",
    name text collate "C",
    most bigint not null check (most >= 0),
    primary key (license, name)
  )`,
  `create table quota_windows (
    license text collate "C",
    name text collate "C",
    began_at timestamptz(3) not null,
    taken bigint not null,
    was_refused boolean not null,
    primary key (license, name)
  ) with (fillfactor = 40)`,
];

/**
 * Webhooks that subscribe by themselves what is shared with their license. A row is when that is due next; whoever does
 * it holds the row until then. `failures` is how often in a row it failed, `told_at` when the license was last told that
 * its limit keeps vehicles out.
 */
const AUTO_SUBSCRIPTION = [
  'alter table triggers add column auto_subscribe boolean not null default false',
  'create index triggers_subscribing on triggers (license) where auto_subscribe and deleted_at is null',
  `create table auto_syncs (
    license text collate "C" primary key,
    due_at timestamptz(3) not null default now(),
    holder uuid,
    alive_until timestamptz,
    failures integer not null default 0,
    told_at timestamptz
  ) with (fillfactor = 50)`,
];

/**
 * Whoever asks for the permissions of what fired, whether or not it is delivered: one row, with when the last round began
 * and how far the log has been gone through, in the order of its transactions. What was written before is not asked for.
 */
const PERMISSION_ROUNDS = [
  `create table permission_rounds (
    began_at timestamptz not null,
    xid bigint not null,
    id uuid not null,
    only_row boolean primary key default true check (only_row)
  ) with (fillfactor = 10)`,
  `insert into permission_rounds (began_at, xid, id)
   select '-infinity', pg_snapshot_xmin(pg_current_snapshot())::text::bigint, '00000000-0000-0000-0000-000000000000'`,
];

/** Who may do what: keys, limits, and vehicles that join by themselves. It only adds. */
export class Access1790300000000 implements MigrationInterface {
  readonly name = 'Access1790300000000';

  async up(runner: QueryRunner): Promise<void> {
    const tables = [...API_KEYS, ...QUOTAS, ...AUTO_SUBSCRIPTION, ...PERMISSION_ROUNDS];
    const statements = [...tables, ...COUNT_SUBSCRIPTIONS, TAKE_QUOTA_FUNCTION];
    for (const statement of statements) await runner.query(statement);
  }

  /** What is stored since may need what is new: restore a backup instead. */
  down(): Promise<void> {
    return Promise.reject(new Error('this migration cannot be taken back; restore a backup instead'));
  }
}
