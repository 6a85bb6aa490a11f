import type { MigrationInterface, QueryRunner } from 'typeorm';
import { END_SENDERS_FUNCTION, LEASE_ENDPOINTS_FUNCTION } from '../sql/lease-endpoints.js';
import { DELIVERY_ID_FUNCTION, QUEUE_FOR_LISTENERS_FUNCTION } from '../sql/queue-for-listeners.js';

/** Endpoints that several triggers share, that listen to log events, and that say how they want to be sent to. */
const ENDPOINTS = [
  `alter table endpoints
    add column is_shared boolean not null default false,
    add column description text not null default '',
    add column status text not null default 'active' check (status in ('active', 'paused', 'failed', 'gone')),
    add column status_reason text,
    add column enabled_events text[] not null default '{}',
    add column profile text not null default 'standard',
    add column header_prefix text,
    add column content_type text not null default 'application/json',
    add column headers text,
    add column timeout_seconds smallint,
    add column retry text,
    add column max_per_second int,
    add column previous_secret text,
    add column previous_until timestamptz(3),
    add column signing_key text,
    add column previous_signing_key text`,
  'create index endpoints_of_license on endpoints (license, id)',
  'create index endpoints_listening on endpoints (license) where cardinality(enabled_events) > 0',
  'create index triggers_of_endpoint on triggers (endpoint_id) where deleted_at is null',
];

/** `failures` counts attempts since the last that arrived, `failed_firings` the deliveries whose first attempt failed. */
const HEALTH = [
  `alter table endpoint_leases
    add column pause_until timestamptz(3),
    add column failing_since timestamptz(3),
    add column failed_firings int not null default 0,
    add column warned smallint not null default 0,
    add column last_attempt_at timestamptz(3),
    add column last_error text`,
];

/** A round begins when a delivery is queued, and again when it is recovered: its retries are counted from there. */
const QUEUE = [
  `alter table outbox
    add column round smallint not null default 0,
    add column queued_at timestamptz(3) not null default date_trunc('milliseconds', now())`,
];

/**
 * `xid` is the transaction that wrote a row: in its order a reader misses nothing, which no time can promise. Rows that
 * were there before have 0, and are no news to anybody.
 */
const LOG = [
  `alter table events
    add column endpoint_id uuid,
    add column xid bigint not null default 0`,
  'alter table events alter column xid set default (pg_current_xact_id()::text::bigint)',
  'create index events_of_license on events (license, id)',
  'create index events_of_trigger on events (trigger_id, id) where trigger_id is not null',
  'create index events_written on events (xid, id)',
  "create index events_told on events (license, id) where type <> 'trigger.fired'",
  'alter table deliveries drop constraint deliveries_status_check',
  `alter table deliveries
    add constraint deliveries_status_check check (status in ('delivered', 'failed', 'held', 'cancelled')),
    add column license text collate "C",
    add column trigger_id uuid,
    add column vehicle text collate "C",
    add column is_test boolean not null default false,
    add column xid bigint not null default 0`,
  'alter table deliveries alter column xid set default (pg_current_xact_id()::text::bigint)',
  'create index deliveries_of_license on deliveries (license, id)',
  'create index deliveries_of_trigger on deliveries (trigger_id, id) where trigger_id is not null',
  'create index deliveries_written on deliveries (xid, id)',
  "create index deliveries_undelivered on deliveries (license, id) where status <> 'delivered'",
  `alter table attempts
    add column request_headers text,
    add column response_headers text,
    add column response_body text,
    add column is_truncated boolean not null default false`,
];

/** Answers to requests with an `Idempotency-Key`; without an answer the request is still running. */
const IDEMPOTENCY = [
  `create table idempotency_keys (
    license text collate "C",
    route text collate "C",
    key text collate "C",
    fingerprint bytea not null,
    status int,
    answer text,
    created_at timestamptz(3) not null default now(),
    primary key (license, route, key)
  )`,
  'create index idempotency_keys_by_age on idempotency_keys (created_at)',
];

const FUNCTIONS = [DELIVERY_ID_FUNCTION, QUEUE_FOR_LISTENERS_FUNCTION, LEASE_ENDPOINTS_FUNCTION, END_SENDERS_FUNCTION];

/**
 * Everything that deliveries need beyond being sent. Nothing was released before it: the rows of a development version
 * get sensible values, but its processes are to be stopped first. They would remove leases of endpoints that are shared
 * now, and write records that say of nobody whose they are; and the indexes are built under locks that they would meet.
 */
export class Deliveries1790100000000 implements MigrationInterface {
  readonly name = 'Deliveries1790100000000';

  async up(runner: QueryRunner): Promise<void> {
    const statements = [...ENDPOINTS, ...HEALTH, ...QUEUE, ...LOG, ...IDEMPOTENCY, ...FUNCTIONS];
    for (const statement of statements) await runner.query(statement);
  }

  /** What was queued since may need what is new: restore a backup instead. */
  down(): Promise<void> {
    return Promise.reject(new Error('this migration cannot be taken back; restore a backup instead'));
  }
}
