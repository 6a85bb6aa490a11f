import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import type { Database } from './database.js';
import { FETCH_DUE } from './sql/fetch-due.js';
import { LEASE_ENDPOINTS } from './sql/lease-endpoints.js';
import { SETTLE_DELIVERIES } from './sql/settle-deliveries.js';

/** A delivery whose time has come, with what sending it needs, as that stood when it was fetched. */
export interface DueDelivery {
  id: string;
  endpointId: string;
  /** Half of the row's key: given back as it is. */
  dueAt: string;
  eventId: string;
  /** '' when the event is no longer on record. */
  eventType: string;
  /** Attempts made already. */
  attempt: number;
  /** Null when the event is no longer on record. */
  payload: string | null;
  license: string;
  triggerId: string | null;
  vehicle: string | null;
  /** The endpoint exists, and the trigger if the event has one. What is not live is to be cancelled, not sent. */
  isLive: boolean;
  /** '' when the endpoint is gone. */
  url: string;
  /** Encrypted; '' when the endpoint is gone. */
  secret: string;
  /** When it was queued, ms since 1970. */
  createdAtMs: number;
}

/** What became of a delivery. One without an attempt says nothing about its endpoint and counts no attempt. */
export interface Settlement {
  delivery: DueDelivery;
  outcome: 'delivered' | 'failed' | 'cancelled' | 'retry';
  /** When to try again, ms since 1970; needed for a retry. */
  nextDueAtMs?: number;
  attempt?: {
    startedAtMs: number;
    durationMs: number;
    outcome: string;
    statusCode: number | null;
    error: string | null;
  };
}

/** Before the first delivery of any endpoint: where fetching begins. */
export const QUEUE_START = { afterDueAt: '-infinity', afterId: '00000000-0000-0000-0000-000000000000' };

/** A token without a heartbeat for this long is over. */
export const TOKEN_LIFE_SECONDS = 15;
/** So many heartbeats may wait for their answers in vain, one after the other, in a token's life. */
const HEARTBEATS_UNANSWERED_MAX = 4;
/** Dead tokens are kept for longer than any transaction that began when they lived. */
const DEAD_TOKEN_KEPT_SECONDS = 60;

/**
 * Deliveries that wait for their time, each endpoint's in order. A sender takes a token and keeps it alive; with it, it
 * leases endpoints; only an endpoint's holder sends to it. A token that missed its time is over for good, and what it
 * held may be with others already: drop everything and take a new one. Deliveries happen at least once.
 */
export class DeliveryQueue {
  /** `lifeSeconds`: how long a token lives without a heartbeat, and so how long a dead sender's endpoints wait. */
  constructor(
    private readonly database: Database,
    readonly lifeSeconds = TOKEN_LIFE_SECONDS,
  ) {}

  /** A new token, alive from now. Also clears away tokens that died long ago. */
  async startSender(): Promise<string> {
    const dead = await this.database.pool.query<{ token: string }>(
      `select token from senders where alive_until < now() - interval '${DEAD_TOKEN_KEPT_SECONDS} s'`,
    );
    if (dead.rows.length > 0) await this.endTokens(dead.rows.map((row) => row.token));
    const token = randomUUID();
    await this.database.pool.query(
      `insert into senders (token, alive_until) values ($1, now() + make_interval(secs => $2))`,
      [token, this.lifeSeconds],
    );
    return token;
  }

  /**
   * Every third of a token's life or so. False: the token is over. Rejects when there is no answer for a quarter of the
   * token's life: early enough for another try while the token lives.
   */
  async heartbeat(token: string): Promise<boolean> {
    const beat: pg.QueryConfig & { query_timeout: number } = {
      name: 'heartbeat',
      text: `update senders set alive_until = now() + make_interval(secs => $2)
             where token = $1 and alive_until > now()`,
      values: [token, this.lifeSeconds],
      query_timeout: (this.lifeSeconds * 1_000) / HEARTBEATS_UNANSWERED_MAX,
    };
    const { rowCount } = await this.database.pool.query(beat);
    return rowCount === 1;
  }

  /** Gives everything back and ends the token; after its last settling has answered. */
  endSender(token: string): Promise<void> {
    return this.endTokens([token]);
  }

  /**
   * Takes up to `max` endpoints that have due work and no living holder; of `among` only, if given, which is what a
   * doorbell named. Nothing for a token that is over.
   */
  async lease(
    token: string,
    max: number,
    among?: readonly string[],
  ): Promise<{ endpointId: string; license: string }[]> {
    const { rows } = await this.database.pool.query<{ endpoint_id: string; license: string }>({
      ...LEASE_ENDPOINTS,
      values: [token, max, among ?? null],
    });
    return rows.map((row) => ({ endpointId: row.endpoint_id, license: row.license }));
  }

  /**
   * What is due at some endpoints, forward from a place in each one's queue (`QUEUE_START`, or a delivery's `dueAt` and
   * `id`). A row may be committed after later ones were fetched: go back to the start once a second, and skip by id
   * what is under way.
   */
  async fetch(
    heads: readonly { endpointId: string; afterDueAt: string; afterId: string; limit: number }[],
  ): Promise<DueDelivery[]> {
    if (heads.length === 0) return [];
    const { rows } = await this.database.pool.query<DueRow>({
      ...FETCH_DUE,
      values: [
        heads.map((head) => head.endpointId),
        heads.map((head) => head.afterDueAt),
        heads.map((head) => head.afterId),
        heads.map((head) => head.limit),
      ],
    });
    return rows.map(toDueDelivery);
  }

  /**
   * Writes what became of deliveries, a few hundred at once, given in the order in which it happened. Lost: the token
   * no longer holds some endpoints; of these only what arrived was written, and the rest will be sent by others.
   */
  async settle(
    token: string,
    settlements: readonly Settlement[],
  ): Promise<{ kind: 'ok' } | { kind: 'lost'; endpoints: number }> {
    if (settlements.length === 0) return { kind: 'ok' };
    const { rows } = await this.database.pool.query<{ lost: number }>({
      ...SETTLE_DELIVERIES,
      values: [token, ...deliveryArrays(settlements), ...attemptArrays(settlements)],
    });
    const { lost } = rows[0]!;
    return lost === 0 ? { kind: 'ok' } : { kind: 'lost', endpoints: lost };
  }

  /** Gives endpoints back; after the last settling for them has answered. */
  async release(token: string, endpointIds: readonly string[]): Promise<void> {
    await this.database.pool.query({
      name: 'release_endpoints',
      text: 'update endpoint_leases set holder = null where holder = $1 and endpoint_id = any ($2::uuid[])',
      values: [token, endpointIds],
    });
  }

  /** What waits in all, and the earliest due time in ms since 1970. Reads the whole queue: for every few seconds. */
  async depth(): Promise<{ pending: number; oldestDueMs: number | null }> {
    const { rows } = await this.database.pool.query<{ pending: string; oldest: Date | null }>(
      `select (select count(*) from outbox) as pending, min(o.due_at) as oldest
       from endpoint_leases l
       cross join lateral (
         select due_at from outbox q where q.endpoint_id = l.endpoint_id order by due_at limit 1
       ) o`,
    );
    return { pending: Number(rows[0]!.pending), oldestDueMs: rows[0]!.oldest?.getTime() ?? null };
  }

  private async endTokens(tokens: readonly string[]): Promise<void> {
    await this.database.pool.query('select end_senders_v1($1)', [tokens]);
  }
}

interface DueRow {
  endpoint_id: string;
  due_at: string;
  id: string;
  event_id: string;
  attempt: number;
  created_at: Date;
  type: string | null;
  payload: string | null;
  trigger_id: string | null;
  vehicle: string | null;
  license: string | null;
  url: string | null;
  secret: string | null;
  is_live: boolean;
}

function toDueDelivery(row: DueRow): DueDelivery {
  return {
    id: row.id,
    endpointId: row.endpoint_id,
    dueAt: row.due_at,
    eventId: row.event_id,
    eventType: row.type ?? '',
    attempt: row.attempt,
    payload: row.payload,
    license: row.license ?? '',
    triggerId: row.trigger_id,
    vehicle: row.vehicle,
    isLive: row.is_live,
    url: row.url ?? '',
    secret: row.secret ?? '',
    createdAtMs: row.created_at.getTime(),
  };
}

function deliveryArrays(settlements: readonly Settlement[]): unknown[] {
  return [
    settlements.map(({ delivery }) => delivery.endpointId),
    settlements.map(({ delivery }) => delivery.dueAt),
    settlements.map(({ delivery }) => delivery.id),
    settlements.map(({ delivery }) => delivery.eventId),
    settlements.map(({ outcome }) => outcome),
    settlements.map(nextDueAt),
    settlements.map(({ delivery, attempt }) => delivery.attempt + (attempt === undefined ? 0 : 1)),
    settlements.map(({ delivery }) => new Date(delivery.createdAtMs).toISOString()),
  ];
}

function nextDueAt({ outcome, nextDueAtMs, delivery }: Settlement): string | null {
  if (outcome !== 'retry') return null;
  if (nextDueAtMs === undefined) throw new Error(`delivery ${delivery.id} is to be retried at no time`);
  return new Date(nextDueAtMs).toISOString();
}

function attemptArrays(settlements: readonly Settlement[]): unknown[] {
  const attempts = settlements.map(({ attempt }) => attempt);
  return [
    attempts.map((attempt) => attempt && new Date(attempt.startedAtMs).toISOString()),
    attempts.map((attempt) => attempt && Math.round(attempt.durationMs)),
    attempts.map((attempt) => attempt?.outcome),
    attempts.map((attempt) => attempt?.statusCode),
    // What a target answered may have any bytes; PostgreSQL's text has no NUL.
    attempts.map((attempt) => attempt?.error?.replaceAll('\0', '\uFFFD')),
  ];
}
