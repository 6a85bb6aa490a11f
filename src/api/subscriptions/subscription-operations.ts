import { z } from 'zod';
import type { OperationDefinition } from '../openapi-operation.js';
import { BULK_LIMITS } from '../operations/bulk-limits.js';
import { continuesAnswer, subscribedAnswer, unsubscribedAnswer } from '../operations/operation-view.js';
import { pageQuery } from '../page.js';
import { messageAnswer } from '../triggers/trigger-operations.js';
import { vehicleList } from './vehicle-list.js';

const VEHICLE = 'did:erc721:137:0xbA5738a18d83D41847dfFbDC6101d37C69c9B0cF:12345';
const OTHER_VEHICLE = 'did:erc721:137:0xbA5738a18d83D41847dfFbDC6101d37C69c9B0cF:67890';
const UNKNOWN = 'Your license has no such webhook.';
const BY_ITSELF = 'The webhook subscribes by itself: set `autoSubscribe` to false first.';
const TOO_MANY = `Your license has ${BULK_LIMITS.openPerLicenseMax} bulk calls that have not ended.`;

export const subscriptionView = z
  .object({
    webhookId: z.uuid(),
    assetDid: z.string(),
    createdAt: z.iso.datetime({ precision: 3 }),
    description: z.string().meta({ description: "The webhook's." }),
  })
  .meta({ id: 'Subscription' });
export type SubscriptionView = z.output<typeof subscriptionView>;

const developers = { tag: 'Subscriptions', access: 'developer' } as const;
const lists = {
  schema: vehicleList,
  examples: { two: { summary: 'Two vehicles', value: { assetDIDs: [VEHICLE, OTHER_VEHICLE] } } },
};

const later = {
  description: 'It takes longer than 20 seconds and goes on, whatever becomes of the process that took it.',
  schema: continuesAnswer,
  example: {
    operationId: '5b0f7c1e-6a5c-4c7f-a5a0-7d9f0a8f2b61',
    message: 'This takes longer and goes on: see /v1/operations/5b0f7c1e-6a5c-4c7f-a5a0-7d9f0a8f2b61',
  },
};

export const listVehicles: OperationDefinition = {
  ...developers,
  id: 'listVehicles',
  scope: 'webhooks:read',
  summary: 'Lists the vehicles that are subscribed to a webhook',
  query: pageQuery,
  status: 200,
  answer: { description: 'DIDs of the vehicles.', schema: z.array(z.string()), example: [VEHICLE, OTHER_VEHICLE] },
  problems: { 404: UNKNOWN },
};

export const listSubscriptions: OperationDefinition = {
  ...developers,
  id: 'listSubscriptionsOfVehicle',
  scope: 'webhooks:read',
  summary: 'Lists the webhooks that a vehicle is subscribed to',
  description: 'Those of your license; an empty list for a vehicle that has none.',
  query: pageQuery,
  status: 200,
  answer: {
    description: 'One entry for each webhook.',
    schema: z.array(subscriptionView),
    example: [
      {
        webhookId: '3dfc572a-ea31-4e8e-8685-29fb4a24d0c2',
        assetDid: VEHICLE,
        createdAt: '2026-01-15T11:00:00.000Z',
        description: 'This webhook is used to notify when the speed of the vehicle exceeds 55 km/h.',
      },
    ],
  },
};

export const subscribeVehicle: OperationDefinition = {
  ...developers,
  id: 'subscribeVehicle',
  scope: 'webhooks:manage',
  idempotent: true,
  summary: 'Subscribes one vehicle to a webhook',
  status: 201,
  answer: {
    description: 'The vehicle is subscribed.',
    schema: messageAnswer,
    example: { message: 'Vehicle assigned successfully' },
  },
  problems: {
    403:
      'Your license lacks a permission on the vehicle that the metric needs, or has as many subscriptions as it may have: ' +
      'see `limit` and `most`.',
    404: UNKNOWN,
    503: 'Permissions cannot be had at the moment.',
  },
};

export const subscribeList: OperationDefinition = {
  ...developers,
  id: 'subscribeList',
  scope: 'webhooks:manage',
  idempotent: true,
  summary: 'Subscribes a list of vehicles to a webhook',
  description:
    'Up to 100,000. One entry that is no DID refuses the list; a vehicle without permission, or that there is no room ' +
    'for, only itself. Vehicles that are subscribed already are no failure: the call may be repeated.',
  body: lists,
  status: 200,
  answer: {
    description: 'Done.',
    schema: subscribedAnswer,
    example: { message: 'Subscribed 2 assets', subscribed: 2, alreadySubscribed: 0 },
  },
  later,
  problems: { 404: UNKNOWN, 413: 'The list is too long.', 429: TOO_MANY },
};

export const subscribeAll: OperationDefinition = {
  ...developers,
  id: 'subscribeAll',
  scope: 'webhooks:manage',
  idempotent: true,
  summary: 'Subscribes every vehicle that is shared with your license to a webhook',
  description:
    'Vehicles that are shared later need another call, which may be repeated at any time: those that are subscribed ' +
    'already are no failure. With `autoSubscribe` they join by themselves.',
  status: 200,
  answer: {
    description: 'Done.',
    schema: subscribedAnswer,
    example: {
      message: 'Subscribed 1 assets',
      subscribed: 1,
      alreadySubscribed: 3,
      failedSubscriptions: [{ assetDid: OTHER_VEHICLE, message: 'Insufficient vehicle permissions' }],
    },
  },
  later,
  problems: { 404: UNKNOWN, 429: TOO_MANY, 503: 'The list of shared vehicles cannot be had at the moment.' },
};

export const unsubscribeVehicle: OperationDefinition = {
  ...developers,
  id: 'unsubscribeVehicle',
  scope: 'webhooks:manage',
  summary: 'Unsubscribes one vehicle from a webhook',
  description: 'Also succeeds when it was not subscribed. What the webhook remembers of the vehicle is kept.',
  status: 200,
  answer: {
    description: 'The vehicle is not subscribed.',
    schema: messageAnswer,
    example: { message: 'Vehicle unsubscribed successfully' },
  },
  problems: { 404: UNKNOWN, 409: BY_ITSELF },
};

export const unsubscribeList: OperationDefinition = {
  ...developers,
  id: 'unsubscribeList',
  scope: 'webhooks:manage',
  summary: 'Unsubscribes a list of vehicles from a webhook',
  body: lists,
  status: 200,
  answer: {
    description: 'None of them is subscribed.',
    schema: unsubscribedAnswer,
    example: { message: 'Unsubscribed 2 assets', unsubscribed: 2 },
  },
  later,
  problems: { 404: UNKNOWN, 409: BY_ITSELF, 413: 'The list is too long.', 429: TOO_MANY },
};

export const unsubscribeAll: OperationDefinition = {
  ...developers,
  id: 'unsubscribeAll',
  scope: 'webhooks:manage',
  summary: 'Unsubscribes every vehicle from a webhook',
  status: 200,
  answer: {
    description: 'No vehicle is subscribed.',
    schema: unsubscribedAnswer,
    example: { message: 'Unsubscribed 2 vehicles', unsubscribed: 2 },
  },
  later,
  problems: { 404: UNKNOWN, 409: BY_ITSELF, 429: TOO_MANY },
};
