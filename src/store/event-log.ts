import { FIRING } from '../core/event-types.js';
import type { LoggedEvent } from '../core/log-envelope.js';
import { readLog } from './by-index.js';
import type { Database } from './database.js';
import { idRange, type LogPage } from './log-page.js';

export interface EventFilter extends LogPage {
  license: string;
  /** Exact names. */
  types: readonly string[];
  triggerId?: string;
  vehicle?: string;
}

interface EventRow {
  id: string;
  type: string;
  license: string;
  trigger_id: string | null;
  endpoint_id: string | null;
  vehicle: string | null;
  payload: string;
}

/** The event log of one license at a time: what belongs to another is as unknown as what never was. */
export class EventLog {
  constructor(private readonly database: Database) {}

  /** Newest first. */
  list(filter: EventFilter): Promise<LoggedEvent[]> {
    const { license, types, triggerId, vehicle, limit } = filter;
    const { from, to } = idRange(filter);
    return readLog(this.database, async (manager) => {
      const rows = await manager.query<EventRow[]>(listEvents(filter), [
        ...[license, triggerId ?? null, from, to],
        ...[types, vehicle ?? null, limit],
      ]);
      return rows.map(toLoggedEvent);
    });
  }

  /** Undefined when the license has no such event, or none of these types. */
  get(license: string, id: string, types: readonly string[]): Promise<LoggedEvent | undefined> {
    return readLog(this.database, async (manager) => {
      const sql = `select ${COLUMNS} from events where id = $1 and license = $2 and type = any ($3::text[])`;
      const [row] = await manager.query<EventRow[]>(sql, [id, license, types]);
      return row && toLoggedEvent(row);
    });
  }
}

const COLUMNS = 'id, type, license, trigger_id, endpoint_id, vehicle, payload';

/**
 * Firings are nearly all there is, so a question that leaves them out has an index without them. With a trigger, the
 * license is compared in a way that no index serves: one trigger's events are the fewer.
 */
function listEvents({ triggerId, types }: EventFilter): string {
  const place =
    triggerId === undefined ? 'license = $1 and $2::uuid is null' : "license || '' = $1 and trigger_id = $2";
  return `
select ${COLUMNS} from events
where ${place} and id >= $3 and id < $4 ${types.includes(FIRING) ? '' : `and type <> '${FIRING}'`}
  and type = any ($5::text[]) and ($6::text is null or vehicle = $6)
order by id desc limit $7`;
}

export function toLoggedEvent(row: EventRow): LoggedEvent {
  return {
    id: row.id,
    type: row.type,
    license: row.license,
    triggerId: row.trigger_id,
    endpointId: row.endpoint_id,
    vehicle: row.vehicle,
    payload: row.payload,
  };
}
