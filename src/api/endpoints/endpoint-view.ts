import { z } from 'zod';
import type { EndpointRecord } from '../../store/endpoint-record.js';
import type { SecretBox } from '../../target/secret-box.js';
import { deliveryOptionsView, viewDeliveryOptions } from '../delivery-options-view.js';

const time = z.iso.datetime({ precision: 3 });

/** An endpoint as the REST surface shows it. */
export const endpointView = z
  .object({
    id: z.uuid(),
    url: z.string(),
    description: z.string(),
    enabled: z.boolean().meta({ description: 'Whether it is sent to: true for an `active` one alone.' }),
    status: z.enum(['active', 'paused', 'failed', 'gone']).meta({
      description:
        'What there is for an endpoint that is not active is held: `paused` by you, `failed` after nothing but ' +
        'failures for too long, `gone` because it answered 410.',
    }),
    statusReason: z.string().nullable(),
    enabledEvents: z.array(z.string()),
    ...deliveryOptionsView.shape,
    webhookId: z.uuid().nullable().meta({ description: 'Whose own it is; null for a shared one.' }),
    webhookCount: z.int().meta({ description: 'How many webhooks use it.' }),
    failureCount: z.int().meta({ description: 'Firings that failed, at first try, since the last that arrived.' }),
    lastDeliveredAt: time.nullable(),
    lastError: z.string().nullable(),
    pausedUntil: time.nullable().meta({ description: 'Nothing is sent before: it asked for that, or keeps failing.' }),
    verifiedAt: time.nullable(),
    createdAt: time,
    updatedAt: time,
  })
  .meta({ id: 'Endpoint' });
export type EndpointView = z.output<typeof endpointView>;

export function viewEndpoint(endpoint: EndpointRecord, secrets: Pick<SecretBox, 'open'>): EndpointView {
  const { id, url, description, status, statusReason, enabledEvents } = endpoint;
  return {
    id,
    url,
    description,
    enabled: isEnabled(endpoint),
    status,
    statusReason,
    enabledEvents,
    ...viewDeliveryOptions(secrets, { id, fields: endpoint }),
    webhookId: endpoint.triggerId,
    webhookCount: endpoint.triggerCount,
    failureCount: endpoint.failureCount,
    lastDeliveredAt: timeText(endpoint.lastDeliveredAt),
    lastError: endpoint.lastError,
    pausedUntil: timeText(endpoint.pausedUntil),
    verifiedAt: timeText(endpoint.verifiedAt),
    createdAt: endpoint.createdAt.toISOString(),
    updatedAt: endpoint.updatedAt.toISOString(),
  };
}

/** What is shown as `enabled`, and so what is no change when it is given. */
export function isEnabled({ status }: Pick<EndpointRecord, 'status'>): boolean {
  return status === 'active';
}

function timeText(time: Date | null): string | null {
  return time === null ? null : time.toISOString();
}
