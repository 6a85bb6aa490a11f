import type pg from 'pg';
import type { Trigger } from '../core/trigger.js';
import type { Database } from './database.js';
import type { FoundTriggerRow } from './trigger-record.js';
import { INDEX_PAGE_MAX, READ_INDEX_CHANGES, READ_INDEX_NUMBER } from './sql/read-index-changes.js';

/** What an engine must know of one change. A trigger that is gone takes its subscriptions along, without a word more. */
export type IndexChange =
  | { kind: 'trigger'; id: string; trigger: Trigger | undefined }
  | { kind: 'subscribed' | 'unsubscribed'; triggerId: string; vehicle: string };

/** What follows a place in the sequence. `head` is the place after these changes: the one to go on from. */
export type IndexPage = { kind: 'changes'; head: bigint; changes: IndexChange[]; more: boolean } | { kind: 'gap' };

const TRIGGERS_PAGE = 2_000;
/** Subscriptions that a page of a load is meant to hold: what others have to wait for. */
const SUBSCRIPTIONS_PAGE = 20_000;
const VEHICLES_PAGE_MAX = 5_000;
/** Changes that are forgotten in one statement, and the rest of the last number. */
const PRUNED_AT_ONCE = 10_000;

/**
 * Vehicle by vehicle: who reads makes each vehicle's set once, instead of moving it through all that lie on the way. As
 * text, half a second for a million subscriptions, where their rows took more than one. In the order of an index, so that
 * the first page comes at once and the server keeps nothing.
 */
const SUBSCRIPTIONS_BY_VEHICLE = `
  select vehicle, string_agg(trigger_id::text, ',' order by trigger_id) as trigger_ids
  from subscriptions group by vehicle`;

/** Triggers and subscriptions as engines follow them: all at some place of a sequence, then what changed since. */
export class IndexLog {
  constructor(private readonly database: Database) {}

  /**
   * Hands over everything as it stood at one moment and resolves to its place in the sequence: first the triggers, then
   * each vehicle once, with the ids of its triggers, comma-separated and sorted, so that equal lists are equal texts.
   * Among them may be triggers that were deleted and so not handed over. Streamed: only a page is in memory at a time,
   * and everybody else has a turn between pages. Throws what a handler throws.
   */
  load(on: { trigger(trigger: Trigger): void; vehicle(vehicle: string, triggerIds: string): void }): Promise<bigint> {
    return this.database.session(async (client) => {
      await client.query('begin isolation level repeatable read read only');
      const head = await client.query<{ seq: string }>('select seq from index_head');
      const triggers = `select ${TRIGGER_COLUMNS} from triggers where deleted_at is null`;
      for await (const rows of pages<TriggerRow>(client, triggers, () => TRIGGERS_PAGE)) {
        for (const row of rows) on.trigger(toTrigger(row));
      }
      await client.query('set local enable_hashagg = off; set local enable_sort = off');
      for await (const rows of pages<VehicleRow>(client, SUBSCRIPTIONS_BY_VEHICLE, vehiclesOfPage)) {
        for (const row of rows) on.vehicle(row.vehicle, row.trigger_ids);
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
    if (whole.length === 0) return this.wholeNumber(BigInt(cut));
    return { kind: 'changes', head: BigInt(cut) - 1n, changes: whole.map(toChange), more: true };
  }

  private async wholeNumber(seq: bigint): Promise<IndexPage> {
    const { rows } = await this.database.pool.query<ChangeRow>({ ...READ_INDEX_NUMBER, values: [seq] });
    if (rows[0]!.seq === null) return { kind: 'gap' };
    return { kind: 'changes', head: seq, changes: rows.map(toChange), more: true };
  }

  /**
   * Forgets changes that are older, always the first of the sequence and whole numbers of it, since a reader must find
   * all of one or a gap; resolves to how many. In short statements: a day may have millions.
   */
  async prune(olderThanHours: number): Promise<number> {
    for (let all = 0; ;) {
      const { rowCount } = await this.database.pool.query(
        `delete from index_changes
         where seq <= (
           select max(seq) from (select seq, at from index_changes order by seq, n limit $2) oldest
           where at < now() - make_interval(secs => $1::float8 * 3600)
         )`,
        [olderThanHours, PRUNED_AT_ONCE],
      );
      if (!rowCount) return all;
      all += rowCount;
    }
  }
}

const TRIGGER_COLUMNS = `id, license, revision, status, service, metric_name, metric_kind, metric, value_kind, condition,
  normalized_condition, cooldown_seconds, max_sample_age_seconds, display_name, endpoint_id`;

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
  | 'max_sample_age_seconds'
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
    maxSampleAgeMs: row.max_sample_age_seconds === null ? null : row.max_sample_age_seconds * 1_000,
    displayName: row.display_name,
    endpointId: row.endpoint_id,
  };
}

interface VehicleRow {
  vehicle: string;
  trigger_ids: string;
}

/** As many vehicles as have a page of subscriptions, by the page before; few at first, for nobody knows. */
function vehiclesOfPage(before: readonly VehicleRow[]): number {
  const subscriptions = before.reduce((sum, row) => sum + row.trigger_ids.length / BYTES_OF_ID, 0);
  if (subscriptions === 0) return FIRST_VEHICLES;
  const fitting = Math.floor((SUBSCRIPTIONS_PAGE * before.length) / subscriptions);
  return Math.min(VEHICLES_PAGE_MAX, 4 * before.length, Math.max(1, fitting));
}

const BYTES_OF_ID = 37;
const FIRST_VEHICLES = 100;

/**
 * A query's rows through a cursor, in pages whose length `size` says from the page before. `cursor_tuple_fraction` is the
 * planner's: all rows will be read.
 */
async function* pages<T extends pg.QueryResultRow>(
  client: pg.ClientBase,
  sql: string,
  size: (before: readonly T[]) => number,
): AsyncGenerator<T[]> {
  await client.query('set local cursor_tuple_fraction = 1');
  await client.query(`declare index_rows no scroll cursor for ${sql}`);
  for (let before: T[] = []; ;) {
    const wanted = size(before);
    const { rows } = await client.query<T>(`fetch ${wanted} from index_rows`);
    if (rows.length > 0) yield rows;
    if (rows.length < wanted) break;
    before = rows;
  }
  await client.query('close index_rows');
}
