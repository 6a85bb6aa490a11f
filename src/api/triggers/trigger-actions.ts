import { FIRING } from '../../core/event-types.js';
import type { Metric } from '../../core/catalog.js';
import type { DeliveryTarget } from '../../core/endpoint.js';
import { deliveryId } from '../../core/event-id.js';
import { databaseNowMs } from '../../store/database-time.js';
import type { Actor } from '../../store/actor.js';
import { newLogId } from '../../store/log-id.js';
import type { FoundTrigger } from '../../store/trigger-record.js';
import { publicKeyOf } from '../../target/asymmetric.js';
import { deliveryRequest } from '../../target/delivery-request.js';
import type { ApiParts } from '../api-parts.js';
import { readTrialSample } from '../conditions/conditions.js';
import { resolveMetric } from '../conditions/watched-metric.js';
import { viewDeliveryOptions } from '../delivery-options-view.js';
import type { EndpointActions, Rotated, Rotation, Tested } from '../endpoint-actions.js';
import { EXAMPLE_SECRET, EXAMPLE_SIGNING_KEY } from '../example-keys.js';
import { Problem, webhookNotFound } from '../problem.js';
import { exampleFiring, exampleReading, testFiring } from '../test-events.js';
import type { Copyable, TestRequest } from './action-fields.js';
import { optionsOf } from './webhook-view.js';

type Parts = Pick<ApiParts, 'catalog' | 'triggers' | 'secrets' | 'now'>;

/** What developers can have done with a trigger that is there. Every problem is thrown. */
export class TriggerActions {
  constructor(
    private readonly parts: Parts,
    private readonly actions: EndpointActions,
  ) {}

  /** Asks the target to prove itself again. One that was given up, and what had failed with it, begins anew. */
  async verify(actor: Actor, id: string, token: string): Promise<Date> {
    const { endpointId, targetUrl: url } = await this.find(actor.license, id);
    return this.actions.verify(actor, { endpointId, triggerId: id }, { url, token });
  }

  /** A new secret of the trigger's own endpoint; a shared one's would be changed for others too. */
  async rotate(actor: Actor, id: string, rotation: Rotation): Promise<Rotated> {
    const { endpointId, ownsEndpoint, endpointFields } = await this.find(actor.license, id);
    if (!ownsEndpoint) {
      throw new Problem(409, {
        kind: 'conflict',
        message: 'The secret belongs to a shared endpoint',
        detail: `Rotate it with POST /v1/endpoints/${endpointId}/rotate, for all webhooks that use it.`,
      });
    }
    const isAsymmetric = endpointFields.signingKey !== null;
    return this.actions.rotate(actor, { endpointId, triggerId: id }, { ...rotation, isAsymmetric });
  }

  /** Sends one firing that never was. */
  async test(actor: Actor, id: string, { sample }: TestRequest): Promise<Tested> {
    const trigger = await this.find(actor.license, id);
    const metric = this.metricOf(trigger);
    const reading = sample === undefined ? exampleReading(metric) : readTrialSample(metric, sample, '#/sample');
    return this.actions.test(actor, { endpointId: trigger.endpointId, triggerId: id }, ({ id: eventId, timeMs }) => ({
      eventType: FIRING,
      ...testFiring(this.parts.catalog, trigger, { id: eventId, timeMs, reading }),
    }));
  }

  /** What makes the same webhook elsewhere, without its secrets, and a request as it sends them. */
  async copyable(license: string, id: string): Promise<Copyable> {
    const trigger = await this.find(license, id);
    const { publicKey, ...options } = viewDeliveryOptions(this.parts.secrets, optionsOf(trigger));
    return {
      definition: {
        service: trigger.service,
        metricName: trigger.metricName,
        condition: trigger.condition,
        coolDownPeriod: trigger.cooldownSeconds,
        maxSampleAgeSeconds: trigger.maxSampleAgeSeconds,
        description: trigger.description,
        autoSubscribe: trigger.autoSubscribe,
        ...(trigger.displayName === id ? {} : { displayName: trigger.displayName }),
        targetURL: trigger.targetUrl,
        ...options,
      },
      example: this.exampleRequest(trigger, options.headers ?? {}),
      exampleSecret: EXAMPLE_SECRET,
      examplePublicKey: publicKey === null && !options.asymmetric ? null : publicKeyOf(EXAMPLE_SIGNING_KEY),
    };
  }

  private exampleRequest(trigger: FoundTrigger, headers: Record<string, string>): Copyable['example'] {
    const timeMs = this.parts.now?.() ?? databaseNowMs();
    const eventId = newLogId(timeMs);
    const { endpointId, endpointFields, license } = trigger;
    const reading = exampleReading(this.metricOf(trigger));
    const { envelope } = exampleFiring(this.parts.catalog, trigger, { id: eventId, timeMs, reading });
    const target: DeliveryTarget = {
      ...endpointFields,
      endpointId,
      license,
      url: trigger.targetUrl,
      status: 'active',
      secret: EXAMPLE_SECRET,
      previousSecret: null,
      signingKey: endpointFields.signingKey === null ? null : EXAMPLE_SIGNING_KEY,
      previousSigningKey: null,
      headers: JSON.stringify(headers),
    };
    const { request } = deliveryRequest(
      {
        ...{ eventId, envelope, eventType: FIRING, attempt: 1, nowMs: timeMs },
        deliveryId: deliveryId(eventId, endpointId),
      },
      target,
      // Nothing of the example is sealed.
      { open: (text) => text },
    );
    return { method: 'POST', url: request.url, headers: request.headers, body: request.body.toString() };
  }

  /** A metric that the operator has taken out of the catalogue keeps its kind. */
  private metricOf(trigger: FoundTrigger): Metric {
    const known = this.parts.catalog.find(trigger.metricKind, trigger.metric);
    return known ?? resolveMetric(this.parts.catalog, trigger);
  }

  private async find(license: string, id: string): Promise<FoundTrigger> {
    const trigger = await this.parts.triggers.find(license, id);
    if (trigger === undefined) throw webhookNotFound();
    return trigger;
  }
}
