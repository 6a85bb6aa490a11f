import type { DueDelivery } from '../store/due-delivery.js';

/** What taking turns needs to know of an endpoint. */
export interface Place {
  readonly license: string;
  /** In the order of the endpoint's queue. */
  readonly waiting: DueDelivery[];
  /** Requests to the endpoint that are being made. */
  sending: number;
  /** Whether the endpoint may be sent one more right now. */
  admits(): boolean;
  /** What waits was read too long ago to be sent as it is. */
  readonly isOutdated: boolean;
  /** Has what waits read again. */
  refresh(): void;
}

interface License {
  sending: number;
  /** Endpoints with something waiting and a request to spare, the next one first. */
  readonly ready: Set<Place>;
}

/**
 * Who may send next. Licenses take turns, then a license's endpoints do, and an endpoint's deliveries go in their order.
 *
 * Limits: requests in all, and what each endpoint admits. Besides, a license that has as many requests under way as one
 * endpoint may have gets further ones only while it has fewer than are free. So one license with any number of hanging
 * endpoints leaves half of all requests to others, two leave a third, and a newcomer never waits for a time-out.
 *
 * A place whose turn comes when it is outdated keeps that turn, and a request is kept for it, until it was read again: so
 * it is not overtaken by those that came later, however rarely there is a turn, and no more is read than can be sent.
 */
export class Turns {
  private readonly licenses = new Map<string, License>();
  /** Licenses with a ready endpoint, the next one first. */
  private readonly rotation = new Set<License>();
  private sending = 0;

  constructor(
    private readonly concurrency: number,
    private readonly concurrencyPerEndpoint: number,
  ) {}

  /** Requests that may still be started, by some license. */
  get free(): number {
    return this.concurrency - this.sending;
  }

  /** To be called when what waits at a place, or what it admits, changed. */
  update(place: Place): void {
    this.line(place, place.waiting.length > 0 && place.admits());
  }

  /** The place is not to be sent to by these turns. */
  withdraw(place: Place): void {
    if (this.licenses.has(place.license)) this.line(place, false);
  }

  /** Takes the next delivery from where it waits, and a request for it; `leave` must follow when that is over. */
  next(): { place: Place; delivery: DueDelivery } | undefined {
    let kept = 0;
    for (const license of this.rotation) {
      const most = kept + this.roomOf(license);
      for (const place of license.ready) {
        if (kept >= Math.min(most, this.free)) break;
        if (!place.isOutdated) return { place, delivery: this.take(license, place) };
        place.refresh();
        kept++;
      }
    }
    return undefined;
  }

  /** Counts a request here that was started elsewhere, if there is room for it. */
  enter(name: string): boolean {
    const license = this.licenseOf(name);
    const isIn = this.hasRoom(license);
    if (isIn) this.count(license, 1);
    this.forgetIfIdle(name, license);
    return isIn;
  }

  /** One request of the license less. */
  leave(name: string): void {
    const license = this.licenseOf(name);
    this.count(license, -1);
    this.forgetIfIdle(name, license);
  }

  private hasRoom(license: License): boolean {
    return this.free > 0 && this.roomOf(license) > 0;
  }

  /** Requests that the license may still have under way, if there are any. */
  private roomOf(license: License): number {
    return Math.max(this.concurrencyPerEndpoint, this.free) - license.sending;
  }

  private take(license: License, place: Place): DueDelivery {
    const delivery = place.waiting.shift()!;
    this.count(license, 1);
    place.sending++;
    // To the end of both lines, if there is still something to send.
    license.ready.delete(place);
    this.rotation.delete(license);
    this.update(place);
    return delivery;
  }

  private line(place: Place, isReady: boolean): void {
    const license = this.licenseOf(place.license);
    if (isReady) license.ready.add(place);
    else license.ready.delete(place);
    if (license.ready.size > 0) this.rotation.add(license);
    else this.rotation.delete(license);
    this.forgetIfIdle(place.license, license);
  }

  private count(license: License, change: number): void {
    license.sending += change;
    this.sending += change;
  }

  private forgetIfIdle(name: string, license: License): void {
    if (license.ready.size === 0 && license.sending === 0) this.licenses.delete(name);
  }

  private licenseOf(name: string): License {
    let license = this.licenses.get(name);
    if (!license) this.licenses.set(name, (license = { sending: 0, ready: new Set() }));
    return license;
  }
}
