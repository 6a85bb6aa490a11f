/** A queue for the senders' spec that can be filled and looked into: the real one here, `MemoryQueue` beside it. */
import { randomUUID } from 'node:crypto';
import { Database } from '../../src/store/database.js';
import { DeliveryQueue } from '../../src/store/queue.js';
import { createTestDatabase, testSettings } from './database.js';

export type Queue = Pick<DeliveryQueue, keyof DeliveryQueue>;

export interface NewEndpoint {
  license: string;
  url: string;
  secret: string;
  id: string;
}

export interface NewDelivery {
  endpointId: string;
  payload?: string;
  /** False: its trigger was deleted. */
  isLive?: boolean;
  /** The event is no longer on record. */
  isForgotten?: boolean;
  /** Due so long ago. */
  dueMsAgo?: number;
}

export interface QueueBench {
  readonly queue: Queue;
  addEndpoint(endpoint: NewEndpoint): Promise<void>;
  /** Ids of deliveries, in the order of their queue if they are due at one time. */
  enqueue(deliveries: NewDelivery[]): Promise<string[]>;
  /** Time passes until everything pending is due. */
  makeDue(): Promise<void>;
  /** Time passes until every token is over. */
  endTokens(): Promise<void>;
  /** The endpoint goes, as with its webhook; what is queued stays. */
  removeLease(endpointId: string): Promise<void>;
  pending(): Promise<{ id: string; attempt: number }[]>;
  /** What is over, as id → status. */
  statuses(): Promise<Map<string, string>>;
  attempts(): Promise<{ id: string; number: number; outcome: string; statusCode: number | null }[]>;
  /** Endpoints that somebody holds. */
  held(): Promise<string[]>;
  tokens(): Promise<number>;
  close(): Promise<void>;
}

let lastNumber = 0;

/** Ids that sort in the order in which they were made. */
export function nextId(): string {
  return `01990000-0000-8000-8000-${(++lastNumber).toString(16).padStart(12, '0')}`;
}

/** The real queue, in a database of its own. */
export class PostgresQueue implements QueueBench {
  private constructor(
    private readonly database: Database,
    private readonly drop: () => Promise<void>,
    readonly queue = new DeliveryQueue(database),
  ) {}

  static async open(): Promise<PostgresQueue> {
    const test = await createTestDatabase();
    const database = await Database.open(testSettings(test.url));
    return new PostgresQueue(database, () => test.drop());
  }

  async addEndpoint({ id, license, url, secret }: NewEndpoint) {
    await this.query(
      'insert into endpoints (id, license, url, secret, created_at, updated_at) values ($1, $2, $3, $4, now(), now())',
      [id, license, url, secret],
    );
    await this.query('insert into endpoint_leases (endpoint_id, license) values ($1, $2)', [id, license]);
  }

  async enqueue(deliveries: NewDelivery[]) {
    const rows = deliveries.map((one) => ({ payload: '{}', dueMsAgo: 0, ...one, id: nextId(), eventId: randomUUID() }));
    const kept = rows.filter(({ isForgotten }) => !isForgotten);
    await this.query(
      `insert into events (id, type, license, trigger_id, vehicle, payload)
       select id, 'trigger.fired', 'license', trigger_id, 'did:erc721:1:0x0:1', payload
       from unnest($1::uuid[], $2::uuid[], $3::text[]) e (id, trigger_id, payload)`,
      // What is deleted is told by a trigger that is not there.
      [
        kept.map((row) => row.eventId),
        kept.map((row) => (row.isLive === false ? randomUUID() : null)),
        kept.map((row) => row.payload),
      ],
    );
    await this.query(
      `insert into outbox (endpoint_id, due_at, id, event_id)
       select endpoint_id, date_trunc('milliseconds', now()) - ago * interval '1 ms', id, event_id
       from unnest($1::uuid[], $2::int[], $3::uuid[], $4::uuid[]) o (endpoint_id, ago, id, event_id)`,
      [
        rows.map((row) => row.endpointId),
        rows.map((row) => row.dueMsAgo),
        rows.map((row) => row.id),
        rows.map((row) => row.eventId),
      ],
    );
    return rows.map(({ id }) => id);
  }

  async makeDue() {
    await this.query("update outbox set due_at = least(due_at, date_trunc('milliseconds', now()))");
  }

  async endTokens() {
    await this.query("update senders set alive_until = now() - interval '1 s'");
  }

  async removeLease(endpointId: string) {
    await this.query('delete from endpoint_leases where endpoint_id = $1', [endpointId]);
  }

  pending() {
    return this.query<{ id: string; attempt: number }>('select id, attempt from outbox order by id');
  }

  async statuses() {
    const rows = await this.query<{ id: string; status: string }>('select id, status from deliveries');
    return new Map(rows.map(({ id, status }) => [id, status]));
  }

  attempts() {
    return this.query<Awaited<ReturnType<QueueBench['attempts']>>[number]>(
      'select delivery_id as id, number, outcome, status_code as "statusCode" from attempts order by delivery_id, number',
    );
  }

  async held() {
    const rows = await this.query<{ id: string }>(
      'select endpoint_id as id from endpoint_leases where holder is not null',
    );
    return rows.map(({ id }) => id);
  }

  async tokens() {
    return (await this.query('select 1 from senders')).length;
  }

  async close() {
    await this.database.close();
    await this.drop();
  }

  private async query<Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> {
    return (await this.database.pool.query<Row>(text, values)).rows;
  }
}
