import type { Catalog } from '../core/catalog.js';
import type { DeliveryTarget } from '../core/endpoint.js';
import { FIRING } from '../core/event-types.js';
import { firingGist, type FiringGist } from '../core/firing-gist.js';
import type { Log } from '../observability/log.js';
import type { DueDelivery } from '../store/due-delivery.js';
import type { PermissionAnswer, PermissionCheck } from './permission-check.js';

/** A service and metric that the catalog has lost may come back with its file. */
const UNKNOWN_METRIC_WAIT_MS = 60_000;

/** Why a delivery is held whose license is gated. */
const GATED = 'gated';

export interface AdmissionOptions {
  permissions: Pick<PermissionCheck, 'ask'>;
  catalog: Pick<Catalog, 'resolve'>;
  /** Ends what the license reads of the vehicle without a permission, and tells it. Asked twice at once it works once. */
  revoke: (license: string, vehicle: string) => Promise<void>;
  log: Log;
}

/** Whether a delivery is sent now: with what (`event`: what was read of a firing for it), or what becomes of it instead. */
export type Admitted =
  | { kind: 'send'; payload: string; target: DeliveryTarget; event?: FiringGist | undefined }
  | { kind: 'cancelled' | 'held'; error?: string }
  /** Nobody knows whether it may be sent. */
  | { kind: 'postponed'; waitMs: number };

type Answer = PermissionAnswer | { kind: 'unknown'; waitMs?: undefined };

interface Firing {
  payload: string;
  target: DeliveryTarget;
  vehicle: string;
  event: FiringGist | undefined;
}

/**
 * Decides before the request. Nothing is sent for a webhook or to an endpoint that was deleted, of an event that is older
 * than its retention, to a license that is gated, to an endpoint that is not active, or about a vehicle that the license
 * may not read any more. That permission is asked for whether or not anything else holds the firing back.
 */
export class Admission {
  constructor(private readonly options: AdmissionOptions) {}

  /** At once where nobody has to be asked, as with most firings. Never rejects. */
  judge(delivery: DueDelivery): Admitted | Promise<Admitted> {
    const { payload, target, eventType, isTriggerLive } = delivery;
    const isFiring = eventType === FIRING;
    if (payload === null || target === undefined || (isFiring && !isTriggerLive)) return { kind: 'cancelled' };
    if (!isFiring || delivery.vehicle === null) return heldBack(delivery, target) ?? { kind: 'send', payload, target };
    // Asked first: what is held is in the log all the same, where its license reads it.
    const firing = { payload, target, vehicle: delivery.vehicle, event: firingGist(payload) };
    const answer = this.ask(delivery, firing.vehicle, firing.event);
    if (answer instanceof Promise) return answer.then((given) => this.admit(delivery, firing, given));
    return this.admit(delivery, firing, answer);
  }

  private admit(delivery: DueDelivery, firing: Firing, answer: Answer): Admitted {
    if (answer.kind === 'denied') {
      this.revoke(delivery.license, firing.vehicle);
      return { kind: 'cancelled' };
    }
    const { payload, target, event } = firing;
    const held = heldBack(delivery, target);
    if (held) return held;
    if (answer.kind === 'granted') return { kind: 'send', payload, target, event };
    return { kind: 'postponed', waitMs: answer.waitMs ?? this.unknownMetricMs(delivery) };
  }

  /**
   * Without a time to wait when it is not known what to ask for. A grant that came with the delivery is as good as an
   * answer; one that is not there may have been made since.
   */
  private ask(
    { license, granted }: DueDelivery,
    vehicle: string,
    event: FiringGist | undefined,
  ): Promise<PermissionAnswer> | Answer {
    const permissions = this.permissionsFor(event);
    if (!permissions) return { kind: 'unknown' };
    if (granted && permissions.every((one) => granted.includes(one))) return { kind: 'granted' };
    return this.options.permissions.ask(license, vehicle, permissions);
  }

  /** What reading the metric of a firing takes; undefined for one that does not exist. */
  private permissionsFor(event: FiringGist | undefined): readonly string[] | undefined {
    const resolved = event && this.options.catalog.resolve(event.service, event.metricName);
    return resolved?.kind === 'ok' ? resolved.metric.permissions : undefined;
  }

  private unknownMetricMs({ id, eventId: event, license, triggerId: trigger }: DueDelivery): number {
    this.options.log.warn(
      { delivery: id, event, license, trigger },
      'a firing waits, because its metric is not in the catalog, so that nobody can say who may read it',
    );
    return UNKNOWN_METRIC_WAIT_MS;
  }

  private revoke(license: string, vehicle: string): void {
    this.options.revoke(license, vehicle).catch((error: unknown) => {
      const fields = { err: error, license, vehicle };
      this.options.log.warn(
        fields,
        'subscriptions without a permission could not be ended; the next firing tries again',
      );
    });
  }
}

function heldBack({ isGated }: DueDelivery, { status }: DeliveryTarget): Admitted | undefined {
  if (isGated) return { kind: 'held', error: GATED };
  return status === 'active' ? undefined : { kind: 'held' };
}
