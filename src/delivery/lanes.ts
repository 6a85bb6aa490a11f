import type { DueDelivery } from '../store/due-delivery.js';
import { Turns, type Place } from './turns.js';

/** A request that takes longer than this is slow. */
export const SLOW_MS = 1_000;
/** Slow requests cost little but their number: so many times as many of them as of quick ones may be under way. */
const SLOW_FACTOR = 4;

export interface LanePlace extends Place {
  /** Its last request was slow. */
  readonly isSlow: boolean;
}

/** The most requests that are under way at once, quick and slow together. */
export function requestsMax(concurrency: number): number {
  return concurrency * (1 + SLOW_FACTOR);
}

/**
 * Keeps those who answer apart from those who do not. A request begins in the quick lane and moves to the slow one, which
 * has turns of its own, when it has taken a second, so that another can begin in its place; without room there it stays.
 * An endpoint whose last request was slow is sent to from the slow lane alone until it answers quickly again.
 */
export class Lanes {
  private readonly quick: Turns;
  private readonly slow: Turns;
  /** Where each request that is under way counts. */
  private readonly laneOf = new Map<DueDelivery, Turns>();

  constructor({ concurrency, concurrencyPerEndpoint }: { concurrency: number; concurrencyPerEndpoint: number }) {
    this.quick = new Turns(concurrency, concurrencyPerEndpoint);
    this.slow = new Turns(requestsMax(concurrency) - concurrency, concurrencyPerEndpoint);
  }

  /** Requests that may still be started in the quick lane, by some license. */
  get free(): number {
    return this.quick.free;
  }

  /** To be called when what waits at a place, what it admits, or whether it is slow, changed. */
  update(place: LanePlace): void {
    const [own, other] = place.isSlow ? [this.slow, this.quick] : [this.quick, this.slow];
    other.withdraw(place);
    own.update(place);
  }

  /** Takes the next delivery from where it waits; `finish` must follow when its request is over. */
  next(): DueDelivery | undefined {
    for (const lane of [this.quick, this.slow]) {
      const taken = lane.next();
      if (!taken) continue;
      this.laneOf.set(taken.delivery, lane);
      return taken.delivery;
    }
    return undefined;
  }

  /** The delivery's request has become slow. */
  slowDown(place: LanePlace, delivery: DueDelivery): void {
    if (this.laneOf.get(delivery) === this.quick && this.slow.enter(place.license)) {
      this.quick.leave(place.license);
      this.laneOf.set(delivery, this.slow);
    }
    this.update(place);
  }

  finish(place: LanePlace, delivery: DueDelivery): void {
    this.laneOf.get(delivery)!.leave(place.license);
    this.laneOf.delete(delivery);
    place.sending--;
    this.update(place);
  }
}
