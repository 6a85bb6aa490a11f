import { z } from 'zod';
import { rotatedAnswer, rotation, testedAnswer, verification, verifiedAnswer } from '../endpoint-actions.js';
import { deliveryOptionsExample } from '../delivery-options-view.js';
import { nothing } from '../fields.js';
import type { OperationDefinition } from '../openapi-operation.js';
import { listSchema, pageQuery } from '../page.js';
import { endpointChange, newEndpoint } from './endpoint-fields.js';
import { endpointView } from './endpoint-view.js';

const EXAMPLE_ID = '019a3f6e-7c00-7b2e-9d55-0c9e6f1a2b3c';
const UNKNOWN = 'Your license has no such endpoint.';
const OWN = "It is a webhook's own: change the webhook.";

const warnings = z.array(z.string()).meta({ description: 'What was accepted, but may not be what you meant.' });

export const endpointList = listSchema(endpointView).meta({ id: 'EndpointList' });

export const madeAnswer = z
  .object({
    id: z.uuid(),
    message: z.string(),
    secret: z.string().meta({ description: 'Verifies signatures (Standard Webhooks). Shown this once: keep it.' }),
    warnings,
  })
  .meta({ id: 'EndpointMade' });

export const changedAnswer = z.object({ id: z.uuid(), message: z.string(), warnings }).meta({ id: 'EndpointChanged' });

const messageAnswer = z.object({ message: z.string() });

const viewExample = {
  id: EXAMPLE_ID,
  url: 'https://example.com/webhook',
  description: 'Our fleet backend',
  enabled: true,
  status: 'active',
  statusReason: null,
  enabledEvents: ['delivery.failed'],
  ...deliveryOptionsExample,
  webhookId: null,
  webhookCount: 3,
  failureCount: 0,
  lastDeliveredAt: '2026-01-15T11:59:59.310Z',
  lastError: null,
  pausedUntil: null,
  verifiedAt: '2026-01-15T11:00:00.000Z',
  createdAt: '2026-01-15T11:00:00.000Z',
  updatedAt: '2026-01-15T11:00:00.000Z',
};

const developers = { tag: 'Endpoints', access: 'developer' } as const;

export const listEndpoints: OperationDefinition = {
  ...developers,
  id: 'listEndpoints',
  scope: 'webhooks:read',
  summary: 'Lists the shared endpoints of your license, newest first',
  query: pageQuery,
  status: 200,
  answer: { description: 'One page.', schema: endpointList, example: { data: [viewExample], next: null } },
};

export const getEndpoint: OperationDefinition = {
  ...developers,
  id: 'getEndpoint',
  scope: 'webhooks:read',
  summary: "Shows one endpoint, a webhook's own too",
  status: 200,
  answer: { description: 'The endpoint.', schema: endpointView, example: viewExample },
  problems: { 404: UNKNOWN },
};

export const makeEndpoint: OperationDefinition = {
  ...developers,
  id: 'makeEndpoint',
  isProbe: true,
  scope: 'webhooks:manage',
  idempotent: true,
  summary: 'Makes an endpoint that webhooks can share',
  description:
    'The target is asked to prove that it is yours. Webhooks name it as `endpointId`; log events go to it as ' +
    '`enabledEvents` says, for which an API key needs the scope `events:read`, too.',
  body: {
    schema: newEndpoint,
    examples: {
      shared: {
        summary: 'For webhooks to share',
        value: {
          url: 'https://example.com/webhook',
          verificationToken: '1234567890',
          description: 'Our fleet backend',
        },
      },
      listener: {
        summary: 'To hear of what goes wrong',
        value: {
          url: 'https://example.com/alarms',
          verificationToken: '1234567890',
          enabledEvents: ['webhook.failing', 'webhook.failed', 'delivery.failed', 'subscription.revoked'],
        },
      },
      options: {
        summary: 'With headers of its own, a schedule and a limit',
        value: {
          url: 'https://example.com/webhook',
          verificationToken: '1234567890',
          headers: { 'X-Tenant': 'fleet-7' },
          retry: '10s,1m,10m,1h',
          timeoutSeconds: 10,
          maxPerSecond: 50,
        },
      },
    },
  },
  status: 201,
  headers: { Location: 'Path of the endpoint.' },
  answer: {
    description: 'The endpoint is made.',
    schema: madeAnswer,
    example: {
      id: EXAMPLE_ID,
      message: 'Endpoint created successfully',
      secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=',
      warnings: [],
    },
  },
  problems: { 403: 'Your license has as many shared endpoints as it may have: see `limit` and `most`.' },
};

const changing = {
  ...developers,
  description:
    'Fields that are not given stay as they are; null sets a delivery option back to its default. Another `url` needs ' +
    'its `verificationToken`, and nothing changes when it does not prove itself. For `enabledEvents`, and for another ' +
    '`url` of an endpoint that has some, an API key needs the scope `events:read`, too.',
  body: {
    schema: endpointChange,
    examples: {
      events: { summary: 'Listen to log events', value: { enabledEvents: ['webhook.*', 'delivery.failed'] } },
      pause: { summary: 'Hold everything', value: { enabled: false } },
      move: {
        summary: 'Another target',
        value: { url: 'https://example.org/webhook', verificationToken: '1234567890' },
      },
    },
  },
  status: 200,
  answer: {
    description: 'The endpoint is changed.',
    schema: changedAnswer,
    example: { id: EXAMPLE_ID, message: 'Endpoint updated successfully', warnings: [] },
  },
  problems: { 404: UNKNOWN, 409: OWN },
} as const;

export const updateEndpoint: OperationDefinition = {
  ...changing,
  id: 'updateEndpoint',
  isProbe: true,
  scope: 'webhooks:manage',
  summary: 'Changes an endpoint',
};

export const patchEndpoint: OperationDefinition = {
  ...changing,
  id: 'patchEndpoint',
  isProbe: true,
  scope: 'webhooks:manage',
  summary: 'Changes an endpoint, exactly as PUT does',
};

export const deleteEndpoint: OperationDefinition = {
  ...developers,
  id: 'deleteEndpoint',
  scope: 'webhooks:manage',
  summary: 'Deletes an endpoint that no webhook uses',
  description: 'What is still to be sent to it is cancelled.',
  status: 200,
  answer: {
    description: 'The endpoint is deleted.',
    schema: messageAnswer,
    example: { message: 'Endpoint deleted successfully' },
  },
  problems: { 404: UNKNOWN, 409: `Webhooks use it, or: ${OWN}` },
};

export const verifyEndpoint: OperationDefinition = {
  ...developers,
  id: 'verifyEndpoint',
  isProbe: true,
  scope: 'webhooks:manage',
  idempotent: true,
  summary: 'Asks the target to prove itself again',
  description: 'An endpoint that was given up begins anew, and all its failed webhooks are enabled.',
  body: {
    schema: verification,
    examples: { token: { summary: 'The token that it answers', value: { verificationToken: '1234567890' } } },
  },
  status: 200,
  answer: {
    description: 'It did.',
    schema: verifiedAnswer,
    example: { message: 'Endpoint verified successfully', verifiedAt: '2026-01-15T12:00:00.000Z' },
  },
  problems: { 404: UNKNOWN, 409: OWN },
};

export const rotateEndpoint: OperationDefinition = {
  ...developers,
  id: 'rotateEndpoint',
  scope: 'webhooks:manage',
  idempotent: true,
  summary: 'Exchanges the signing secret',
  description: 'With `asymmetric` the key pair too. Until the overlap ends both secrets sign.',
  body: {
    schema: rotation,
    isOptional: true,
    examples: {
      overlap: { summary: 'Two days to change over', value: { overlapHours: 48 } },
      leaked: { summary: 'The old one is over at once', value: { overlapHours: 0 } },
    },
  },
  status: 200,
  answer: {
    description: 'The new secret.',
    schema: rotatedAnswer,
    example: {
      secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=',
      previousValidUntil: '2026-01-17T12:00:00.000Z',
    },
  },
  problems: { 404: UNKNOWN, 409: OWN },
};

export const testEndpoint: OperationDefinition = {
  ...developers,
  id: 'testEndpoint',
  isProbe: true,
  scope: 'webhooks:manage',
  idempotent: true,
  summary: 'Sends a test event now',
  description: 'Once, whatever the status of the endpoint; a failure counts for nothing. It stands in the log.',
  body: {
    schema: nothing,
    isOptional: true,
    examples: { none: { summary: 'None', value: {} } },
  },
  status: 200,
  answer: {
    description: 'What came of it.',
    schema: testedAnswer,
    example: {
      deliveryId: '019a3f6e-7c01-8b2e-9d55-0c9e6f1a2b3c',
      status: 'delivered',
      statusCode: 200,
      durationMs: 87,
    },
  },
  problems: { 404: UNKNOWN, 409: OWN },
};
