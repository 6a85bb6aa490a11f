/** Rows of the log and the queue, as commits and senders write them. */
import { randomUUID } from 'node:crypto';
import { newLogId } from '../../src/store/log-id.js';
import { LICENSE } from './triggers.js';

/** A pool, or one connection of it. */
export interface Queryable {
  query(sql: string, values?: unknown[]): Promise<{ rows: unknown[] }>;
}

export interface EventRowFields {
  id: string;
  type: string;
  license: string;
  triggerId: string | null;
  vehicle: string | null;
  payload: string;
}

export async function addEvent(to: Queryable, given: Partial<EventRowFields> = {}): Promise<EventRowFields> {
  const defaults = { id: newLogId(), type: 'trigger.fired', license: LICENSE, triggerId: null, vehicle: null };
  const event = { ...defaults, payload: '{"specversion":"1.0"}', ...given };
  await to.query(
    'insert into events (id, type, license, trigger_id, vehicle, payload) values ($1, $2, $3, $4, $5, $6)',
    [...[event.id, event.type, event.license, event.triggerId, event.vehicle, event.payload]],
  );
  return event;
}

export interface DeliveryRowFields {
  id: string;
  endpointId: string;
  event: EventRowFields;
  createdAt: Date;
}

/** A settled one. Its id is that of its event's delivery to the endpoint, unless given. */
export async function addSettled(
  to: Queryable,
  status: string,
  given: Partial<DeliveryRowFields> & { attempts?: number; statusCode?: number; error?: string; isTest?: boolean } = {},
): Promise<DeliveryRowFields> {
  const row = await complete(to, given);
  const { event } = row;
  const { attempts = 1, statusCode = null, error = null, isTest = false } = given;
  await to.query(
    `insert into deliveries (id, event_id, endpoint_id, status, attempts, last_status_code, last_error, created_at,
       settled_at, license, trigger_id, vehicle, is_test)
     values ($1, $2, $3, $4, $5, $6, $7, $8, now(), $9, $10, $11, $12)`,
    [row.id, event.id, row.endpointId, status, attempts, statusCode, error, row.createdAt]
      .concat([event.license, event.triggerId, event.vehicle] as never[])
      .concat([isTest] as never[]),
  );
  return row;
}

/** One that waits, due now unless `dueInSeconds` says otherwise. */
export async function addPending(
  to: Queryable,
  given: Partial<DeliveryRowFields> & { attempts?: number; dueInSeconds?: number } = {},
): Promise<DeliveryRowFields> {
  const row = await complete(to, given);
  const { attempts = 0, dueInSeconds = 0 } = given;
  await to.query(
    `insert into outbox (endpoint_id, due_at, id, event_id, attempt, created_at)
     values ($1, now() + make_interval(secs => $2), $3, $4, $5, $6)`,
    [row.endpointId, dueInSeconds, row.id, row.event.id, attempts, row.createdAt],
  );
  return row;
}

/** An attempt of a delivery, with an answer. */
export async function addAttempt(
  to: Queryable,
  deliveryId: string,
  given: { number?: number; statusCode?: number; durationMs?: number } = {},
): Promise<void> {
  const { number = 1, statusCode = 500, durationMs = 12 } = given;
  await to.query(
    `insert into attempts (delivery_id, number, started_at, duration_ms, outcome, status_code, error, request_headers,
       response_headers, response_body, is_truncated)
     values ($1, $2, now(), $3, 'rejected', $4, 'answered', '{"webhook-id":"x"}', '{"set-cookie":["a","b"]}', 'no', true)`,
    [deliveryId, number, durationMs, statusCode],
  );
}

async function complete(to: Queryable, given: Partial<DeliveryRowFields>): Promise<DeliveryRowFields> {
  const event = given.event ?? (await addEvent(to));
  const endpointId = given.endpointId ?? randomUUID();
  const id = given.id ?? (await deliveryIdOf(to, event.id, endpointId));
  return { id, endpointId, event, createdAt: given.createdAt ?? new Date() };
}

async function deliveryIdOf(to: Queryable, eventId: string, endpointId: string): Promise<string> {
  const { rows } = await to.query('select delivery_id_v1($1, $2) as id', [eventId, endpointId]);
  return (rows[0] as { id: string }).id;
}
