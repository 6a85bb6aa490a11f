import { z } from 'zod';
import type { TriggerRecord } from '../../store/trigger-record.js';

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
    status: z.enum(['enabled', 'disabled', 'failed']).meta({
      description:
        'Only an enabled webhook fires. A failed one was given up, with the reason beside it, and stays so until it is ' +
        'enabled again or has another target; nothing sets this by itself in this version.',
    }),
    statusReason: z.string().nullable(),
    description: z.string(),
    displayName: z.string(),
    failureCount: z.int().meta({ description: 'Failed deliveries since the last success.' }),
    endpointId: z.uuid(),
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
export function viewWebhook(trigger: TriggerRecord): WebhookView {
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
    status,
    statusReason,
    description,
    displayName,
    failureCount: trigger.failureCount,
    endpointId: trigger.endpointId,
    subscriptionCount: trigger.subscriptionCount,
    verifiedAt: timeText(trigger.verifiedAt),
    lastFiredAt: timeText(trigger.lastFiredAt),
    lastDeliveredAt: timeText(trigger.lastDeliveredAt),
    createdAt: trigger.createdAt.toISOString(),
    updatedAt: trigger.updatedAt.toISOString(),
  };
}

function timeText(time: Date | null): string | null {
  return time === null ? null : time.toISOString();
}
