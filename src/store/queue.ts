import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import type { Database } from './database.js';
import { type DueDelivery, type DueRow, ReadTargets, toDueDeliveries } from './due-delivery.js';
import { expirePending } from './given-up.js';
import { type AilingEndpoint, type Settlement, settlementArrays } from './settlement.js';
import { FETCH_DUE } from './sql/fetch-due.js';
import { LEASE_ENDPOINTS } from './sql/lease-endpoints.js';
import { QUEUE_DEPTH } from './sql/queue-depth.js';
import { SETTLE_DELIVERIES } from './sql/settle-deliveries.js';

/** An endpoint that a sender holds from now on. */
export interface EndpointLease {
  endpointId: string;
  license: string;
  /** Attempts that failed since the last that arrived. */
  failures: number;
  /** Somebody else may have sent something within the last seconds. */
  wasBusy: boolean;
}

/** What settling leads to. */
export interface Settled {
  lost: number;
  rung: string[];
  ailing: AilingEndpoint[];
}

/** What waits, as `depth` counts it. Ages are 0 when there is no such delivery. */
export interface QueueDepth {
  /** Exact up to `COUNTED_MAX`; above that what the planner takes it for. */
  pending: number;
  /** For how long the first delivery has been due where nothing keeps it from being sent. */
  dueAgeMs: number;
  /** The same at endpoints that are to be left alone for now. */
  throttledAgeMs: number;
  /** How long ago the oldest delivery was queued that waits for another attempt, of at most `COUNTED_MAX` that are looked at. */
  retryingAgeMs: number;
  /** Endpoints that failed at least `openFrom` times in a row. */
  openBreakers: number;
}

interface LeaseRow {
  endpoint_id: string;
  license: string;
  failures: number;
  was_busy: boolean;
}

/** Before the first delivery of any endpoint: where fetching begins. */
export const QUEUE_START = { afterDueAt: '-infinity', afterId: '00000000-0000-0000-0000-000000000000' };

/** A token without a heartbeat for this long is over. */
export const TOKEN_LIFE_SECONDS = 15;
/** Of a queue that is longer, its length is estimated. */
export const COUNTED_MAX = 100_000;
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
  /** How long a token lives without a heartbeat, and so how long a dead sender's endpoints wait. */
  readonly lifeSeconds: number;
  private readonly isGated: boolean;
  private readonly targets = new ReadTargets();
  private readonly grantsDecide: boolean;

  /**
   * `isGated`: whether a license without a limit of its own on webhooks is. `grantsDecide`: a firing comes with what its
   * license is granted on its vehicle.
   */
  constructor(
    private readonly database: Database,
    {
      lifeSeconds = TOKEN_LIFE_SECONDS,
      isGated = false,
      grantsDecide = false,
    }: { lifeSeconds?: number; isGated?: boolean; grantsDecide?: boolean } = {},
  ) {
    this.lifeSeconds = lifeSeconds;
    this.isGated = isGated;
    this.grantsDecide = grantsDecide;
  }

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
  async lease(token: string, max: number, among?: readonly string[]): Promise<EndpointLease[]> {
    const { rows } = await this.database.pool.query<LeaseRow>({
      ...LEASE_ENDPOINTS,
      values: [token, max, among ?? null],
    });
    return rows.map((row) => ({
      endpointId: row.endpoint_id,
      license: row.license,
      failures: row.failures,
      wasBusy: row.was_busy,
    }));
  }

  /**
   * What is due at some endpoints, forward from a place in each one's queue (`QUEUE_START`, or a delivery's `dueAt` and
   * `id`). A row may be committed after later ones were fetched: go back to the start once a second, and skip by id
   * what is under way. Of what is `known` by its id nothing is read but that it is queued.
   */
  async fetch(
    heads: readonly {
      endpointId: string;
      afterDueAt: string;
      afterId: string;
      limit: number;
      known?: readonly string[];
    }[],
  ): Promise<DueDelivery[]> {
    if (heads.length === 0) return [];
    const endpointIds = heads.map((head) => head.endpointId);
    const { rows } = await this.database.pool.query<DueRow>({
      ...FETCH_DUE,
      values: [
        endpointIds,
        heads.map((head) => head.afterDueAt),
        heads.map((head) => head.afterId),
        heads.map((head) => head.limit),
        this.isGated,
        heads.flatMap(({ known = [] }) => known),
        this.grantsDecide,
      ],
    });
    return toDueDeliveries(rows, { endpointIds, targets: this.targets, ticksMs: performance.now() });
  }

  /**
   * Writes what became of deliveries, a few hundred at once, given in the order in which it happened. `lost` endpoints are
   * no longer held under the token; of these only what arrived was written, and the rest will be sent by others. `rung`
   * endpoints have something new, since they listen to failures; `ailing` are those of the batch that are failing now.
   */
  async settle(token: string, settlements: readonly Settlement[]): Promise<Settled> {
    if (settlements.length === 0) return { lost: 0, rung: [], ailing: [] };
    const { rows } = await this.database.pool.query<{ answer: Settled }>({
      ...SETTLE_DELIVERIES,
      values: [token, ...settlementArrays(settlements)],
    });
    return rows[0]!.answer;
  }

  /**
   * Gives up what was queued for an endpoint more than `ageMs` ago: it is on record as failed, 'expired'. For endpoints
   * that nothing can be sent to. Resolves to how many these were.
   */
  expire(endpointId: string, ageMs: number): Promise<number> {
    return expirePending(this.database, endpointId, ageMs);
  }

  /**
   * Gives endpoints back; after the last settling for them has answered, or `isBusy`: requests to them may be under way,
   * which who holds them next is told.
   */
  async release(token: string, endpointIds: readonly string[], { isBusy = false } = {}): Promise<void> {
    await this.database.pool.query({
      name: 'release_endpoints',
      text: `update endpoint_leases
             set holder = null, last_attempt_at = case when $3::boolean then now() else last_attempt_at end
             where holder = $1 and endpoint_id = any ($2::uuid[])`,
      values: [token, endpointIds, isBusy],
    });
  }

  /**
   * What waits, and for how long; for every few seconds. Reads one row for each endpoint and at most `countedMax` of the
   * queue, so that a full one is not slowed by being looked at.
   */
  async depth(openFrom: number, countedMax = COUNTED_MAX): Promise<QueueDepth> {
    const { rows } = await this.database.pool.query<DepthRow>({ ...QUEUE_DEPTH, values: [openFrom, countedMax] });
    const { pending, due_age, throttled_age, retrying_age, open_breakers } = rows[0]!;
    return {
      pending: Number(pending) <= countedMax ? Number(pending) : Math.max(Number(pending), await this.estimate()),
      dueAgeMs: Math.max(0, due_age ?? 0),
      throttledAgeMs: Math.max(0, throttled_age ?? 0),
      retryingAgeMs: Math.max(0, retrying_age ?? 0),
      openBreakers: Number(open_breakers),
    };
  }

  /** From the table's size now and the density of its pages when they were analysed last. */
  private async estimate(): Promise<number> {
    const { rows } = await this.database.pool.query<{ 'QUERY PLAN': [{ Plan: { 'Plan Rows': number } }] }>(
      'explain (format json) select from outbox',
    );
    return rows[0]!['QUERY PLAN'][0].Plan['Plan Rows'];
  }

  private async endTokens(tokens: readonly string[]): Promise<void> {
    await this.database.pool.query('select end_senders_v2($1)', [tokens]);
  }
}

interface DepthRow {
  pending: string;
  due_age: number | null;
  throttled_age: number | null;
  retrying_age: number | null;
  open_breakers: string;
}
