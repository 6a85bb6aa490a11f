import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Texts that are compared and never shown in order have the collation "C": it is the fastest, and the same everywhere.
 * Times have milliseconds, as JavaScript has. The fill factors leave room on a page for updates in place.
 */
const CONTROL_PLANE = [
  `create table triggers (
    id uuid primary key,
    license text collate "C" not null,
    revision int not null default 1,
    metric_revision int not null default 1,
    status text not null check (status in ('enabled', 'disabled', 'failed')),
    status_reason text,
    service text not null,
    metric_name text not null,
    metric_kind text not null check (metric_kind in ('signal', 'event')),
    metric text not null,
    value_kind text not null check (value_kind in ('number', 'string', 'location', 'event')),
    condition text not null,
    normalized_condition text not null,
    cooldown_seconds int not null check (cooldown_seconds >= 0),
    display_name text not null,
    name_key text collate "C" not null,
    description text not null,
    endpoint_id uuid not null,
    created_at timestamptz(3) not null,
    updated_at timestamptz(3) not null,
    deleted_at timestamptz(3),
    swept_at timestamptz(3)
  )`,
  'create unique index triggers_name on triggers (license, name_key) where deleted_at is null',
  'create index triggers_of_license on triggers (license, id) where deleted_at is null',
  'create index triggers_to_sweep on triggers (deleted_at) where deleted_at is not null and swept_at is null',
  `create table endpoints (
    id uuid primary key,
    license text collate "C" not null,
    url text not null,
    secret text not null,
    verified_at timestamptz(3),
    created_at timestamptz(3) not null,
    updated_at timestamptz(3) not null
  )`,
  `create table subscriptions (
    trigger_id uuid,
    vehicle text collate "C",
    created_at timestamptz(3) not null,
    primary key (trigger_id, vehicle)
  )`,
  'create index subscriptions_of_vehicle on subscriptions (vehicle, trigger_id)',
  `create table grants (
    license text collate "C",
    vehicle text collate "C",
    permissions text[] not null,
    updated_at timestamptz(3) not null,
    primary key (license, vehicle)
  )`,
  `create table index_head (
    seq bigint not null,
    only_row boolean primary key default true check (only_row)
  ) with (fillfactor = 10)`,
  'insert into index_head (seq) values (0)',
  `create table index_changes (
    seq bigint,
    n int,
    kind text not null check (kind in ('trigger', 'subscribed', 'unsubscribed')),
    trigger_id uuid not null,
    vehicle text collate "C",
    at timestamptz(3) not null default now(),
    primary key (seq, n)
  )`,
];

/** No foreign keys here: they would make the data plane lock rows of the control plane. */
const DATA_PLANE = [
  `create table stream_positions (
    topic text,
    partition int,
    log_epoch int not null,
    next_offset bigint not null,
    next_index int not null,
    version bigint not null,
    updated_at timestamptz(3) not null,
    primary key (topic, partition)
  ) with (fillfactor = 40)`,
  `create table states (
    trigger_id uuid,
    vehicle text collate "C",
    version bigint not null,
    revision int not null,
    fired_at timestamptz(3),
    previous text,
    sequence bigint not null,
    primary key (trigger_id, vehicle)
  ) with (fillfactor = 80)`,
  `create table outbox (
    endpoint_id uuid,
    due_at timestamptz(3),
    id uuid,
    event_id uuid not null,
    attempt smallint not null default 0,
    created_at timestamptz(3) not null default date_trunc('milliseconds', now()),
    primary key (endpoint_id, due_at, id)
  ) with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0)`,
  'create table senders (token uuid primary key, alive_until timestamptz not null) with (fillfactor = 20)',
  `create table endpoint_leases (
    endpoint_id uuid primary key,
    license text collate "C" not null,
    holder uuid,
    failures int not null default 0,
    last_delivered_at timestamptz(3)
  ) with (fillfactor = 50)`,
  `create table dead_letters (
    id bigint generated always as identity primary key,
    topic text not null,
    partition int not null,
    record_offset bigint not null,
    sample_index int,
    reason text not null,
    detail text not null,
    excerpt bytea not null,
    suppressed int not null,
    created_at timestamptz(3) not null default now()
  )`,
];

/** Partitioned by the id's first 48 bits, which are a time: `LogPartitions` makes one partition a day. */
const LOG = [
  `create table events (
    id uuid primary key,
    type text not null,
    license text collate "C" not null,
    trigger_id uuid,
    vehicle text collate "C",
    payload text not null
  ) partition by range (id)`,
  `create table deliveries (
    id uuid primary key,
    event_id uuid not null,
    endpoint_id uuid not null,
    status text not null check (status in ('delivered', 'failed', 'cancelled')),
    attempts smallint not null,
    last_status_code int,
    last_error text,
    created_at timestamptz(3) not null,
    settled_at timestamptz(3) not null
  ) partition by range (id)`,
  `create table attempts (
    delivery_id uuid,
    number smallint,
    started_at timestamptz(3) not null,
    duration_ms int not null,
    outcome text not null,
    status_code int,
    error text,
    primary key (delivery_id, number)
  ) partition by range (delivery_id)`,
  'create table events_default partition of events default',
  'create table deliveries_default partition of deliveries default',
  'create table attempts_default partition of attempts default',
];

/** Everything there is at first, but for functions that a later migration replaces: nobody calls those on a new database. */
export class Initial1790000000000 implements MigrationInterface {
  readonly name = 'Initial1790000000000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [...CONTROL_PLANE, ...DATA_PLANE, ...LOG]) await runner.query(statement);
  }

  /** There is nothing before it: drop the database instead. */
  down(): Promise<void> {
    return Promise.reject(new Error('the initial migration cannot be taken back; drop the database'));
  }
}
