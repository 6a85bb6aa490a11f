import type { Schema } from '@tripline/client';
import type { Metric } from '../condition/metric.js';
import { useData } from './queries.js';

export type Webhook = Schema<'Webhook'>;
export type Endpoint = Schema<'Endpoint'>;
export type Delivery = Schema<'Delivery'>;
export type DeliveryDetail = Schema<'DeliveryDetail'>;
export type LogEvent = Schema<'LogEvent'>;
export type Operation = Schema<'Operation'>;
export type Overview = Schema<'Overview'>;
export type Attention = Schema<'Attention'>;
export type WebhookState = Schema<'WebhookState'>;
export type ApiKey = Schema<'ApiKey'>;

/** What deliveries are of: a webhook, or an endpoint that several share. */
export interface Subject {
  kind: 'webhook' | 'endpoint';
  id: string;
}

/** The license, what the sign-in may do, and the limits. */
export function useMe() {
  return useData<Schema<'Me'>>(['me'], (api, signal) => api.GET('/v1/me', { signal }));
}

/** All webhooks of the license. */
export function useWebhooks(options: { refreshMs?: number } = {}) {
  return useData<Webhook[]>(['webhooks'], (api, signal) => api.GET('/v1/webhooks', { signal }), options);
}

/** One webhook. */
export function useWebhook(id: string, options: { refreshMs?: number } = {}) {
  return useData<Webhook>(
    ['webhooks', id],
    (api, signal) => api.GET('/v1/webhooks/{id}/config', { params: { path: { id } }, signal }),
    options,
  );
}

/** One endpoint, a webhook's own too. */
export function useEndpoint(id: string, options: { refreshMs?: number; enabled?: boolean } = {}) {
  return useData<Endpoint>(
    ['endpoints', id],
    (api, signal) => api.GET('/v1/endpoints/{id}', { params: { path: { id } }, signal }),
    options,
  );
}

const KINDS = { float64: 'number', string: 'text', 'vss.Location': 'location' } as const;

/** Everything that can be watched: signals, then events, by name. It does not change while the page is open. */
export function useCatalog() {
  return useData<Metric[]>(['catalog'], async (api, signal) => {
    const [signals, events] = await Promise.all([
      api.GET('/v1/webhooks/signals', { signal }),
      api.GET('/v1/webhooks/events', { signal }),
    ]);
    return {
      data: [
        ...(signals.data ?? []).map((signal) => metricOfSignal(signal)),
        ...(events.data ?? []).map((event) => metricOfEvent(event)),
      ],
    };
  });
}

function metricOfSignal({ name, description, unit, valueType, permissions }: Schema<'Signal'>): Metric {
  const kind = KINDS[valueType];
  return { service: 'telemetry.signals', name, aliases: [], description, unit, kind, permissions };
}

function metricOfEvent({ name, aliases, description, permissions }: Schema<'EventName'>): Metric {
  return { service: 'telemetry.events', name, aliases, description, unit: '', kind: 'event', permissions };
}
