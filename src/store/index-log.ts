import type pg from 'pg';
import type { Trigger } from '../core/trigger.js';
import type { Database } from './database.js';
import type { FoundTriggerRow } from './trigger-record.js';
import { INDEX_PAGE_MAX, READ_INDEX_CHANGES } from './sql/read-index-changes.js';

/** What an engine must know of one change. A trigger that is gone takes its subscriptions along, without a word more. */
export type IndexChange =
  | { kind: 'trigger'; id: string; trigger: Trigger | undefined }
  | { kind: 'subscribed' | 'unsubscribed'; triggerId: string; vehicle: string };

/** What follows a place in the sequence. `head` is the place after these changes: the one to go on from. */
export type IndexPage = { kind: 'changes'; head: bigint; changes: IndexChange[]; more: boolean } | { kind: 'gap' };

const LOAD_PAGE = 5_000;

/** Triggers and subscriptions as engines follow them: all at some place of a sequence, then what changed since. */
export class IndexLog {
  constructor(private readonly database: Database) {}

  /**
   * Hands over everything as it stood at one moment, triggers before subscriptions, and resolves to its place in the
   * sequence. Streamed: only a page is in memory at a time. Throws what a handler throws.
   */
  load(on: {
    trigger(trigger: Trigger): void;
    subscription(triggerId: string, vehicle: string): void;
  }): Promise<bigint> {
    return this.database.session(async (client) => {
      await client.query('begin isolation level repeatable read read only');
      // The one place where whole tables are read.
      await client.query('set local enable_seqscan = on; set local enable_hashjoin = on');
      const head = await client.query<{ seq: string }>('select seq from index_head');
      const triggers = `select ${TRIGGER_COLUMNS} from triggers where deleted_at is null`;
      for await (const rows of pages<TriggerRow>(client, triggers)) {
        for (const row of rows) on.trigger(toTrigger(row));
      }
      const subscriptions = `select s.trigger_id, s.vehicle from subscriptions s
        join triggers t on t.id = s.trigger_id and t.deleted_at is null`;
      for await (const rows of pages<{ trigger_id: string; vehicle: string }>(client, subscriptions)) {
        for (const row of rows) on.subscription(row.trigger_id, row.vehicle);
      }
      await client.query('commit');
      return BigInt(head.rows[0]!.seq);
    });
  }

  /**
   * What follows `seq`, with triggers as they are now. `more`: ask again from `head`, before anything is evaluated.
   * Gap: changes after `seq` are no longer on record; load again.
   */
  async since(seq: bigint): Promise<IndexPage> {
    const { rows } = await this.database.pool.query<ChangeRow>({ ...READ_INDEX_CHANGES, values: [seq] });
    const head = BigInt(rows[0]!.head);
    const first = rows[0]!.seq;
    // Numbers have no gaps, so the next one is missing only if it was pruned; a head behind us is another database's.
    if (head < seq || (head > seq && (first === null || BigInt(first) !== seq + 1n))) return { kind: 'gap' };
    if (head === seq) return { kind: 'changes', head, changes: [], more: false };
    if (rows.length <= INDEX_PAGE_MAX) return { kind: 'changes', head, changes: rows.map(toChange), more: false };
    // The last number may be cut in two: leave all of it to the next page.
    const cut = rows.at(-1)!.seq!;
    const whole = rows.filter((row) => row.seq !== cut);
    return { kind: 'changes', head: BigInt(cut) - 1n, changes: whole.map(toChange), more: true };
  }

  /** Forgets changes that are older, always the first of the sequence; resolves to how many. */
  async prune(olderThanHours: number): Promise<number> {
    const { rowCount } = await this.database.pool.query(
      `delete from index_changes
       where seq <= (select max(seq) from index_changes where at < now() - make_interval(secs => $1::float8 * 3600))`,
      [olderThanHours],
    );
    return rowCount ?? 0;
  }
}

const TRIGGER_COLUMNS = `id, license, revision, status, service, metric_name, metric_kind, metric, value_kind, condition,
  normalized_condition, cooldown_seconds, display_name, endpoint_id`;

type TriggerRow = Pick<
  FoundTriggerRow,
  | 'id'
  | 'license'
  | 'revision'
  | 'status'
  | 'service'
  | 'metric_name'
  | 'metric_kind'
  | 'metric'
  | 'value_kind'
  | 'condition'
  | 'normalized_condition'
  | 'cooldown_seconds'
  | 'display_name'
  | 'endpoint_id'
>;

/** The trigger's columns are null when the change is no trigger's, or the trigger is gone. */
interface ChangeColumns {
  head: string;
  seq: string | null;
  kind: IndexChange['kind'];
  trigger_id: string;
  vehicle: string;
}
type ChangeRow = ChangeColumns & ((TriggerRow & { deleted_at: Date | null }) | { id: null });

function toChange(row: ChangeRow): IndexChange {
  if (row.kind !== 'trigger') return { kind: row.kind, triggerId: row.trigger_id, vehicle: row.vehicle };
  const trigger = row.id === null || row.deleted_at !== null ? undefined : toTrigger(row);
  return { kind: 'trigger', id: row.trigger_id, trigger };
}

function toTrigger(row: TriggerRow): Trigger {
  return {
    id: row.id,
    license: row.license,
    revision: row.revision,
    status: row.status,
    service: row.service,
    metricName: row.metric_name,
    metricKind: row.metric_kind,
    metric: row.metric,
    valueKind: row.value_kind,
    condition: row.condition,
    normalizedCondition: row.normalized_condition,
    cooldownMs: row.cooldown_seconds * 1_000,
    displayName: row.display_name,
    endpointId: row.endpoint_id,
  };
}

/** A query's rows through a cursor. `cursor_tuple_fraction` is the planner's: all rows will be read. */
async function* pages<T extends pg.QueryResultRow>(client: pg.ClientBase, sql: string): AsyncGenerator<T[]> {
  await client.query('set local cursor_tuple_fraction = 1');
  await client.query(`declare index_rows no scroll cursor for ${sql}`);
  for (;;) {
    const { rows } = await client.query<T>(`fetch ${LOAD_PAGE} from index_rows`);
    if (rows.length > 0) yield rows;
    if (rows.length < LOAD_PAGE) break;
  }
  await client.query('close index_rows');
}
