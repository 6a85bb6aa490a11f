import type { DueDelivery } from '../store/queue.js';

/** What taking turns needs to know of an endpoint. */
export interface Place {
  readonly license: string;
  /** In the order of the endpoint's queue. */
  readonly waiting: DueDelivery[];
  /** Requests to the endpoint that are being made. */
  sending: number;
}

interface License {
  sending: number;
  /** Endpoints with something waiting and a request to spare, the next one first. */
  readonly ready: Set<Place>;
}

/**
 * Who may send next. Licenses take turns, then a license's endpoints do, and an endpoint's deliveries go in their order.
 *
 * Limits: requests in all, and for each endpoint. Besides, a license that has as many requests under way as one endpoint
 * may have gets further ones only while it has fewer than are free. So one license with any number of hanging endpoints
 * leaves half of all requests to others, two leave a third, and a newcomer never waits for a time-out.
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

  /** To be called when what waits at a place changed. */
  update(place: Place): void {
    const license = this.licenseOf(place);
    if (place.waiting.length > 0 && place.sending < this.concurrencyPerEndpoint) license.ready.add(place);
    else license.ready.delete(place);
    if (license.ready.size > 0) this.rotation.add(license);
    else this.rotation.delete(license);
    if (license.ready.size === 0 && license.sending === 0) this.licenses.delete(place.license);
  }

  /** Takes the next delivery from where it waits; `finish` must follow when its request is over. */
  next(): DueDelivery | undefined {
    const { free } = this;
    if (free <= 0) return undefined;
    const share = Math.max(this.concurrencyPerEndpoint, free);
    for (const license of this.rotation) {
      if (license.sending >= share) continue;
      const [place] = license.ready;
      if (place) return this.take(license, place);
    }
    return undefined;
  }

  finish(place: Place): void {
    const license = this.licenseOf(place);
    license.sending--;
    place.sending--;
    this.sending--;
    this.update(place);
  }

  private take(license: License, place: Place): DueDelivery | undefined {
    const delivery = place.waiting.shift();
    license.sending++;
    place.sending++;
    this.sending++;
    // To the end of both lines, if there is still something to send.
    license.ready.delete(place);
    this.rotation.delete(license);
    this.update(place);
    return delivery;
  }

  private licenseOf({ license: name }: Place): License {
    let license = this.licenses.get(name);
    if (!license) this.licenses.set(name, (license = { sending: 0, ready: new Set() }));
    return license;
  }
}
