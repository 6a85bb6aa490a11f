/** A license that has something of everything, for pages to show. */
import { dataOf } from '@tripline/client';
import type { Schema } from '@tripline/client';
import { expectStatus } from '../support/developer.js';
import { eventually } from '../support/product.js';
import { status, VERIFICATION_TOKEN } from '../support/receiver.js';
import { eventMessage, OTHER_VEHICLE, signalMessage, VEHICLE } from '../support/stream.js';
import type { ConsoleWorld } from './console-world.js';

/** Ids, by what they are of. */
export interface Seeded {
  webhooks: { delivered: string; failing: string; failed: string; gone: string; disabled: string; shared: string };
  deliveries: { delivered: string; pending: string; failed: string; held: string };
  endpoint: string;
  firing: string;
  change: string;
  key: string;
  /** Of a key that may see webhooks and nothing else. */
  readerToken: string;
}

/** Nobody breaks it but the page. */
const LONG_NAME = 'Departures.from.the.depot.Hohenschönhausen-Lichtenberg_outside_of_working_hours';
/** Later than the request arrives, sooner than a page is looked at. */
const SOON_MS = 3_000;
const CIRCLE = 'geoDistance(value.latitude, value.longitude, 52.5163, 13.3777) < 1.0';

/** Makes webhooks of several kinds, lets vehicles drive, and waits until each kind of outcome is there. */
export async function seed(world: ConsoleWorld): Promise<Seeded> {
  const { receiver } = world.setup;
  receiver.play('/failing', status(503));
  receiver.play('/failed', status(500));
  receiver.play('/gone', status(410));
  const keys = makeKeys(world);
  const endpoint = await makeEndpoint(world);
  const webhooks = await makeWebhooks(world, endpoint);
  await drive(world, webhooks.gone);
  const deliveries = {
    delivered: await deliveryOf(world, webhooks.delivered, 'delivered'),
    pending: await deliveryOf(world, webhooks.failing, 'pending'),
    failed: await deliveryOf(world, webhooks.failed, 'failed'),
    held: await deliveryOf(world, webhooks.gone, 'held'),
  };
  await world.developer.call('POST', `/v1/webhooks/${webhooks.delivered}/rotate`, { overlapHours: 24 });
  await world.developer.call('PATCH', `/v1/webhooks/${webhooks.disabled}`, { coolDownPeriod: 90 });
  return {
    ...{ webhooks, deliveries, endpoint },
    firing: await eventOf(world, 'trigger.fired'),
    change: await eventOf(world, 'webhook.updated'),
    ...(await keys),
  };
}

async function makeWebhooks({ developer, setup }: ConsoleWorld, endpoint: string): Promise<Seeded['webhooks']> {
  const both = [VEHICLE, OTHER_VEHICLE];
  const watch = async (displayName: string, path: string, more: object = {}) => {
    const { id } = await developer.watch({ targetURL: setup.receiver.url(path), displayName, ...more }, both);
    return id;
  };
  const shared = await developer.call('POST', '/v1/webhooks', {
    ...{ service: 'events', metricName: 'behavior.harshBraking', condition: 'true', coolDownPeriod: 60 },
    ...{ endpointId: endpoint, autoSubscribe: true, displayName: 'Harsh braking' },
  });
  expectStatus(shared, 201);
  const location = { metricName: 'currentLocationCoordinates', condition: CIRCLE };
  await watch('At the gate', '/hook', { ...location, coolDownPeriod: 300 });
  return {
    delivered: await watch('Speeding', '/hook', { coolDownPeriod: 0, description: 'For the dispatcher.' }),
    failing: await watch('Speeding in town', '/failing', { condition: 'value > 55 && value != previousValue' }),
    failed: await watch('Speed of the night bus', '/failed', { retry: '10ms' }),
    gone: await watch('A target that is gone', '/gone'),
    disabled: await watch(LONG_NAME, '/hook', {
      metricName: 'powertrainTransmissionTravelledDistance',
      ...{ condition: 'value > 10000 && value - previousValue > 5000', status: 'disabled' },
    }),
    shared: (shared.body as { id: string }).id,
  };
}

async function makeEndpoint({ developer, setup }: ConsoleWorld): Promise<string> {
  const { id } = await dataOf(
    developer.api.POST('/v1/endpoints', {
      body: {
        url: setup.receiver.url('/fleet/backend/with/a/path/that/is/long/enough/to/break'),
        verificationToken: VERIFICATION_TOKEN,
        description: 'Fleet backend',
        enabledEvents: ['webhook.*'],
      },
    }),
  );
  return id;
}

async function makeKeys({ developer }: ConsoleWorld): Promise<Pick<Seeded, 'key' | 'readerToken'>> {
  const make = (body: Schema<'NewApiKey'>) => dataOf(developer.api.POST('/v1/api-keys', { body }));
  const soon = new Date(Date.now() + SOON_MS).toISOString();
  await make({ name: 'a trial that is over', scopes: ['events:read'], expiresAt: soon });
  const key = await make({ name: 'terraform', scopes: ['workspace:webhooks', 'api-keys:manage'] });
  const reader = await make({ name: 'fleet dashboard', scopes: ['webhooks:read'] });
  const revoked = await make({ name: 'of somebody who left', scopes: ['webhooks:read', 'webhooks:manage'] });
  await developer.api.DELETE('/v1/api-keys/{id}', { params: { path: { id: revoked.id } } });
  return { key: key.id, readerToken: reader.key };
}

/** Twice: what is fired after a target is gone is held. */
async function drive({ setup, developer }: ConsoleWorld, gone: string): Promise<void> {
  const { stream, topics } = setup;
  await stream.send(topics.signals, [
    signalMessage(VEHICLE, { speed: 61, currentLocationCoordinates: { latitude: 52.5163, longitude: 13.3775 } }),
    signalMessage(OTHER_VEHICLE, { speed: 74.5 }),
  ]);
  await stream.send(topics.events, [
    eventMessage(VEHICLE, 'behavior.harshBraking', { metadata: '{"counterValue":1}' }),
  ]);
  await eventually(async () => {
    const webhook = await developer.call('GET', `/v1/webhooks/${gone}/config`);
    return (webhook.body as { status?: string }).status === 'failed';
  }, 'the target is gone');
  await stream.send(topics.signals, [signalMessage(VEHICLE, { speed: 82 })]);
}

async function deliveryOf(
  { developer }: ConsoleWorld,
  webhookId: string,
  wanted: Schema<'Delivery'>['status'],
): Promise<string> {
  let id: string | undefined;
  await eventually(async () => {
    const query = { webhookId, status: wanted };
    const { data } = await dataOf(developer.api.GET('/v1/deliveries', { params: { query } }));
    id = data.find(({ attemptCount }) => wanted === 'held' || attemptCount > 0)?.id;
    return id !== undefined;
  }, `a delivery is ${wanted}`);
  return id!;
}

async function eventOf({ developer }: ConsoleWorld, type: string): Promise<string> {
  const { data } = await dataOf(developer.api.GET('/v1/events', { params: { query: { type } } }));
  if (data[0] === undefined) throw new Error(`nothing in the log is ${type}`);
  return data[0].id;
}
