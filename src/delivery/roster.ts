import type { DueDelivery } from '../store/due-delivery.js';
import type { EndpointLease } from '../store/queue.js';
import { HeldEndpoint, type Head } from './held-endpoint.js';
import { Lanes } from './lanes.js';
import { LeftAlone } from './left-alone.js';
import { nextHeads } from './next-heads.js';
import { Pace, type Impression } from './pace.js';
import type { RosterOptions } from './roster-options.js';

/**
 * What this process holds: the endpoints, how far each one's queue has been read, what waits, and what is under way. A
 * delivery is under way from its fetch until it is settled, also when its endpoint was lost and leased again meanwhile,
 * so that this process never sends it twice at once, however often it meets the row.
 */
export class Roster {
  private readonly endpoints = new Map<string, HeldEndpoint>();
  /** Held, and there may be more in their queues than was read. */
  private readonly wanting = new Set<HeldEndpoint>();
  /** While a fetch is on its way: what was settled since, and which it may still answer as due. */
  private settledSince: DueDelivery[] | undefined;
  /** Deliveries whose request has begun, until it is over. Not weak: that would cost each collection of garbage. */
  private readonly begun = new Set<DueDelivery>();
  private readonly locked = new LeftAlone();
  private readonly pausedLicenses = new LeftAlone();
  private readonly lanes: Lanes;
  private heldCount = 0;
  /** Never used twice, not even by an endpoint that was forgotten and is held again. */
  private lastEpoch = 0;

  constructor(private readonly options: RosterOptions) {
    this.lanes = new Lanes(options);
  }

  get held(): number {
    return this.heldCount;
  }

  /** Requests that may still be started. */
  get free(): number {
    return this.lanes.free;
  }

  /** Whether nothing is being sent and every outcome is written. */
  get isQuiet(): boolean {
    return [...this.endpoints.values()].every(({ underWay, waiting }) => underWay.size === waiting.length);
  }

  isHeld(endpointId: string): boolean {
    return this.endpoints.get(endpointId)?.isHeld ?? false;
  }

  /** Whether it is held, and not to be left alone. */
  maySend(endpointId: string): boolean {
    const endpoint = this.endpoints.get(endpointId);
    return endpoint !== undefined && endpoint.isHeld && endpoint.pausedUntilMs <= this.options.ticks();
  }

  /** Endpoints that were lost while something was under way. */
  orphans(): string[] {
    return this.idsOf(({ isHeld }) => !isHeld);
  }

  hold(leases: readonly EndpointLease[]): void {
    for (const lease of leases) {
      const endpoint = this.endpoints.get(lease.endpointId) ?? this.newEndpoint(lease);
      this.endpoints.set(endpoint.id, endpoint);
      if (!endpoint.isHeld) this.heldCount++;
      endpoint.isHeld = true;
      endpoint.pace.lease(lease, this.options.ticks());
      endpoint.pace.block(this.locked.until(endpoint.id));
      endpoint.isForOthers = this.locked.until(endpoint.id) > this.options.ticks();
      endpoint.epoch = ++this.lastEpoch;
      endpoint.emptySinceMs = undefined;
      this.want(endpoint, 'start');
    }
  }

  /** Forgets that these, or all, are held, and what waits of them; what is under way is remembered until it is settled. */
  drop(endpointIds: Iterable<string> = [...this.endpoints.keys()]): void {
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

  /** Nothing new is to be sent: what waits stays queued, and nothing more is wanted. */
  dropWaiting(): void {
    for (const endpoint of this.endpoints.values()) this.clearWaiting(endpoint);
    this.wanting.clear();
  }

  /** What a bell named: held ones will be fetched, late rows included; the rest is returned, to be leased. */
  ring(endpointIds: Iterable<string>): string[] {
    const others: string[] = [];
    for (const id of endpointIds) {
      const endpoint = this.endpoints.get(id);
      if (endpoint?.isHeld) this.want(endpoint, 'mark');
      else if (this.locked.until(id) <= this.options.ticks()) others.push(id);
    }
    return others;
  }

  /** Everything held is read from its start again. */
  restart(): void {
    for (const { place } of this.endpoints.values()) place.mark(this.options.ticks());
    for (const endpoint of this.endpoints.values()) if (endpoint.isHeld) this.want(endpoint, 'start');
  }

  /** This process cannot send to the endpoint for so long; what waits goes back to being merely queued. */
  block(endpointId: string, forMs: number): void {
    this.endpoints.get(endpointId)?.pace.block(this.options.ticks() + forMs);
    this.reread(endpointId);
  }

  /** As `block`, but others may be able to: it is given back, as often as it is leased again until then. */
  lock(endpointId: string, forMs: number): void {
    const nowMs = this.options.ticks();
    this.locked.leave(endpointId, nowMs + forMs, nowMs);
    const endpoint = this.endpoints.get(endpointId);
    if (endpoint) endpoint.isForOthers = true;
    this.block(endpointId, forMs);
  }

  /** No endpoint of the license is to be sent to for so long; nothing of this is a fault of theirs. */
  pauseLicense(license: string, forMs: number): void {
    const nowMs = this.options.ticks();
    if (this.pausedLicenses.until(license) > nowMs) return;
    this.pausedLicenses.leave(license, nowMs + forMs, nowMs);
    for (const endpoint of this.endpoints.values()) if (endpoint.license === license) this.reread(endpoint.id);
  }

  /** Endpoints to give back so that others can lease them: this process cannot send to them, and nothing is under way. */
  forOthers(): string[] {
    return this.idsOf(({ isHeld, isForOthers, underWay }) => isHeld && isForOthers && underWay.size === 0);
  }

  /** The endpoint is given up, or that was not or could not be written down: what is queued for it is to be read as it is now. */
  unblock(endpointId: string, isGivenUp: boolean): void {
    this.endpoints.get(endpointId)?.pace.unblock(isGivenUp);
    this.reread(endpointId);
  }

  /** What waits may be outdated: it goes back to being merely queued, and is read again when the endpoint may be sent to. */
  reread(endpointId: string): void {
    const endpoint = this.endpoints.get(endpointId);
    if (!endpoint) return;
    endpoint.epoch = ++this.lastEpoch;
    this.clearWaiting(endpoint);
    if (endpoint.isHeld) this.want(endpoint, 'start');
  }

  /** Whether the endpoint's breaker is open, so that an attempt that begins now is its probe. */
  isOpen(endpointId: string): boolean {
    return this.endpoints.get(endpointId)?.pace.isOpen ?? false;
  }

  /** What an attempt told of its endpoint. For how long that is to be left alone because of it, if it is. */
  learn(delivery: DueDelivery, impression: Impression, random: number): number | undefined {
    const endpoint = this.endpoints.get(delivery.endpointId)!;
    const nowMs = this.options.ticks();
    const untilMs = endpoint.pace.learn(impression, { nowMs, random });
    if (untilMs !== undefined) this.reread(endpoint.id);
    else this.update(endpoint);
    return untilMs === undefined ? undefined : untilMs - nowMs;
  }

  /** A retry of the endpoint is due after so long. */
  expectRetry(endpointId: string, waitMs: number): void {
    this.endpoints.get(endpointId)?.expectRetry(waitMs);
  }

  /** What to fetch next; empty when all that may wait is waiting. `receive` or `miss` must follow. */
  heads(): Head[] {
    const heads = nextHeads(this.wanting, this.heldCount, this.options.ticks());
    if (heads.length > 0) this.settledSince = [];
    return heads;
  }

  /** The answer to `heads`: what is not under way yet waits from now on. */
  receive(heads: readonly Head[], rows: readonly DueDelivery[]): void {
    const rowsOf = new Map<string, DueDelivery[]>(heads.map(({ endpointId }) => [endpointId, []]));
    for (const row of rows) rowsOf.get(row.endpointId)?.push(row);
    for (const head of heads) {
      const endpoint = this.endpoints.get(head.endpointId);
      if (!endpoint?.isHeld || endpoint.epoch !== head.epoch) continue;
      const read = rowsOf.get(endpoint.id)!;
      endpoint.read(read, head.isRefresh);
      if (read.length >= head.limit) this.wanting.add(endpoint);
      this.update(endpoint);
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
    const delivery = this.lanes.next();
    if (!delivery) return undefined;
    const endpoint = this.endpoints.get(delivery.endpointId)!;
    endpoint.pace.rate.take();
    this.updateRate(endpoint);
    return delivery;
  }

  /** The delivery's request begins right now. */
  begin(delivery: DueDelivery): void {
    const endpoint = this.endpoints.get(delivery.endpointId)!;
    this.begun.add(delivery);
    endpoint.pace.rate.begin(delivery.target?.maxPerSecond ?? null, this.options.ticks());
    this.updateRate(endpoint);
  }

  /** The delivery is being sent for a while already. */
  slowDown(delivery: DueDelivery): void {
    const endpoint = this.endpoints.get(delivery.endpointId)!;
    if (this.begun.has(delivery)) endpoint.pace.isSlow = true;
    this.lanes.slowDown(endpoint, delivery);
  }

  /** Its request is over, or there will be none; its outcome is not written yet. */
  sent(delivery: DueDelivery): void {
    const endpoint = this.endpoints.get(delivery.endpointId)!;
    if (!this.begun.delete(delivery)) endpoint.pace.rate.abandon();
    this.lanes.finish(endpoint, delivery);
    this.updateRate(endpoint);
  }

  /** The delivery's outcome is written, or is not to be. */
  settled(delivery: DueDelivery): void {
    if (this.settledSince) return void this.settledSince.push(delivery);
    const endpoint = this.endpoints.get(delivery.endpointId);
    endpoint?.underWay.delete(delivery.id);
    if (endpoint) this.forgetIfDone(endpoint);
  }

  /** Endpoints to give back: held, nothing under way, and nothing due for a while. */
  idle(): string[] {
    return this.idsOf((one) => one.isIdle(this.options.ticks(), this.heldCount, this.wanting.has(one)));
  }

  private idsOf(which: (endpoint: HeldEndpoint) => boolean): string[] {
    return [...this.endpoints.values()].filter(which).map(({ id }) => id);
  }

  private want(endpoint: HeldEndpoint, from: 'start' | 'mark'): void {
    endpoint.place.goBack(from);
    this.wanting.add(endpoint);
  }

  private clearWaiting(endpoint: HeldEndpoint): void {
    endpoint.clear();
    this.update(endpoint);
  }

  private forgetSettled(): void {
    const settled = this.settledSince ?? [];
    this.settledSince = undefined;
    for (const delivery of settled) this.settled(delivery);
  }

  private forgetIfDone(endpoint: HeldEndpoint): void {
    if (!endpoint.isHeld && endpoint.underWay.size === 0) this.endpoints.delete(endpoint.id);
  }

  /** To be called when anything changed that decides whether the endpoint may be sent to. */
  private update(endpoint: HeldEndpoint): void {
    this.lanes.update(endpoint);
    endpoint.awaitRate(() => {
      this.update(endpoint);
      this.options.onReady();
    });
  }

  /** The same when nothing changed but what was sent lately: most endpoints may be sent any number. */
  private updateRate(endpoint: HeldEndpoint): void {
    if (endpoint.perSecond !== null) this.update(endpoint);
  }

  private newEndpoint({ endpointId, license }: EndpointLease): HeldEndpoint {
    const { concurrencyPerEndpoint, ticks } = this.options;
    return new HeldEndpoint(endpointId, license, new Pace(concurrencyPerEndpoint), {
      ticks,
      licensePausedUntilMs: () => this.pausedLicenses.until(license),
      onOutdated: (endpoint) => {
        this.wanting.add(endpoint);
        this.options.onOutdated();
      },
    });
  }
}
