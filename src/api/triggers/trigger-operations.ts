import { z } from 'zod';
import { deliveryOptionsExample } from '../delivery-options-view.js';
import type { OperationDefinition } from '../openapi-operation.js';
import { pageQuery } from '../page.js';
import { newWebhook, webhookChange } from './trigger-fields.js';
import { webhookView } from './webhook-view.js';

const EXAMPLE_ID = '3dfc572a-ea31-4e8e-8685-29fb4a24d0c2';
const UNKNOWN = 'Your license has no such webhook.';

const warnings = z.array(z.string()).meta({ description: 'What was accepted, but may not be what you meant.' });

export const registeredAnswer = z
  .object({
    id: z.uuid(),
    message: z.string(),
    secret: z.string().optional().meta({
      description:
        'Verifies signatures (Standard Webhooks). Shown this once: keep it. None at a shared endpoint, which has its own.',
    }),
    warnings,
  })
  .meta({ id: 'WebhookRegistered' });

export const updatedAnswer = z
  .object({
    id: z.uuid(),
    message: z.string(),
    secret: z.string().optional().meta({
      description: 'When the webhook left a shared endpoint for one of its own: its secret, shown this once.',
    }),
    warnings,
  })
  .meta({ id: 'WebhookUpdated' });

export const messageAnswer = z.object({ message: z.string() }).meta({ id: 'Message' });

const speedAlert = {
  service: 'telemetry.signals',
  metricName: 'speed',
  condition: 'value > 55',
  coolDownPeriod: 30,
  description: 'This webhook is used to notify when the speed of the vehicle exceeds 55 km/h.',
  displayName: 'Speed Alert',
  status: 'enabled',
  targetURL: 'https://example.com/webhook',
  verificationToken: '1234567890',
};

const odometerAlert = {
  service: 'telemetry.signals',
  metricName: 'powertrainTransmissionTravelledDistance',
  condition: 'valueNumber > 10000',
  coolDownPeriod: 30,
  description: 'Triggers when odometer above 10000 km',
  displayName: 'Odometer alert – service reminder.',
  targetURL: 'https://my-target-uri.com/webhook',
  status: 'enabled',
  verificationToken: 'abc123',
};

const harshBraking = {
  service: 'events',
  metricName: 'behavior.harshBraking',
  condition: 'true',
  targetURL: 'https://example.com/webhook',
  verificationToken: '1234567890',
};

const collision = {
  service: 'events',
  metricName: 'safety.collision',
  condition: 'true',
  endpointId: '9b1c6c1e-5a53-4e0e-9a51-2f9d4d1c7a10',
  autoSubscribe: true,
};

const charged = {
  service: 'telemetry.signals',
  metricName: 'powertrainTractionBatteryStateOfChargeCurrent',
  condition: 'value >= 80 && previousValue < 80',
  targetURL: 'https://example.com/webhook',
  verificationToken: '1234567890',
  headers: { 'X-Tenant': 'fleet-7' },
  retry: '10s,1m,10m,1h',
  timeoutSeconds: 10,
  maxPerSecond: 50,
};

const viewExample = {
  id: EXAMPLE_ID,
  service: 'telemetry.signals',
  metricName: 'speed',
  condition: 'value > 55',
  normalizedCondition: 'value > 55',
  targetURL: 'https://example.com/webhook',
  coolDownPeriod: 30,
  maxSampleAgeSeconds: null,
  status: 'enabled',
  statusReason: null,
  description: 'This webhook is used to notify when the speed of the vehicle exceeds 55 km/h.',
  displayName: 'Speed Alert',
  failureCount: 0,
  endpointId: '9b1c6c1e-5a53-4e0e-9a51-2f9d4d1c7a10',
  ...deliveryOptionsExample,
  autoSubscribe: false,
  subscriptionCount: 2,
  verifiedAt: '2026-01-15T11:00:00.000Z',
  lastFiredAt: '2026-01-15T11:59:59.120Z',
  lastDeliveredAt: '2026-01-15T11:59:59.310Z',
  createdAt: '2026-01-15T11:00:00.000Z',
  updatedAt: '2026-01-15T11:00:00.000Z',
};

const developers = { tag: 'Webhooks', access: 'developer' } as const;

export const listWebhooks: OperationDefinition = {
  ...developers,
  id: 'listWebhooks',
  scope: 'webhooks:read',
  summary: 'Lists all webhooks of your license',
  query: pageQuery,
  status: 200,
  answer: { description: 'The webhooks by id.', schema: z.array(webhookView), example: [viewExample] },
};

export const getWebhook: OperationDefinition = {
  ...developers,
  id: 'getWebhook',
  scope: 'webhooks:read',
  summary: 'Shows one webhook',
  status: 200,
  answer: { description: 'The webhook.', schema: webhookView, example: viewExample },
  problems: { 404: UNKNOWN },
};

export const registerWebhook: OperationDefinition = {
  ...developers,
  id: 'registerWebhook',
  isProbe: true,
  scope: 'webhooks:manage',
  idempotent: true,
  summary: 'Registers a webhook',
  description:
    'The target is asked to prove that it is yours before the webhook is stored (see `verificationToken`); nothing is ' +
    'stored when anything is refused. It fires for no vehicle until one is subscribed, which `autoSubscribe` does by itself.',
  body: {
    schema: newWebhook,
    examples: {
      speed: { summary: 'A signal: faster than 55 km/h', value: speedAlert },
      odometer: { summary: 'A signal: service is due', value: odometerAlert },
      braking: { summary: 'An event, with required fields only', value: harshBraking },
      shared: { summary: 'At a shared endpoint, for every vehicle that is shared', value: collision },
      options: { summary: 'With delivery options', value: charged },
    },
  },
  status: 201,
  headers: { Location: 'Path of the webhook.' },
  answer: {
    description: 'The webhook is registered.',
    schema: registeredAnswer,
    example: {
      id: EXAMPLE_ID,
      message: 'Webhook registered successfully',
      secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=',
      warnings: [],
    },
  },
  problems: { 403: 'Your license has as many webhooks as it may have: see `limit` and `most`.' },
};

const changing = {
  ...developers,
  description:
    'Fields that are not given stay as they are; null sets a delivery option back to its default. Another `targetURL` ' +
    'needs the `verificationToken` of the new target, which is asked; when that fails nothing changes. With ' +
    '`endpointId` the webhook moves to that shared endpoint, with another `targetURL` it leaves one; what is pending ' +
    'still goes where it was meant to. Another metric empties what the webhook remembers of its vehicles; ' +
    'when it needs permissions that the old one did not, your license must hold them on every subscribed vehicle.',
  body: {
    schema: webhookChange,
    examples: {
      condition: { summary: 'Another condition', value: { condition: 'value > 75', coolDownPeriod: 60 } },
      disable: { summary: 'Stop firing', value: { status: 'disabled' } },
      metric: {
        summary: 'Another metric, with everything that belongs to it',
        value: {
          service: 'telemetry.signals',
          metricName: 'powertrainTransmissionTravelledDistance',
          condition: 'valueNumber > 15000',
          description: 'Triggers when odometer above 15000 km',
          displayName: 'Odometer alert – service reminder.',
        },
      },
    },
  },
  status: 200,
  answer: {
    description: 'The webhook is changed.',
    schema: updatedAnswer,
    example: { id: EXAMPLE_ID, message: 'Webhook updated successfully', warnings: [] },
  },
  problems: {
    403: 'Your license lacks a permission on a subscribed vehicle that the new metric needs.',
    404: UNKNOWN,
    409: 'Others kept changing it at the same time.',
    503: 'Permissions cannot be had at the moment.',
  },
} as const;

export const updateWebhook: OperationDefinition = {
  ...changing,
  id: 'updateWebhook',
  isProbe: true,
  scope: 'webhooks:manage',
  summary: 'Changes a webhook',
};

export const patchWebhook: OperationDefinition = {
  ...changing,
  id: 'patchWebhook',
  isProbe: true,
  scope: 'webhooks:manage',
  summary: 'Changes a webhook, exactly as PUT does',
};

export const deleteWebhook: OperationDefinition = {
  ...developers,
  id: 'deleteWebhook',
  scope: 'webhooks:manage',
  summary: 'Deletes a webhook with its subscriptions',
  description: 'What is still to be delivered is cancelled. The display name becomes free.',
  status: 200,
  answer: {
    description: 'The webhook is deleted.',
    schema: messageAnswer,
    example: { message: 'Webhook deleted successfully' },
  },
  problems: { 404: UNKNOWN },
};
