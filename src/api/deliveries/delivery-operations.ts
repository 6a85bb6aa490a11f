import { z } from 'zod';
import { nothing } from '../fields.js';
import type { OperationDefinition } from '../openapi-operation.js';
import { listSchema } from '../page.js';
import { deliveriesQuery, recoverRequest } from './delivery-fields.js';
import { deliveryDetailView, deliveryView } from './delivery-view.js';
import type { DeliveryDetailView, DeliveryView } from './delivery-view.js';

export const deliveryList = listSchema(deliveryView).meta({ id: 'DeliveryList' });

export const resentAnswer = z
  .object({ deliveryId: z.uuid().meta({ description: 'Another one where the delivery had arrived.' }) })
  .meta({ id: 'DeliveryResent' });

export const recoveredAnswer = z.object({ count: z.int() }).meta({ id: 'DeliveriesRecovered' });

const VEHICLE = 'did:erc721:137:0xbA5738a18d83D41847dfFbDC6101d37C69c9B0cF:12345';
const WEBHOOK = '3dfc572a-ea31-4e8e-8685-29fb4a24d0c2';
const EVENT = '019bc1b8-5c10-8a3e-9d57-0c6b7c1e4f20';
const UNKNOWN = 'Your license has no such delivery, or it is no longer on record.';
const GATED = 'Your license is gated: nothing is sent.';

export const deliveryExample: DeliveryView = {
  id: '019bc1b8-5c10-8b71-8f02-6d1f3a9b7c44',
  eventId: EVENT,
  eventType: 'trigger.fired',
  webhookId: WEBHOOK,
  endpointId: '0c7f4b7e-51a5-4c0e-9f0b-7a1c2d3e4f50',
  vehicle: VEHICLE,
  status: 'failed',
  attemptCount: 1,
  nextAttemptAt: null,
  createdAt: '2026-01-15T12:00:00.016Z',
  deliveredAt: null,
  lastStatusCode: 500,
  lastError: 'the target answered 500',
  isTest: false,
};

const detailExample: DeliveryDetailView = {
  ...deliveryExample,
  payload: {
    id: EVENT,
    source: 'vehicle-triggers-api',
    producer: WEBHOOK,
    specversion: '1.0',
    subject: VEHICLE,
    time: '2026-01-15T12:00:00.016Z',
    type: 'dimo.trigger',
    datacontenttype: 'application/json',
    dataversion: 'telemetry.signals/v1.0',
    data: { service: 'telemetry.signals', metricName: 'speed', webhookId: WEBHOOK, assetDID: VEHICLE },
  },
  attempts: [
    {
      number: 1,
      startedAt: '2026-01-15T12:00:00.031Z',
      durationMs: 112,
      outcome: 'rejected',
      statusCode: 500,
      error: 'the target answered 500',
      requestHeaders: { 'webhook-id': EVENT, 'webhook-signature': 'v1,K5oZfzN95Z…' },
      responseHeaders: { 'content-type': 'text/plain' },
      responseBody: 'no database',
      truncated: false,
    },
  ],
};

export const listDeliveries: OperationDefinition = {
  id: 'listDeliveries',
  scope: 'events:read',
  tag: 'Deliveries',
  summary: 'Lists deliveries, newest first',
  description:
    'What waits to be sent and what became of the rest, by the time of their events. `since` and `until` mean that time.',
  access: 'developer',
  query: deliveriesQuery,
  status: 200,
  answer: { description: 'One page.', schema: deliveryList, example: { data: [deliveryExample], next: null } },
};

export const getDelivery: OperationDefinition = {
  id: 'getDelivery',
  scope: 'events:read',
  tag: 'Deliveries',
  summary: 'Shows a delivery with what is sent and every attempt',
  access: 'developer',
  status: 200,
  answer: { description: 'The delivery.', schema: deliveryDetailView, example: detailExample },
  problems: { 404: UNKNOWN },
};

export const resendDelivery: OperationDefinition = {
  id: 'resendDelivery',
  scope: 'webhooks:manage',
  tag: 'Deliveries',
  summary: 'Sends a delivery again now, with the same event id',
  description:
    'A pending one is tried at once, or when its endpoint may be sent to. What did not arrive is queued again under its ' +
    'id, with all retries before it. What arrived is sent as a new delivery of the same event.',
  access: 'developer',
  idempotent: true,
  body: {
    schema: nothing,
    isOptional: true,
    examples: { none: { summary: 'None', value: {} } },
  },
  status: 202,
  answer: { description: 'It is queued.', schema: resentAnswer, example: { deliveryId: deliveryExample.id } },
  problems: {
    403: GATED,
    404: UNKNOWN,
    409: 'It cannot be sent: the webhook, the endpoint or the event is gone, the endpoint is not active, or it was a test.',
  },
};

const recovering = {
  tag: 'Deliveries',
  access: 'developer',
  idempotent: true,
  body: {
    schema: recoverRequest,
    examples: {
      outage: { summary: 'After an outage', value: { since: '2026-01-15T08:00:00Z', until: '2026-01-15T12:00:00Z' } },
    },
  },
  status: 202,
  answer: { description: 'How many are queued.', schema: recoveredAnswer, example: { count: 1204 } },
} as const;

export const recoverWebhook: OperationDefinition = {
  ...recovering,
  id: 'recoverWebhook',
  scope: 'webhooks:manage',
  summary: 'Sends again what a webhook fired and did not arrive',
  description:
    "This webhook's deliveries to the endpoint that it has now, oldest first. Asking twice sends nothing twice; what " +
    'arrived meanwhile is left out. A dry run counts, and answers 200.',
  problems: {
    403: GATED,
    404: 'Your license has no such webhook.',
    409: "The webhook's endpoint is not active: verify the webhook first.",
  },
};

export const recoverEndpoint: OperationDefinition = {
  ...recovering,
  id: 'recoverEndpoint',
  scope: 'webhooks:manage',
  summary: 'Sends again what did not arrive at an endpoint',
  description:
    'Everything that was to go there, oldest first: the firings of all its webhooks, and what it listens to. Asking ' +
    'twice sends nothing twice; what arrived meanwhile is left out. A dry run counts, and answers 200.',
  problems: {
    403: GATED,
    404: 'Your license has no such endpoint.',
    409: 'The endpoint is not active: verify it first.',
  },
};
