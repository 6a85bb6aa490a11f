import { QUEUE_START, type DueDelivery } from '../store/queue.js';
import { Turns, type Place } from './turns.js';

/** An endpoint without due work is given back after so long; less would lease and release in turns. */
const RELEASE_AFTER_MS = 2_000;
/** An endpoint whose next retry is this near is kept for it. */
const KEEP_FOR_RETRY_MS = 10_000;
/** Of an endpoint's queue, so many times its concurrency is read ahead… */
const AHEAD_FACTOR = 4;
/** …as long as all endpoints together have not more than this (one each is always read). */
const AHEAD_TOTAL = 10_000;
/** The most rows and endpoints of one fetch. */
const FETCH_ROWS = 1_000;
const FETCH_ENDPOINTS = 1_000;

/** Where the reading of one endpoint's queue goes on. */
export interface Head {
  endpointId: string;
  afterDueAt: string;
  afterId: string;
  limit: number;
  /** The endpoint's, when it was read off. */
  epoch: number;
}

/** An endpoint that is held, or that still has deliveries under way from when it was. */
interface Endpoint extends Place {
  readonly id: string;
  isHeld: boolean;
  /** Ids of what was fetched and is not settled: waiting, being sent, or with an outcome to be written. */
  readonly underWay: Set<string>;
  afterDueAt: string;
  afterId: string;
  /** Whether the next fetch begins at the queue's start; then it meets again what is under way. */
  isAtStart: boolean;
  /** Another one whenever what an earlier fetch answers must not count any more. */
  epoch: number;
  pausedUntilMs: number;
  /** When its queue was first found empty from the start on; undefined since it was not. */
  emptySinceMs: number | undefined;
  keepUntilMs: number;
}

/**
 * What this process holds: the endpoints, how far each one's queue has been read, what waits, and what is under way. A
 * delivery is under way from its fetch until it is settled, also when its endpoint was lost and leased again meanwhile,
 * so that this process never sends it twice at once, however often it meets the row.
 */
export class Roster {
  private readonly endpoints = new Map<string, Endpoint>();
  /** Held, and there may be more in their queues than was read. */
  private readonly wanting = new Set<Endpoint>();
  /** While a fetch is on its way: what was settled since, and which it may still answer as due. */
  private settledSince: DueDelivery[] | undefined;
  private readonly turns: Turns;
  private readonly aheadMax: number;
  private heldCount = 0;
  /** Never used twice, not even by an endpoint that was forgotten and is held again. */
  private lastEpoch = 0;

  constructor(private readonly options: { concurrency: number; concurrencyPerEndpoint: number; clock: () => number }) {
    this.turns = new Turns(options.concurrency, options.concurrencyPerEndpoint);
    this.aheadMax = AHEAD_FACTOR * options.concurrencyPerEndpoint;
  }

  get held(): number {
    return this.heldCount;
  }

  /** Requests that may still be started. */
  get free(): number {
    return this.turns.free;
  }

  /** Whether nothing is being sent and every outcome is written. */
  get isQuiet(): boolean {
    for (const { underWay, waiting } of this.endpoints.values()) if (underWay.size > waiting.length) return false;
    return true;
  }

  isHeld(endpointId: string): boolean {
    return this.endpoints.get(endpointId)?.isHeld ?? false;
  }

  /** Endpoints that were lost while something was under way. */
  orphans(): string[] {
    return [...this.endpoints.values()].filter(({ isHeld }) => !isHeld).map(({ id }) => id);
  }

  hold(leases: readonly { endpointId: string; license: string }[]): void {
    for (const { endpointId, license } of leases) {
      const endpoint = this.endpoints.get(endpointId) ?? newEndpoint(endpointId, license);
      this.endpoints.set(endpointId, endpoint);
      if (!endpoint.isHeld) this.heldCount++;
      endpoint.isHeld = true;
      endpoint.epoch = ++this.lastEpoch;
      endpoint.emptySinceMs = undefined;
      this.backToStart(endpoint);
    }
  }

  /** Forgets that these are held, and what waits of them; what is under way is remembered until it is settled. */
  drop(endpointIds: Iterable<string>): void {
    for (const id of endpointIds) {
      const endpoint = this.endpoints.get(id);
      if (!endpoint?.isHeld) continue;
      endpoint.isHeld = false;
      this.heldCount--;
      this.wanting.delete(endpoint);
      this.clearWaiting(endpoint);
      this.forgetIfDone(endpoint);
    }
  }

  dropAll(): void {
    this.drop([...this.endpoints.keys()]);
  }

  /** Nothing new is to be sent: what waits stays queued, and nothing more is wanted. */
  dropWaiting(): void {
    for (const endpoint of this.endpoints.values()) this.clearWaiting(endpoint);
    this.wanting.clear();
  }

  /** What a bell named: held ones will be fetched, the rest is returned, to be leased. */
  ring(endpointIds: Iterable<string>): string[] {
    const others: string[] = [];
    for (const id of endpointIds) {
      const endpoint = this.endpoints.get(id);
      if (endpoint?.isHeld) this.wanting.add(endpoint);
      else others.push(id);
    }
    return others;
  }

  /** Rows that were committed late are behind the place reached: everything held is read from its start again. */
  restart(): void {
    for (const endpoint of this.endpoints.values()) if (endpoint.isHeld) this.backToStart(endpoint);
  }

  /** No requests to the endpoint until then; what waits goes back to being merely queued. */
  pause(endpointId: string, untilMs: number): void {
    const endpoint = this.endpoints.get(endpointId);
    if (!endpoint) return;
    endpoint.pausedUntilMs = untilMs;
    endpoint.epoch = ++this.lastEpoch;
    this.clearWaiting(endpoint);
    this.backToStart(endpoint);
  }

  /** A retry of the endpoint is due then. */
  expectRetry(endpointId: string, dueMs: number): void {
    const endpoint = this.endpoints.get(endpointId);
    if (endpoint && dueMs - this.options.clock() <= KEEP_FOR_RETRY_MS) {
      endpoint.keepUntilMs = Math.max(endpoint.keepUntilMs, dueMs + RELEASE_AFTER_MS);
    }
  }

  /** What to fetch next; empty when all that may wait is waiting. `receive` or `miss` must follow. */
  heads(): Head[] {
    const now = this.options.clock();
    const ahead = Math.max(1, Math.min(this.aheadMax, Math.floor(AHEAD_TOTAL / Math.max(1, this.heldCount))));
    const ready: Endpoint[] = [];
    for (const endpoint of this.wanting) {
      if (endpoint.waiting.length >= ahead / 2 || endpoint.pausedUntilMs > now) continue;
      ready.push(endpoint);
      if (ready.length === FETCH_ENDPOINTS) break;
    }
    if (ready.length > 0) this.settledSince = [];
    const share = Math.max(1, Math.floor(FETCH_ROWS / Math.max(1, ready.length)));
    return ready.map((endpoint) => {
      this.wanting.delete(endpoint);
      const { id, afterDueAt, afterId, isAtStart, underWay, waiting, epoch } = endpoint;
      const fresh = Math.min(share, ahead - waiting.length);
      return { endpointId: id, afterDueAt, afterId, limit: fresh + (isAtStart ? underWay.size : 0), epoch };
    });
  }

  /** The answer to `heads`: what is not under way yet waits from now on. */
  receive(heads: readonly Head[], rows: readonly DueDelivery[]): void {
    const rowsOf = new Map<string, DueDelivery[]>(heads.map(({ endpointId }) => [endpointId, []]));
    for (const row of rows) rowsOf.get(row.endpointId)?.push(row);
    for (const head of heads) {
      const endpoint = this.endpoints.get(head.endpointId);
      if (endpoint?.isHeld && endpoint.epoch === head.epoch) this.advance(endpoint, head, rowsOf.get(endpoint.id)!);
    }
    this.forgetSettled();
  }

  /** The fetch failed: all of it is still wanted. */
  miss(heads: readonly Head[]): void {
    this.ring(heads.map(({ endpointId }) => endpointId));
    this.forgetSettled();
  }

  /** The next delivery to send, in fair order; it counts as being sent until `sent`. */
  next(): DueDelivery | undefined {
    return this.turns.next();
  }

  /** The request is over; its outcome is not written yet. */
  sent(delivery: DueDelivery): void {
    this.turns.finish(this.endpoints.get(delivery.endpointId)!);
  }

  /** The delivery's outcome is written, or is not to be. */
  settled(delivery: DueDelivery): void {
    if (this.settledSince) {
      this.settledSince.push(delivery);
      return;
    }
    const endpoint = this.endpoints.get(delivery.endpointId);
    endpoint?.underWay.delete(delivery.id);
    if (endpoint) this.forgetIfDone(endpoint);
  }

  /** Endpoints to give back: held, nothing under way, and nothing due for a while. */
  idle(): string[] {
    const now = this.options.clock();
    const idle = [...this.endpoints.values()].filter((one) => isIdle(one, now) && !this.wanting.has(one));
    return idle.map(({ id }) => id);
  }

  private advance(endpoint: Endpoint, head: Head, rows: readonly DueDelivery[]): void {
    const last = rows.at(-1);
    if (last) {
      [endpoint.afterDueAt, endpoint.afterId] = [last.dueAt, last.id];
      endpoint.emptySinceMs = undefined;
    } else if (endpoint.isAtStart) {
      endpoint.emptySinceMs ??= this.options.clock();
    }
    endpoint.isAtStart = false;
    if (rows.length >= head.limit) this.wanting.add(endpoint);
    for (const row of rows) {
      if (endpoint.underWay.has(row.id)) continue;
      endpoint.underWay.add(row.id);
      endpoint.waiting.push(row);
    }
    this.turns.update(endpoint);
  }

  private backToStart(endpoint: Endpoint): void {
    endpoint.afterDueAt = QUEUE_START.afterDueAt;
    endpoint.afterId = QUEUE_START.afterId;
    endpoint.isAtStart = true;
    this.wanting.add(endpoint);
  }

  private clearWaiting(endpoint: Endpoint): void {
    for (const { id } of endpoint.waiting) endpoint.underWay.delete(id);
    endpoint.waiting.length = 0;
    this.turns.update(endpoint);
  }

  private forgetSettled(): void {
    const settled = this.settledSince ?? [];
    this.settledSince = undefined;
    for (const delivery of settled) this.settled(delivery);
  }

  private forgetIfDone(endpoint: Endpoint): void {
    if (!endpoint.isHeld && endpoint.underWay.size === 0) this.endpoints.delete(endpoint.id);
  }
}

function isIdle(endpoint: Endpoint, nowMs: number): boolean {
  const { isHeld, underWay, emptySinceMs, keepUntilMs, pausedUntilMs } = endpoint;
  if (!isHeld || underWay.size > 0 || emptySinceMs === undefined) return false;
  return nowMs >= Math.max(emptySinceMs + RELEASE_AFTER_MS, keepUntilMs, pausedUntilMs);
}

function newEndpoint(id: string, license: string): Endpoint {
  return {
    id,
    license,
    waiting: [],
    sending: 0,
    isHeld: false,
    underWay: new Set(),
    ...QUEUE_START,
    isAtStart: true,
    epoch: 0,
    pausedUntilMs: 0,
    emptySinceMs: undefined,
    keepUntilMs: 0,
  };
}
