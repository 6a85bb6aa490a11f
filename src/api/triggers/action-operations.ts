import { deliveryOptionsExample } from '../delivery-options-view.js';
import { rotatedAnswer, rotation, testedAnswer, verification, verifiedAnswer } from '../endpoint-actions.js';
import { EXAMPLE_SECRET } from '../example-keys.js';
import type { OperationDefinition } from '../openapi-operation.js';
import { copyableAnswer, testRequest } from './action-fields.js';

const UNKNOWN = 'Your license has no such webhook.';

const developers = { tag: 'Webhooks', access: 'developer' } as const;

export const verifyWebhook: OperationDefinition = {
  ...developers,
  id: 'verifyWebhook',
  isProbe: true,
  scope: 'webhooks:manage',
  idempotent: true,
  summary: 'Asks the target to prove itself again',
  description:
    'A failed webhook that passes is enabled; at a shared endpoint that was given up, all its failed webhooks are.',
  body: {
    schema: verification,
    examples: { token: { summary: 'The token that the target answers', value: { verificationToken: '1234567890' } } },
  },
  status: 200,
  answer: {
    description: 'It did.',
    schema: verifiedAnswer,
    example: { message: 'Webhook verified successfully', verifiedAt: '2026-01-15T12:00:00.000Z' },
  },
  problems: { 404: UNKNOWN, 409: 'Others changed it at the same time.' },
};

export const rotateWebhook: OperationDefinition = {
  ...developers,
  id: 'rotateWebhook',
  scope: 'webhooks:manage',
  idempotent: true,
  summary: 'Exchanges the signing secret',
  description:
    'Standard Webhooks headers carry signatures of both secrets until the overlap ends, the header of a profile that of ' +
    'the new one. With `asymmetric` the key pair is exchanged too.',
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
  problems: { 404: UNKNOWN, 409: 'The secret belongs to a shared endpoint.' },
};

export const testWebhook: OperationDefinition = {
  ...developers,
  id: 'testWebhook',
  isProbe: true,
  scope: 'webhooks:manage',
  idempotent: true,
  summary: 'Sends a test event now',
  description:
    'Made and signed like any other, but for `livemode: false`. Sent once, whatever the status of the webhook; a failure ' +
    'counts for nothing. It stands in the log as `webhook.tested`, with what was sent inside.',
  body: {
    schema: testRequest,
    isOptional: true,
    examples: {
      made: { summary: 'With a sample that fits the metric', value: {} },
      own: { summary: 'With a sample of your own', value: { sample: { value: 61.5 } } },
    },
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
  problems: { 404: UNKNOWN },
};

export const copyWebhook: OperationDefinition = {
  ...developers,
  id: 'copyWebhook',
  scope: 'webhooks:read',
  summary: 'Shows what makes the same webhook elsewhere, and a request as it sends them',
  description: 'Nothing in it is secret: the example is signed with a secret that everybody knows.',
  status: 200,
  answer: {
    description: 'The definition and the example.',
    schema: copyableAnswer,
    example: {
      definition: {
        service: 'telemetry.signals',
        metricName: 'speed',
        condition: 'value > 55',
        coolDownPeriod: 30,
        maxSampleAgeSeconds: null,
        description: '',
        autoSubscribe: false,
        displayName: 'Speed Alert',
        targetURL: 'https://example.com/webhook',
        ...Object.fromEntries(Object.entries(deliveryOptionsExample).filter(([name]) => name !== 'publicKey')),
      },
      example: {
        method: 'POST',
        url: 'https://example.com/webhook',
        headers: {
          'content-type': 'application/json',
          'webhook-id': '019a3f6e-7c00-7b2e-9d55-0c9e6f1a2b3c',
          'webhook-timestamp': '1768478400',
          'webhook-signature': 'v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=',
          'x-webhook-event': 'trigger.fired',
        },
        body: '{"specversion":"1.0","type":"dimo.trigger"}',
      },
      exampleSecret: EXAMPLE_SECRET,
      examplePublicKey: null,
    },
  },
  problems: { 404: UNKNOWN },
};
