import { z } from 'zod';
import { outcomeOf } from '../core/attempt-outcome.js';
import { attemptRecord, type AttemptRecord } from '../core/attempt-record.js';
import type { DeliveryTarget, Profile } from '../core/endpoint.js';
import { deliveryId } from '../core/event-id.js';
import type { FIRING } from '../core/event-types.js';
import { databaseNowMs } from '../store/database-time.js';
import type { Actor } from '../store/actor.js';
import type { EndpointUse } from '../store/endpoints.js';
import { newLogId } from '../store/log-id.js';
import { newAsymmetricKey } from '../target/asymmetric.js';
import { deliveryRequest } from '../target/delivery-request.js';
import type { DeliveryMessage, DeliveryRequest } from '../target/delivery-request.js';
import { newSigningSecret, SecretKeyUnknown, SecretUnreadable } from '../target/secret-box.js';
import type { ApiParts } from './api-parts.js';
import { secretField } from './delivery-options.js';
import type { Probes } from './probes.js';
import { Problem, secretUnreadable } from './problem.js';
import { requireProof, verificationTokenField } from './target.js';

const HOUR_MS = 3_600_000;
const OVERLAP_HOURS_DEFAULT = 24;
const OVERLAP_HOURS_MAX = 168;
/** How long the old secret goes on signing when another one is set along with other options. */
export const PREVIOUS_SECRET_MS = OVERLAP_HOURS_DEFAULT * HOUR_MS;

export const verification = z.strictObject({ verificationToken: verificationTokenField }).meta({ id: 'Verification' });
export type Verification = z.output<typeof verification>;

export const rotation = z
  .strictObject({
    overlapHours: z
      .int()
      .min(0)
      .max(OVERLAP_HOURS_MAX)
      .default(OVERLAP_HOURS_DEFAULT)
      .meta({ description: 'How long Standard Webhooks headers carry a signature of the old secret as well.' }),
    secret: secretField.optional(),
  })
  .meta({ id: 'Rotation' });
export type Rotation = z.output<typeof rotation>;

export const verifiedAnswer = z
  .object({ message: z.string(), verifiedAt: z.iso.datetime({ precision: 3 }) })
  .meta({ id: 'Verified' });

export const rotatedAnswer = z
  .object({
    secret: z.string().meta({ description: 'Signs from now on. Shown this once: keep it.' }),
    previousValidUntil: z.iso
      .datetime({ precision: 3 })
      .nullable()
      .meta({ description: 'Until when signatures of the old one are there as well; null when they ended at once.' }),
  })
  .meta({ id: 'Rotated' });
export type Rotated = z.output<typeof rotatedAnswer>;

export const testedAnswer = z
  .object({
    deliveryId: z.uuid(),
    status: z.enum(['delivered', 'failed']),
    statusCode: z.int().nullable().meta({ description: 'What the target answered; null when it did not.' }),
    durationMs: z.int(),
    error: z.string().optional(),
  })
  .meta({ id: 'Tested' });
export type Tested = z.output<typeof testedAnswer>;

type Parts = Pick<ApiParts, 'endpoints' | 'testDeliveries' | 'client' | 'secrets' | 'log' | 'now'>;

/** What is sent for a test: the log event's type that its header names, and the CloudEvent. */
export interface TestEvent {
  eventType: typeof FIRING | 'webhook.tested';
  vehicle: string | null;
  envelope: string;
}

type SentTest = EndpointUse & TestEvent & { deliveryId: string; eventId: string; profile: Profile };

/** What can be done with an endpoint whoever it belongs to. Every problem is thrown. */
export class EndpointActions {
  constructor(
    private readonly parts: Parts,
    private readonly probes: Probes,
  ) {}

  /** Asks the target at `url`, which is the endpoint's, to prove itself again; what had failed begins anew. */
  async verify(actor: Actor, use: EndpointUse, { url, token }: { url: string; token: string }): Promise<Date> {
    await requireProof(this.probes, { license: actor.license, url, token }, null);
    const verifiedAt = new Date(this.nowMs());
    if (await this.parts.endpoints.verified(actor, use, { url, verifiedAt })) return verifiedAt;
    throw changedMeanwhile();
  }

  /** Exchanges the signing secret, and the key of asymmetric signatures where there is one. */
  async rotate(
    actor: Actor,
    use: EndpointUse,
    { overlapHours, secret: own, isAsymmetric }: Rotation & { isAsymmetric: boolean },
  ): Promise<Rotated> {
    const { secrets } = this.parts;
    const secret = own ?? newSigningSecret();
    const previousUntil = overlapHours === 0 ? null : new Date(this.nowMs() + overlapHours * HOUR_MS);
    const isRotated = await this.parts.endpoints.rotate(actor, use, {
      secret: secrets.seal(secret, use.endpointId),
      ...(isAsymmetric ? { signingKey: secrets.seal(newAsymmetricKey(), use.endpointId) } : {}),
      previousUntil,
    });
    if (!isRotated) throw changedMeanwhile();
    return { secret, previousValidUntil: previousUntil === null ? null : previousUntil.toISOString() };
  }

  /** Sends one event at once and once, whatever became of the endpoint, and keeps what came of it. */
  async test(
    actor: Actor,
    use: EndpointUse,
    eventOf: (given: { id: string; timeMs: number }) => TestEvent,
  ): Promise<Tested> {
    const { license } = actor;
    const timeMs = this.nowMs();
    const target = await this.parts.testDeliveries.target(license, use.endpointId);
    if (target === undefined) throw changedMeanwhile();
    const eventId = newLogId(timeMs);
    const event = eventOf({ id: eventId, timeMs });
    const message = { ...event, eventId, deliveryId: deliveryId(eventId, use.endpointId), attempt: 1, nowMs: timeMs };
    const { request, shownHeaders } = this.requestOf(message, target);
    return this.probes.test(license, async () => {
      const answer = await this.parts.client.post(request);
      const attempt = attemptRecord({ shownHeaders }, answer, outcomeOf(answer));
      return this.record(actor, { ...message, ...use, profile: target.profile }, attempt);
    });
  }

  private requestOf(message: DeliveryMessage, target: DeliveryTarget): DeliveryRequest {
    try {
      return deliveryRequest(message, target, this.parts.secrets);
    } catch (error) {
      if (error instanceof SecretKeyUnknown || error instanceof SecretUnreadable) throw secretUnreadable();
      throw error;
    }
  }

  private async record(actor: Actor, test: SentTest, attempt: AttemptRecord): Promise<Tested> {
    const { deliveryId: id, eventId, endpointId, triggerId = null, vehicle, envelope } = test;
    const { outcome, statusCode, error } = attempt;
    const status = outcome === 'delivered' ? 'delivered' : 'failed';
    const kept = { deliveryId: id, eventId, endpointId, triggerId, vehicle, envelope, status, attempt } as const;
    await this.parts.testDeliveries.record(actor, kept);
    const durationMs = Math.round(attempt.durationMs);
    this.parts.log.info(
      {
        delivery: id,
        event: eventId,
        type: test.eventType,
        license: actor.license,
        trigger: triggerId,
        vehicle,
        endpoint: endpointId,
        profile: test.profile,
        attempt: 1,
        outcome,
        statusCode,
        error,
        durationMs,
        settled: status,
        isTest: true,
        requestId: actor.requestId,
      },
      'attempt to deliver',
    );
    return { deliveryId: id, status, statusCode, durationMs, ...(error === null ? {} : { error }) };
  }

  private nowMs(): number {
    return this.parts.now?.() ?? databaseNowMs();
  }
}

/** Others changed or deleted it between our look and our touch. */
export function changedMeanwhile(): Problem {
  return new Problem(409, {
    kind: 'conflict',
    message: 'It is being changed by others',
    detail: 'Others changed this meanwhile. Nothing was changed; send the request again.',
  });
}
