import type { EntityManager } from 'typeorm';
import type { AttemptRecord } from '../core/attempt-record.js';
import type { DeliveryTarget } from '../core/endpoint.js';
import type { Actor } from './actor.js';
import type { Database } from './database.js';
import { type TargetRow, toTarget } from './due-delivery.js';
import { QUEUE_FOR_LISTENERS } from './sql/queue-for-listeners.js';
import { withoutNul } from './stored-text.js';

/** A test event that was sent, with what became of it. */
export interface TestDelivery {
  deliveryId: string;
  eventId: string;
  endpointId: string;
  /** Null when an endpoint was tested by itself. */
  triggerId: string | null;
  vehicle: string | null;
  /** The CloudEvent that was sent. */
  envelope: string;
  status: 'delivered' | 'failed';
  attempt: AttemptRecord;
}

/** Test events: sent at once and once, so they are never queued and say nothing about their endpoint's health. */
export class TestDeliveryStore {
  constructor(private readonly database: Database) {}

  /** What sending to an endpoint needs now; undefined when the license has no such endpoint. */
  async target(license: string, endpointId: string): Promise<DeliveryTarget | undefined> {
    const [row] = await this.database.dataSource.query<{ target: TargetRow; is_overlapping: boolean }[]>(
      `select to_jsonb(e) as target, coalesce(e.previous_until > now(), false) as is_overlapping
       from endpoints e where e.id = $1 and e.license = $2`,
      [endpointId, license],
    );
    return row && toTarget(row.target, row.is_overlapping);
  }

  /** Writes the log event `webhook.tested`, which has within what was sent, with its delivery and its one attempt. */
  record(actor: Actor, test: TestDelivery): Promise<void> {
    return this.database.dataSource.transaction(async (manager) => {
      const { eventId, triggerId, endpointId, vehicle } = test;
      const { license } = actor;
      await manager.query(
        `insert into events (id, type, license, trigger_id, vehicle, endpoint_id, payload)
         values ($1, 'webhook.tested', $2, $3, $4, $5, $6)`,
        [eventId, license, triggerId, vehicle, endpointId, payloadOf(actor, test)],
      );
      await writeDelivery(manager, license, test);
      await manager.query(QUEUE_FOR_LISTENERS, [[eventId], ['webhook.tested'], [license], [triggerId], [endpointId]]);
    });
  }
}

/** The CloudEvent goes in as the text that it is: its durations have more digits than a number holds. */
function payloadOf({ license, keyId, requestId }: Actor, { envelope }: TestDelivery): string {
  const by = JSON.stringify({ actor: { license, keyId }, requestId });
  return `${by.slice(0, -1)},"sent":${envelope}}`;
}

async function writeDelivery(manager: EntityManager, license: string, test: TestDelivery): Promise<void> {
  const { deliveryId, attempt } = test;
  const error = withoutNul(attempt.error);
  await manager.query(
    `insert into deliveries (id, event_id, endpoint_id, status, attempts, last_status_code, last_error, created_at,
       settled_at, license, trigger_id, vehicle, is_test)
     values ($1, $2, $3, $4, 1, $5, $6, now() - $7::float8 * interval '1 ms', now(), $8, $9, $10, true)`,
    [
      ...[deliveryId, test.eventId, test.endpointId, test.status, attempt.statusCode, error, attempt.durationMs],
      ...[license, test.triggerId, test.vehicle],
    ],
  );
  await manager.query(
    `insert into attempts (delivery_id, number, started_at, duration_ms, outcome, status_code, error, request_headers,
       response_headers, response_body, is_truncated)
     values ($1, 1, now() - $2::float8 * interval '1 ms', $3, $4, $5, $6, $7, $8, $9, $10)`,
    [
      ...[deliveryId, attempt.durationMs, Math.round(attempt.durationMs), attempt.outcome, attempt.statusCode, error],
      ...[attempt.requestHeaders, attempt.responseHeaders, attempt.responseBody].map(withoutNul),
      attempt.isTruncated,
    ],
  );
}
