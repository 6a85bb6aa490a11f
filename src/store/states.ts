import type { EntityManager } from 'typeorm';
import { decodeReading, EMPTY_STATE, type State } from '../core/state.js';
import type { Database } from './database.js';
import type { Page } from './pages.js';
import { LOAD_STATES } from './sql/load-states.js';

interface StateRecord {
  trigger_id: string;
  vehicle: string;
  version: string;
  sequence: string;
  fired_at: Date | null;
  previous: string | null;
}

/** What triggers remember of vehicles. Chunks write it, see `ChunkStore.commit`. */
export class StateStore {
  constructor(private readonly database: Database) {}

  /** The empty state when nothing is stored. */
  async get(triggerId: string, vehicle: string): Promise<State> {
    return (await this.load([{ triggerId, vehicle }])).get(stateKey(triggerId, vehicle)) ?? EMPTY_STATE;
  }

  /** A trigger's stored states by vehicle, in byte order. */
  async list(triggerId: string, page: Page): Promise<{ vehicle: string; state: State }[]> {
    const { rows } = await this.database.pool.query<StateRecord>(
      `select s.vehicle, s.version, s.sequence,
              case when s.revision >= t.metric_revision then s.fired_at end as fired_at,
              case when s.revision >= t.metric_revision then s.previous end as previous
       from states s join triggers t on t.id = s.trigger_id
       where s.trigger_id = $1 and s.vehicle > $2 order by s.vehicle limit $3`,
      [triggerId, page.after ?? '', page.limit],
    );
    return rows.map((row) => ({ vehicle: row.vehicle, state: toState(row) }));
  }

  /** The states of many pairs in one query, by `<trigger id> <vehicle>`; a pair that is absent has the empty state. */
  async load(pairs: readonly { triggerId: string; vehicle: string }[]): Promise<Map<string, State>> {
    if (pairs.length === 0) return new Map();
    const triggers = pairs.map((pair) => pair.triggerId);
    const vehicles = pairs.map((pair) => pair.vehicle);
    const { rows } = await this.database.pool.query<StateRecord>({ ...LOAD_STATES, values: [triggers, vehicles] });
    return new Map(rows.map((row) => [stateKey(row.trigger_id, row.vehicle), toState(row)]));
  }
}

/**
 * Empties what some triggers remember of some vehicles, as part of a change. By an update, never by a delete: the raised
 * version is how an engine that remembers a state learns that it is out of date. Rows are locked in the order in which
 * commits lock them.
 */
export async function emptyStatesOf(
  manager: EntityManager,
  triggerIds: readonly string[],
  vehicles: readonly string[],
): Promise<void> {
  await manager.query(
    `with locked as materialized (
       select trigger_id, vehicle from states where trigger_id = any ($1::uuid[]) and vehicle = any ($2::text[])
       order by trigger_id, vehicle for update
     )
     update states s set version = s.version + 1, fired_at = null, previous = null
     from locked where s.trigger_id = locked.trigger_id and s.vehicle = locked.vehicle`,
    [triggerIds, vehicles],
  );
}

/** The key of `StateStore.load`; commits lock states in its order. */
export function stateKey(triggerId: string, vehicle: string): string {
  return `${triggerId} ${vehicle}`;
}

function toState(row: StateRecord): State {
  return {
    version: Number(row.version),
    firedAtMs: row.fired_at?.getTime(),
    sequence: Number(row.sequence),
    previous: row.previous === null ? undefined : decodeReading(row.previous),
  };
}
