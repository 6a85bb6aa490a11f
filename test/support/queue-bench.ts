/** The queue for the senders' spec. */
import { randomUUID } from 'node:crypto';
import type { EndpointStatus } from '../../src/core/endpoint.js';
import { Database } from '../../src/store/database.js';
import { DeliveryQueue } from '../../src/store/queue.js';
import type { AttemptRecord } from '../../src/core/attempt-record.js';
import { type TestDatabase, testSettings } from './database.js';

export type Queue = Pick<DeliveryQueue, keyof DeliveryQueue>;

export interface NewEndpoint {
  license: string;
  url: string;
  secret: string;
  id: string;
  retry?: string;
  timeoutSeconds?: number;
  maxPerSecond?: number;
}

/** The payload of a firing, as far as senders look at it. */
export const FIRING = '{"id":"1","data":{"service":"telemetry.signals","metricName":"speed"}}';
export const VEHICLE = 'did:erc721:1:0x0:1';

export interface NewDelivery {
  endpointId: string;
  payload?: string;
  /** False: its trigger was deleted. */
  isLive?: boolean;
  /** The event is no longer on record. */
  isForgotten?: boolean;
  /** Due so long ago. */
  dueMsAgo?: number;
  /** Queued so long ago. */
  queuedMsAgo?: number;
  eventType?: string;
  vehicle?: string;
  /** Attempts made already, and how many of them before it was queued anew. */
  attempt?: number;
  round?: number;
}

/** What of an attempt is shown to its owner. */
export type KeptAttempt = Pick<AttemptRecord, 'requestHeaders' | 'responseHeaders' | 'responseBody' | 'isTruncated'>;

export const NEW_DELIVERY = {
  ...{ payload: FIRING, isLive: true, isForgotten: false, dueMsAgo: 0, queuedMsAgo: 0, attempt: 0, round: 0 },
  ...{ eventType: 'trigger.fired', vehicle: VEHICLE },
};

let lastNumber = 0;

/** Ids that sort in the order in which they were made. */
export function nextId(): string {
  return `01990000-0000-8000-8000-${(++lastNumber).toString(16).padStart(12, '0')}`;
}

/** The queue of a database, which can be filled and looked into. */
export class QueueBench {
  private constructor(
    readonly database: Database,
    readonly queue = new DeliveryQueue(database),
  ) {}

  /** Empties what a test before it left: to make a database for each test took as long as the tests. */
  static async open({ url }: TestDatabase): Promise<QueueBench> {
    const bench = new QueueBench(await Database.open(testSettings(url)));
    await bench.query('truncate outbox, senders, endpoints, endpoint_leases, attempts, deliveries, events');
    return bench;
  }

  async addEndpoint({ id, license, url, secret, retry, timeoutSeconds, maxPerSecond }: NewEndpoint): Promise<void> {
    await this.query(
      `insert into endpoints (id, license, url, secret, created_at, updated_at, retry, timeout_seconds, max_per_second)
       values ($1, $2, $3, $4, now(), now(), $5, $6, $7)`,
      [id, license, url, secret, retry ?? null, timeoutSeconds ?? null, maxPerSecond ?? null],
    );
    await this.query('insert into endpoint_leases (endpoint_id, license) values ($1, $2)', [id, license]);
  }

  /** Ids of deliveries, in the order of their queue if they are due at one time. */
  async enqueue(deliveries: NewDelivery[]): Promise<string[]> {
    const rows = deliveries.map((one) => ({ ...NEW_DELIVERY, ...one, id: nextId(), eventId: randomUUID() }));
    const kept = rows.filter(({ isForgotten }) => !isForgotten);
    await this.query(
      `insert into events (id, type, license, trigger_id, vehicle, payload)
       select e.id, type, license, trigger_id, vehicle, payload
       from unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::text[], $6::text[])
         e (id, trigger_id, payload, endpoint_id, type, vehicle)
       join endpoint_leases l on l.endpoint_id = e.endpoint_id`,
      // What is deleted is told by a trigger that is not there.
      [
        kept.map((row) => row.eventId),
        kept.map((row) => (row.isLive ? null : randomUUID())),
        kept.map((row) => row.payload),
        kept.map((row) => row.endpointId),
        kept.map((row) => row.eventType),
        kept.map((row) => row.vehicle),
      ],
    );
    await this.query(
      `insert into outbox (endpoint_id, due_at, id, event_id, queued_at, attempt, round)
       select endpoint_id, date_trunc('milliseconds', now()) - ago * interval '1 ms', id, event_id,
         now() - queued_ago * interval '1 ms', attempt, round
       from unnest($1::uuid[], $2::int[], $3::uuid[], $4::uuid[], $5::float8[], $6::int[], $7::int[])
         o (endpoint_id, ago, id, event_id, queued_ago, attempt, round)`,
      [
        rows.map((row) => row.endpointId),
        rows.map((row) => row.dueMsAgo),
        rows.map((row) => row.id),
        rows.map((row) => row.eventId),
        rows.map((row) => row.queuedMsAgo),
        rows.map((row) => row.attempt),
        rows.map((row) => row.round),
      ],
    );
    return rows.map(({ id }) => id);
  }

  /** So many deliveries of one event, due for an hour. */
  async flood(endpointId: string, count: number): Promise<void> {
    const eventId = randomUUID();
    await this.query(
      `insert into events (id, type, license, vehicle, payload)
       select $1, 'trigger.fired', license, $3, $4 from endpoint_leases where endpoint_id = $2`,
      [eventId, endpointId, VEHICLE, FIRING],
    );
    await this.query(
      `insert into outbox (endpoint_id, due_at, id, event_id)
       select $1, now() - interval '1 h', gen_random_uuid(), $2 from generate_series(1, $3)`,
      [endpointId, eventId, count],
    );
  }

  async setStatus(endpointId: string, status: EndpointStatus): Promise<void> {
    await this.query('update endpoints set status = $2 where id = $1', [endpointId, status]);
  }

  async setUrl(endpointId: string, url: string): Promise<void> {
    await this.query('update endpoints set url = $2 where id = $1', [endpointId, url]);
  }

  /** The endpoint is no longer on record; its lease stays. */
  async deleteEndpoint(endpointId: string): Promise<void> {
    await this.query('delete from endpoints where id = $1', [endpointId]);
  }

  /** What is on record of how an endpoint does. */
  async health(endpointId: string): Promise<{ failures: number; isPaused: boolean }> {
    const [row] = await this.query<{ failures: number; isPaused: boolean }>(
      `select failures, coalesce(pause_until > now(), false) as "isPaused" from endpoint_leases where endpoint_id = $1`,
      [endpointId],
    );
    return row!;
  }

  /** For how long an endpoint is to be left alone still. */
  async pauseSeconds(endpointId: string): Promise<number> {
    const sql =
      'select extract(epoch from pause_until - now())::float8 as s from endpoint_leases where endpoint_id = $1';
    return (await this.query<{ s: number }>(sql, [endpointId]))[0]!.s;
  }

  /** Whole minutes until what is pending is due, as id → minutes. */
  async waits(): Promise<Map<string, number>> {
    const sql = 'select id, round(extract(epoch from due_at - now()) / 60)::int as minutes from outbox order by id';
    return new Map((await this.query<{ id: string; minutes: number }>(sql)).map(({ id, minutes }) => [id, minutes]));
  }

  /** Whole minutes since attempts began. */
  async attemptAges(): Promise<number[]> {
    const sql = 'select round(extract(epoch from now() - started_at) / 60)::int as minutes from attempts';
    return (await this.query<{ minutes: number }>(sql)).map(({ minutes }) => minutes);
  }

  /** Sets how many attempts failed in a row, and for how long. */
  async setFailures(endpointId: string, failures: number, hours = 0): Promise<void> {
    await this.query(
      `update endpoint_leases
       set failures = $2, failing_since = now() - $3 * interval '1 h', last_attempt_at = now() - interval '1 min'
       where endpoint_id = $1`,
      [endpointId, failures, hours],
    );
  }

  /** The time comes, or is given, at which the endpoint may be sent to again. */
  async endPause(endpointId: string): Promise<void> {
    await this.query('update endpoint_leases set pause_until = null where endpoint_id = $1', [endpointId]);
  }

  /** Time passes until everything pending is due. */
  async makeDue(): Promise<void> {
    await this.query("update outbox set due_at = least(due_at, date_trunc('milliseconds', now()))");
  }

  /** Time passes until every token is over. */
  async endTokens(): Promise<void> {
    await this.query("update senders set alive_until = now() - interval '1 s'");
  }

  /** The endpoint goes, as with its webhook; what is queued stays. */
  async removeLease(endpointId: string): Promise<void> {
    await this.query('delete from endpoint_leases where endpoint_id = $1', [endpointId]);
  }

  pending() {
    return this.query<{ id: string; attempt: number }>('select id, attempt from outbox order by id');
  }

  /** What is over, as id → status. */
  async statuses(): Promise<Map<string, string>> {
    const rows = await this.query<{ id: string; status: string }>('select id, status from deliveries');
    return new Map(rows.map(({ id, status }) => [id, status]));
  }

  async lastError(id: string): Promise<string | null> {
    const sql = 'select last_error as error from deliveries where id = $1';
    return (await this.query<{ error: string | null }>(sql, [id]))[0]!.error;
  }

  /** Of deliveries to one endpoint. */
  async countSettled(endpointId: string): Promise<number> {
    const sql = 'select count(*)::int as count from deliveries where endpoint_id = $1';
    return (await this.query<{ count: number }>(sql, [endpointId]))[0]!.count;
  }

  kept(): Promise<KeptAttempt[]> {
    return this.query<KeptAttempt>(
      `select request_headers as "requestHeaders", response_headers as "responseHeaders",
         response_body as "responseBody", is_truncated as "isTruncated" from attempts order by delivery_id, number`,
    );
  }

  attempts(): Promise<{ id: string; number: number; outcome: string; statusCode: number | null }[]> {
    return this.query<Awaited<ReturnType<QueueBench['attempts']>>[number]>(
      'select delivery_id as id, number, outcome, status_code as "statusCode" from attempts order by delivery_id, number',
    );
  }

  /** Endpoints that somebody holds. */
  async held(): Promise<string[]> {
    const rows = await this.query<{ id: string }>(
      'select endpoint_id as id from endpoint_leases where holder is not null',
    );
    return rows.map(({ id }) => id);
  }

  async tokens(): Promise<number> {
    return (await this.query('select 1 from senders')).length;
  }

  close(): Promise<void> {
    return this.database.close();
  }

  private async query<Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> {
    return (await this.database.pool.query<Row>(text, values)).rows;
  }
}
