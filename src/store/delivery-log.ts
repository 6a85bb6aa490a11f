import type { AttemptRecord } from '../core/attempt-record.js';
import type { LoggedEvent } from '../core/log-envelope.js';
import type { EntityManager } from 'typeorm';
import { readLog } from './by-index.js';
import type { Database } from './database.js';
import { toLoggedEvent } from './event-log.js';
import { idRange, type LogPage } from './log-page.js';
import { type DeliveryQuestion, listPending, listSettled } from './sql/delivery-log.js';

export const SETTLED_STATUSES = ['delivered', 'failed', 'held', 'cancelled'] as const;
export const DELIVERY_STATUSES = ['pending', ...SETTLED_STATUSES] as const;
export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number];

/** A delivery, wherever it is. */
export interface DeliveryRecord {
  id: string;
  eventId: string;
  /** Null when the event is no longer on record. */
  eventType: string | null;
  endpointId: string;
  triggerId: string | null;
  vehicle: string | null;
  status: DeliveryStatus;
  attempts: number;
  /** When it is tried next; null once it is settled. */
  dueAt: Date | null;
  createdAt: Date;
  settledAt: Date | null;
  lastStatusCode: number | null;
  lastError: string | null;
  isTest: boolean;
}

/** An attempt on record. */
export interface AttemptOnRecord extends Omit<AttemptRecord, 'startedAtMs'> {
  number: number;
  startedAt: Date;
}

export interface DeliveryDetail {
  delivery: DeliveryRecord;
  /** Undefined when it is no longer on record. */
  event: LoggedEvent | undefined;
  /** Those made last, oldest first. */
  attempts: AttemptOnRecord[];
}

export interface DeliveryFilter extends LogPage {
  license: string;
  triggerId?: string;
  endpointId?: string;
  vehicle?: string;
  /** All when not given. */
  statuses?: readonly DeliveryStatus[];
}

/** Each may have 16 KiB of an answer. Recovering adds to them without end. */
const ATTEMPTS_SHOWN_MAX = 50;

/**
 * Deliveries of one license at a time: those that wait and those that are settled. What was settled before records
 * said whose they are is left out.
 */
export class DeliveryLog {
  constructor(private readonly database: Database) {}

  /** Newest first by id, so by the time of their events. */
  list(filter: DeliveryFilter): Promise<DeliveryRecord[]> {
    return readLog(this.database, (manager) => listDeliveries(manager, filter, idRange(filter)));
  }

  /** Undefined when the license has no such delivery. */
  get(license: string, id: string): Promise<DeliveryDetail | undefined> {
    return readLog(this.database, async (manager) => {
      const delivery = await findDelivery(manager, license, id);
      if (delivery === undefined) return undefined;
      const events = await manager.query<Parameters<typeof toLoggedEvent>[0][]>(
        'select id, type, license, trigger_id, endpoint_id, vehicle, payload from events where id = $1',
        [delivery.eventId],
      );
      const attempts = await manager.query<AttemptRow[]>(
        `select * from attempts where delivery_id = $1 order by number desc limit ${ATTEMPTS_SHOWN_MAX}`,
        [id],
      );
      return { delivery, event: events[0] && toLoggedEvent(events[0]), attempts: attempts.reverse().map(toAttempt) };
    });
  }
}

/** One delivery of a license, in the snapshot of the statement or of the transaction around it. */
export async function findDelivery(
  manager: EntityManager,
  license: string,
  id: string,
): Promise<DeliveryRecord | undefined> {
  const [found] = await listDeliveries(manager, { license, limit: 1 }, { from: id, to: id, isExact: true });
  return found;
}

async function listDeliveries(
  manager: EntityManager,
  filter: DeliveryFilter,
  { from, to, isExact = false }: { from: string; to: string; isExact?: boolean },
): Promise<DeliveryRecord[]> {
  const { license, triggerId, endpointId, vehicle, statuses, limit } = filter;
  const question: DeliveryQuestion = {
    isOfTrigger: triggerId !== undefined,
    isOfVehicle: vehicle !== undefined,
    isUndelivered: statuses !== undefined && !statuses.includes('delivered'),
    isExact,
  };
  const values = [license, triggerId ?? null, from, to, endpointId ?? null, vehicle ?? null];
  const settled = statuses?.filter((status) => status !== 'pending');
  const found: DeliveryRow[] = [];
  if (statuses === undefined || statuses.includes('pending')) {
    found.push(...(await manager.query<DeliveryRow[]>(listPending(question), [...values, null, limit])));
  }
  if (settled === undefined || settled.length > 0) {
    found.push(...(await manager.query<DeliveryRow[]>(listSettled(question), [...values, settled ?? null, limit])));
  }
  found.sort((a, b) => (a.id < b.id ? 1 : -1));
  return found.slice(0, limit).map(toDelivery);
}

/** What lists and the feed read of a delivery. */
export interface DeliveryRow {
  id: string;
  event_id: string;
  event_type: string | null;
  endpoint_id: string;
  trigger_id: string | null;
  vehicle: string | null;
  status: DeliveryStatus;
  attempts: number;
  due_at: Date | null;
  created_at: Date;
  settled_at: Date | null;
  last_status_code: number | null;
  last_error: string | null;
  is_test: boolean;
}

export function toDelivery(row: DeliveryRow): DeliveryRecord {
  return {
    id: row.id,
    eventId: row.event_id,
    eventType: row.event_type,
    endpointId: row.endpoint_id,
    triggerId: row.trigger_id,
    vehicle: row.vehicle,
    status: row.status,
    attempts: row.attempts,
    dueAt: row.due_at,
    createdAt: row.created_at,
    settledAt: row.settled_at,
    lastStatusCode: row.last_status_code,
    lastError: row.last_error,
    isTest: row.is_test,
  };
}

interface AttemptRow {
  number: number;
  started_at: Date;
  duration_ms: number;
  outcome: string;
  status_code: number | null;
  error: string | null;
  request_headers: string | null;
  response_headers: string | null;
  response_body: string | null;
  is_truncated: boolean;
}

function toAttempt(row: AttemptRow): AttemptOnRecord {
  return {
    number: row.number,
    startedAt: row.started_at,
    durationMs: row.duration_ms,
    outcome: row.outcome,
    statusCode: row.status_code,
    error: row.error,
    requestHeaders: row.request_headers,
    responseHeaders: row.response_headers,
    responseBody: row.response_body,
    isTruncated: row.is_truncated,
  };
}
