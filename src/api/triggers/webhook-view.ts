import { z } from 'zod';
import type { EndpointFields } from '../../store/endpoint-fields.js';
import type { FoundTrigger, TriggerRecord } from '../../store/trigger-record.js';
import type { SecretBox } from '../../target/secret-box.js';
import { deliveryOptionsView, viewDeliveryOptions } from '../delivery-options-view.js';

const time = z.iso.datetime({ precision: 3 });
const optionalTime = time.nullable();

/** A trigger as the REST surface shows it. */
export const webhookView = z
  .object({
    id: z.uuid(),
    service: z.string().meta({ description: 'As registered, like the metric name and the condition.' }),
    metricName: z.string(),
    condition: z.string(),
    normalizedCondition: z.string().meta({ description: 'What is evaluated.' }),
    targetURL: z.string(),
    coolDownPeriod: z.int().meta({ description: 'Seconds.' }),
    maxSampleAgeSeconds: z.int().nullable().meta({ description: 'Older samples are not evaluated; null takes all.' }),
    status: z.enum(['enabled', 'disabled', 'failed']).meta({
      description:
        'Only a disabled webhook does not fire. A failed one was given up, with the reason beside it: what it fires is ' +
        'held until it is verified, enabled again, or has another target.',
    }),
    statusReason: z.string().nullable(),
    description: z.string(),
    displayName: z.string(),
    failureCount: z.int().meta({ description: 'Firings that failed, at first try, since the last that arrived.' }),
    endpointId: z.uuid().meta({ description: 'Where it sends to: an endpoint of its own, or a shared one.' }),
    ...deliveryOptionsView.shape,
    autoSubscribe: z
      .boolean()
      .meta({ description: 'Whether vehicles that are shared join, and leave, by themselves.' }),
    subscriptionCount: z.int().meta({ description: 'How many vehicles are subscribed.' }),
    verifiedAt: optionalTime.meta({ description: 'When the target last proved that it is yours.' }),
    lastFiredAt: optionalTime,
    lastDeliveredAt: optionalTime,
    createdAt: time,
    updatedAt: time,
  })
  .meta({ id: 'Webhook' });
export type WebhookView = z.output<typeof webhookView>;

/** Shows a stored trigger. */
export function viewWebhook(trigger: TriggerRecord, secrets: Pick<SecretBox, 'open'>): WebhookView {
  const { id, service, metricName, condition, normalizedCondition, status, statusReason, description, displayName } =
    trigger;
  return {
    id,
    service,
    metricName,
    condition,
    normalizedCondition,
    targetURL: trigger.targetUrl,
    coolDownPeriod: trigger.cooldownSeconds,
    maxSampleAgeSeconds: trigger.maxSampleAgeSeconds,
    status,
    statusReason,
    description,
    displayName,
    failureCount: trigger.failureCount,
    endpointId: trigger.endpointId,
    ...viewDeliveryOptions(secrets, optionsOf(trigger)),
    autoSubscribe: trigger.autoSubscribe,
    subscriptionCount: trigger.subscriptionCount,
    verifiedAt: timeText(trigger.verifiedAt),
    lastFiredAt: timeText(trigger.lastFiredAt),
    lastDeliveredAt: timeText(trigger.lastDeliveredAt),
    createdAt: trigger.createdAt.toISOString(),
    updatedAt: trigger.updatedAt.toISOString(),
  };
}

/** The delivery options of a trigger's endpoint. */
export function optionsOf({ endpointId, endpointFields }: FoundTrigger): { id: string; fields: EndpointFields } {
  return { id: endpointId, fields: endpointFields };
}

function timeText(time: Date | null): string | null {
  return time === null ? null : time.toISOString();
}
