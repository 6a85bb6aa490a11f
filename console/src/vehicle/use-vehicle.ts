import type { Schema } from '@tripline/client';
import { useData } from '../api/queries.js';
import type { Webhook, WebhookState } from '../api/resources.js';

/** The webhooks that a vehicle is subscribed to, and since when. */
export function useWebhooksOfVehicle(did: string, { enabled = true } = {}) {
  return useData<Schema<'Subscription'>[]>(
    ['vehicles', did],
    (api, signal) => api.GET('/v1/webhooks/vehicles/{did}', { params: { path: { did } }, signal }),
    { enabled },
  );
}

/** Since when a vehicle is subscribed to a webhook: null when it is not, undefined until it is known. */
export function subscribedAt(subscriptions: readonly Schema<'Subscription'>[] | undefined, webhookId: Webhook['id']) {
  if (subscriptions === undefined) return undefined;
  return subscriptions.find((subscription) => subscription.webhookId === webhookId)?.createdAt ?? null;
}

/** What a webhook remembers of one vehicle; the empty state when it never fired for it. */
export function useVehicleState(id: Webhook['id'], did: string, { enabled = true, refreshMs = 0 } = {}) {
  return useData<WebhookState>(
    ['webhooks', id, 'state', did],
    (api, signal) => api.GET('/v1/webhooks/{id}/state/{did}', { params: { path: { id, did } }, signal }),
    { enabled, ...(refreshMs > 0 && { refreshMs }) },
  );
}

/** What is read again once vehicles were subscribed to a webhook, or unsubscribed from it. */
export const READ_AGAIN_AFTER_SUBSCRIBING = [['webhooks'], ['vehicles'], ['overview']] as const;
