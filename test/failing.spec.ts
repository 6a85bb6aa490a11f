/** A webhook whose receiver fails too often, in a product that gives up after a few failed firings. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Developer, expectStatus } from './support/developer.js';
import { ProductSetup } from './support/product-setup.js';
import { eventually } from './support/product.js';
import { status, VERIFICATION_TOKEN } from './support/receiver.js';
import { signalMessage, VEHICLE } from './support/stream.js';

const PATH = '/hook';

let setup: ProductSetup;
let developer: Developer;

beforeAll(async () => {
  setup = await ProductSetup.create();
  await setup.start({ MAX_WEBHOOK_FAILURE_COUNT: '4', DELIVERY_RETRY_SCHEDULE: '1h' });
  developer = await setup.developer();
}, 60_000);

afterAll(() => setup?.stop(), 30_000);

test('its owner is warned twice, then it is given up, counted over firings; enabled again, it gets what was held', async () => {
  const startedAt = new Date().toISOString();
  setup.receiver.play(PATH, status(500));
  const { id } = await developer.watch({ targetURL: setup.receiver.url(PATH), condition: 'true' }, [VEHICLE]);
  const view = async () =>
    (await developer.call('GET', `/v1/webhooks/${id}/config`)).body as {
      status: string;
      statusReason: string;
      failureCount: number;
    };
  const events = async (type: string) =>
    (await developer.call('GET', `/v1/events?webhookId=${id}&type=${type}`)).body.data as {
      data: { percent: number };
    }[];
  const drive = (speed: number) => setup.stream.send(setup.topics.signals, [signalMessage(VEHICLE, { speed })]);

  for (const speed of [1, 2, 3]) {
    await drive(speed);
    await eventually(async () => (await view()).failureCount === speed, `${speed} firings have failed`, 40_000);
  }
  await eventually(async () => (await events('webhook.failing')).length === 2, 'two warnings');
  expect((await events('webhook.failing')).map(({ data }) => data.percent)).toEqual([75, 50]);
  expect(await view()).toMatchObject({ status: 'enabled' });

  await drive(4);
  await eventually(async () => (await view()).status === 'failed', 'the webhook is given up', 40_000);
  expect((await view()).statusReason).toMatch(/4/);
  await drive(5);
  const held = async () =>
    ((await developer.call('GET', `/v1/deliveries?webhookId=${id}&status=held`)).body.data as unknown[]).length;
  await eventually(async () => (await held()) === 5, 'what fires now is held, and so is what was to be tried again');

  setup.receiver.play(PATH, status(200));
  expectStatus(await developer.call('PATCH', `/v1/webhooks/${id}`, { status: 'enabled' }), 200);
  const recovered = await developer.call('POST', `/v1/webhooks/${id}/recover`, { since: startedAt });
  expect(recovered).toMatchObject({ status: 202, body: { count: 5 } });
  await eventually(
    () => new Set(setup.receiver.at(PATH).map(({ event }) => event.data.signal.value as number)).size === 5,
    'all five have arrived',
  );
  await eventually(async () => (await view()).failureCount === 0, 'the count begins anew');
  expect(
    await developer.call('POST', `/v1/webhooks/${id}/verify`, { verificationToken: VERIFICATION_TOKEN }),
  ).toMatchObject({ status: 200 });
}, 120_000);
