import type { MigrationInterface, QueryRunner } from 'typeorm';
import { COMMIT_CHUNK_FUNCTION } from '../sql/commit-chunk.js';
import { QUEUE_OR_HOLD_FOR_LISTENERS_FUNCTION } from '../sql/queue-for-listeners.js';

/** How old a sample may be when it arrives; none for any age. */
const SAMPLE_AGE = ['alter table triggers add column max_sample_age_seconds int check (max_sample_age_seconds > 0)'];

/**
 * Counts the chunks of a partition that fired for vehicles at home in another, by a hash of the vehicle: whoever caches
 * states of these looks. Empty until there is one. And how many partitions the topic had when it was opened last.
 */
const SCATTERED = [
  `alter table stream_positions add column scattered bigint[] not null default '{}'`,
  'alter table stream_positions add column partition_count int not null default 0',
];

/**
 * Bulk calls that take longer than their caller waits, and the pages of vehicles that are left of each. The rows are
 * written when the caller is told to come back; when the process that holds one dies, another goes on with it.
 */
const OPERATIONS = [
  `create table operations (
    id uuid primary key,
    license text collate "C" not null,
    trigger_id uuid not null,
    kind text not null check (kind in ('subscribe', 'subscribe_shared', 'unsubscribe', 'unsubscribe_all')),
    key_id text,
    request_id text not null,
    event_id uuid not null,
    total int,
    place int not null default 0,
    done int not null default 0,
    changed int not null default 0,
    already int not null default 0,
    failed text not null default '[]',
    failed_count int not null default 0,
    stalled_since timestamptz(3),
    tries int not null default 0,
    tried_at timestamptz not null default now(),
    failing_since timestamptz(3),
    holder uuid,
    alive_until timestamptz,
    created_at timestamptz(3) not null default now(),
    completed_at timestamptz(3),
    error text
  )`,
  'create index operations_open on operations (license) where completed_at is null',
  'create index operations_by_age on operations (created_at)',
  `create table operation_pages (
    operation_id uuid not null,
    place int not null,
    vehicles text[] not null,
    primary key (operation_id, place)
  )`,
];

const FUNCTIONS = [QUEUE_OR_HOLD_FOR_LISTENERS_FUNCTION, COMMIT_CHUNK_FUNCTION];

/** What it takes to keep every firing through growth, floods and clocks that jump. It only adds. */
export class Guarantees1790200000000 implements MigrationInterface {
  readonly name = 'Guarantees1790200000000';

  /** Locks tables in the order in which a commit does, position before triggers: processes go on beside it. */
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [...SCATTERED, ...SAMPLE_AGE, ...OPERATIONS, ...FUNCTIONS]) await runner.query(statement);
  }

  /** What is stored since may need what is new: restore a backup instead. */
  down(): Promise<void> {
    return Promise.reject(new Error('this migration cannot be taken back; restore a backup instead'));
  }
}
