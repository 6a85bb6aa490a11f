import type { Name, Names, Plan } from './operation-calls.js';

/** A cursor of a list behind one of its entries. */
function behind(name: Name): Plan['query'] {
  return (names) => ({ limit: '1', cursor: Buffer.from(names[name] ?? '').toString('base64url') });
}

const SPEED = { service: 'telemetry.signals', metricName: 'speed', condition: 'value > 55' };
const LONG_AGO = '2020-01-01T00:00:00Z';

/** Adds up: what is changed is something else each time. */
let made = 0;

function target({ targetUrl, token }: Names): Record<string, unknown> {
  return { targetURL: targetUrl, verificationToken: token };
}

function endpointTarget({ targetUrl, token }: Names): Record<string, unknown> {
  return { url: targetUrl, verificationToken: token };
}

const aboutWebhook: readonly Plan[] = [{ id: 'webhook' }];
const vehiclesOf = (name: Name): Plan => ({
  ...{ id: 'webhook', usesUp: [name] },
  body: (names) => ({ assetDIDs: [names[name]] }),
});
const webhookChanges: readonly Plan[] = [
  { id: 'webhook', body: () => ({ description: `changed ${++made}` }) },
  { id: 'webhook', body: () => ({ autoSubscribe: true }), usesUp: ['webhook', 'watched', 'shared'] },
  {
    id: 'webhook',
    body: (names) => ({ endpointId: names.endpoint }),
    usesUp: ['webhook', 'endpoint', 'ownEndpoint', 'delivery'],
  },
  { id: 'webhook', body: (names) => ({ description: `moved ${++made}`, ...target(names) }) },
];
const endpointChanges: readonly Plan[] = [
  { id: 'endpoint', body: () => ({ description: `changed ${++made}` }) },
  { id: 'endpoint', body: (names) => ({ description: `moved ${++made}`, ...endpointTarget(names) }) },
];
const recoveries = (id: Name): readonly Plan[] => [
  { id, body: () => ({ since: LONG_AGO }), usesUp: ['delivery', 'ownEndpoint'] },
  { id, body: () => ({ since: LONG_AGO, dryRun: true }), status: 200, changesNothing: 'a dry run only counts' },
];
const logFilters: readonly Plan[] = [
  {},
  { query: ({ webhook }) => ({ webhookId: webhook }) },
  { query: ({ watched }) => ({ vehicle: watched }) },
];

/** How each operation is called, by its id: with one plan for each thing that it takes or leaves. */
export const PLANS: Readonly<Record<string, readonly Plan[]>> = {
  listSignals: [{}, { query: () => ({ limit: '1', cursor: Buffer.from('speed').toString('base64url') }) }],
  listEventNames: [{}, { query: () => ({ limit: '1', cursor: Buffer.from('b').toString('base64url') }) }],
  checkCondition: [{ body: () => SPEED, changesNothing: 'a condition is only read' }],
  evaluateCondition: [
    { body: () => ({ ...SPEED, sample: { value: 60 } }), changesNothing: 'a condition is only tried out' },
  ],

  listWebhooks: [{}, { query: behind('webhook') }],
  registerWebhook: [
    { body: (names) => ({ ...SPEED, ...target(names) }) },
    { body: ({ endpoint }) => ({ ...SPEED, endpointId: endpoint }), usesUp: ['endpoint'] },
  ],
  getWebhook: aboutWebhook,
  updateWebhook: webhookChanges,
  patchWebhook: webhookChanges,
  deleteWebhook: [
    {
      id: 'webhook',
      consequences: ['delivery.cancelled'],
      usesUp: ['webhook', 'watched', 'ownEndpoint', 'delivery'],
    },
  ],
  verifyWebhook: [{ id: 'webhook', body: ({ token }) => ({ verificationToken: token }) }],
  rotateWebhook: [{ id: 'webhook', body: () => ({}) }],
  testWebhook: [{ id: 'webhook', body: () => ({}), usesUp: ['ownEndpoint', 'delivery'] }],
  copyWebhook: aboutWebhook,
  getWebhookStats: aboutWebhook,
  getOverview: [{}],
  recoverWebhook: recoveries('webhook'),
  listStates: [{ id: 'webhook' }, { id: 'webhook', query: behind('watched') }],
  getState: [{ id: 'webhook', did: 'watched' }],

  listVehicles: [{ id: 'webhook' }, { id: 'webhook', query: behind('watched') }],
  listSubscriptionsOfVehicle: [{ did: 'watched' }, { did: 'watched', query: behind('webhook') }],
  subscribeVehicle: [{ id: 'webhook', did: 'shared', usesUp: ['shared'] }],
  subscribeList: [vehiclesOf('shared')],
  subscribeAll: [{ id: 'webhook', usesUp: ['shared'] }],
  unsubscribeVehicle: [{ id: 'webhook', did: 'watched', usesUp: ['watched'] }],
  unsubscribeList: [vehiclesOf('watched')],
  unsubscribeAll: [{ id: 'webhook', usesUp: ['watched', 'shared'] }],

  listEndpoints: [{}, { query: behind('endpoint') }],
  makeEndpoint: [{ body: endpointTarget }],
  getEndpoint: [{ id: 'endpoint' }, { id: 'ownEndpoint' }],
  updateEndpoint: endpointChanges,
  patchEndpoint: endpointChanges,
  deleteEndpoint: [{ id: 'endpoint', usesUp: ['endpoint'] }],
  verifyEndpoint: [{ id: 'endpoint', body: ({ token }) => ({ verificationToken: token }) }],
  rotateEndpoint: [{ id: 'endpoint', body: () => ({}) }],
  testEndpoint: [{ id: 'endpoint', body: () => ({}), usesUp: ['endpoint'] }],
  recoverEndpoint: recoveries('ownEndpoint'),

  listDeliveries: [
    ...logFilters,
    { query: ({ ownEndpoint }) => ({ endpointId: ownEndpoint }) },
    { query: behind('delivery') },
  ],
  getDelivery: [{ id: 'delivery' }],
  resendDelivery: [{ id: 'delivery', body: () => ({}), usesUp: ['delivery', 'ownEndpoint'] }],
  listEvents: [...logFilters, { query: behind('event') }],
  getEvent: [{ id: 'event' }],
  listEventTypes: [{}],
  openStream: [...logFilters, { headers: ({ place }) => ({ 'Last-Event-ID': place }) }],
  getOperation: [{ id: 'operation' }],

  listApiKeys: [{}, { query: behind('apiKey') }],
  makeApiKey: [{ body: () => ({ name: `key ${++made}`, scopes: ['api-keys:manage'] }) }],
  getApiKey: [{ id: 'apiKey' }],
  revokeApiKey: [{ id: 'apiKey', usesUp: ['apiKey'] }],

  getMe: [{}],

  listDeadLetters: [{}, { query: () => ({ cursor: Buffer.from('1').toString('base64url') }) }],
  getGrant: [{ did: 'shared' }],
  putGrant: [
    { did: 'shared', body: () => ({ permissions: ['privilege:GetNonLocationHistory'] }), usesUp: ['shared'] },
    {
      did: 'watched',
      body: () => ({ permissions: ['privilege:GetLocationHistory'] }),
      consequences: ['subscription.revoked'],
      usesUp: ['watched'],
    },
  ],
  deleteGrant: [
    { did: 'shared', usesUp: ['shared'] },
    { did: 'watched', consequences: ['subscription.revoked'], usesUp: ['watched'] },
  ],
  getQuota: [{}],
  putQuota: [{ body: () => ({ webhooks: 20 }) }],
};
