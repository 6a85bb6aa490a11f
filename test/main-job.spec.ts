/** The way of a signal through the running product: Kafka in, REST beside, a signed CloudEvent out over HTTPS. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { dataOf } from '@tripline/client';
import { CompressionTypes } from 'kafkajs';
import { Webhook } from 'standardwebhooks';
import type { Developer } from './support/developer.js';
import { ProductSetup } from './support/product-setup.js';
import { eventually } from './support/product.js';
import { VERIFICATION_TOKEN, type Received } from './support/receiver.js';
import { eventMessage, OTHER_VEHICLE, signalMessage, VEHICLE } from './support/stream.js';

/** Short times, so that giving up and stopping beside a hanging receiver can be waited for. */
const ENVIRONMENT = { DELIVERY_RETRY_SCHEDULE: '1s,1s', SHUTDOWN_GRACE_SECONDS: '4' };

let setup: ProductSetup;
let developer: Developer;
let paths = 0;

beforeAll(async () => {
  setup = await ProductSetup.create();
  await setup.start(ENVIRONMENT);
  developer = await setup.developer();
}, 60_000);

afterAll(() => setup?.stop(), 30_000);

/** A path of the receiver that no other test uses. */
const newPath = () => `/hook-${++paths}`;
const values = (received: Received[]) => received.map(({ event }) => event.data.signal.value as unknown);

describe('a firing', () => {
  test('reaches the target as the documented CloudEvent, signed with the secret that was shown once', async () => {
    const path = newPath();
    const { id, secret } = await developer.watch({ targetURL: setup.receiver.url(path), displayName: 'Speed Alert' }, [
      VEHICLE,
    ]);
    await setup.stream.send(setup.topics.signals, [signalMessage(VEHICLE, { speed: 59 })]);
    const [firing] = await setup.receiver.arrived(path, 1);
    expect(firing!.event).toMatchObject({
      source: 'vehicle-triggers-api',
      producer: id,
      specversion: '1.0',
      subject: VEHICLE,
      type: 'dimo.trigger',
      datacontenttype: 'application/json',
      dataversion: 'telemetry.signals/v1.0',
      data: {
        service: 'telemetry.signals',
        metricName: 'speed',
        webhookId: id,
        webhookName: 'Speed Alert',
        assetDID: VEHICLE,
        condition: 'value > 55',
        signal: { name: 'speed', unit: 'km/h', valueType: 'float64', value: 59 },
      },
    });
    const { headers, body } = firing!;
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'user-agent': expect.stringMatching(/^Tripline\//),
      'webhook-id': firing!.event.id,
      'x-webhook-event': 'trigger.fired',
      'x-webhook-attempt': '1',
    });
    expect(() => new Webhook(secret).verify(body, headers as Record<string, string>)).not.toThrow();
    expect(() => new Webhook(secret).verify(`${body} `, headers as Record<string, string>)).toThrow();
    const list = await dataOf(developer.api.GET('/v1/webhooks'));
    expect(JSON.stringify(list)).not.toContain(secret.slice('whsec_'.length));
  });

  test.each([
    ['snappy', CompressionTypes.Snappy],
    ['gzip', CompressionTypes.GZIP],
    ['no compression', CompressionTypes.None],
  ])('comes of records with %s', async (_, compression) => {
    const path = newPath();
    await developer.watch({ targetURL: setup.receiver.url(path) }, [VEHICLE]);
    await setup.stream.send(setup.topics.signals, [signalMessage(VEHICLE, { speed: 70 })], compression);
    expect(values(await setup.receiver.arrived(path, 1))).toEqual([70]);
  });

  test('comes of an event, and of a position', async () => {
    const [braking, fence] = [newPath(), newPath()];
    const event = { service: 'telemetry.events', metricName: 'HarshBraking', condition: 'durationNs > 1000' };
    await developer.watch({ ...event, targetURL: setup.receiver.url(braking) }, [VEHICLE]);
    const near = 'geoDistance(value.latitude, value.longitude, 54.7, 25.2) < 5.0';
    const location = { metricName: 'currentLocationCoordinates', condition: near };
    await developer.watch({ ...location, targetURL: setup.receiver.url(fence) }, [VEHICLE]);
    await setup.stream.send(setup.topics.events, [
      eventMessage(VEHICLE, 'behavior.harshBraking', { durationNs: 2000 }),
    ]);
    const position = { latitude: 54.71, longitude: 25.21 };
    await setup.stream.send(setup.topics.signals, [signalMessage(VEHICLE, { currentLocationCoordinates: position })]);
    expect((await setup.receiver.arrived(braking, 1))[0]!.event.data.event).toMatchObject({ durationNs: 2000 });
    expect(values(await setup.receiver.arrived(fence, 1))).toEqual([{ ...position, hdop: 0, heading: 0 }]);
  });

  test('is held back by the cool-down, counted in record time', async () => {
    const path = newPath();
    await developer.watch({ targetURL: setup.receiver.url(path), coolDownPeriod: 30 }, [VEHICLE]);
    const startMs = Date.now() - 120_000;
    const arrivals = [
      [0, 60],
      [10, 61],
      [29, 62],
      [30, 63],
      [59, 64],
      [60, 65],
    ] as const;
    const records = arrivals.map(([second, speed]) => ({
      ...signalMessage(VEHICLE, { speed }),
      timeMs: startMs + second * 1000,
    }));
    await setup.stream.send(setup.topics.signals, records);
    expect(values(await setup.receiver.arrived(path, 3)).sort()).toEqual([60, 63, 65]);
  });
});

test('a record produced after the answer to a change sees the change, every time', async () => {
  const path = newPath();
  const { id } = await developer.watch({ targetURL: setup.receiver.url(path), condition: 'value > 1000' }, [VEHICLE]);
  for (let round = 1; round <= 20; round++) {
    await developer.api.PUT('/v1/webhooks/{id}', {
      params: { path: { id } },
      body: { condition: `value == ${round}` },
    });
    await setup.stream.send(setup.topics.signals, [signalMessage(VEHICLE, { speed: round })]);
    await setup.receiver.arrived(path, round);
  }
  expect(values(setup.receiver.at(path))).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
});

test('a vehicle fires only between subscribing and unsubscribing, a webhook only while it is enabled', async () => {
  const path = newPath();
  const { id } = await developer.watch({ targetURL: setup.receiver.url(path), condition: 'true' }, []);
  const params = { path: { id } };
  const webhook = '/v1/webhooks/{id}';
  const steps: [change: () => Promise<unknown>, speed: number][] = [
    [() => Promise.resolve(), 1],
    [() => developer.subscribe(id, [VEHICLE]), 2],
    [() => developer.api.PUT(webhook, { params, body: { status: 'disabled' } }), 3],
    [() => developer.api.PUT(webhook, { params, body: { status: 'enabled' } }), 4],
    [() => developer.api.DELETE(`${webhook}/unsubscribe/{did}`, { params: { path: { id, did: VEHICLE } } }), 5],
    [() => developer.subscribe(id, [VEHICLE]), 6],
    [() => developer.api.DELETE(webhook, { params }), 7],
  ];
  for (const [change, speed] of steps) {
    await change();
    await setup.stream.send(setup.topics.signals, [signalMessage(VEHICLE, { speed })]);
    await eventually(
      async () => (await setup.product.metric('tripline_consumer_lag_records')) === 0,
      'the record is read',
    );
    if (speed === 6) await setup.receiver.arrived(path, 3);
  }
  expect(values(setup.receiver.at(path)).sort()).toEqual([2, 4, 6]);
});

test('poison between good messages is recorded and stops nothing', async () => {
  const path = newPath();
  await developer.watch({ targetURL: setup.receiver.url(path) }, [VEHICLE]);
  const good = (speed: number) => ({ ...signalMessage(VEHICLE, { speed }), partition: 0 });
  const halfBad = good(62);
  halfBad.value = String(halfBad.value).replace('"signals":[', '"signals":[{"name":"speed","valueNumber":"fast"},');
  const poison = [
    { value: 'oops', partition: 0 },
    { value: Buffer.from([0xff, 0, 1]), partition: 0 },
  ];
  await setup.stream.send(setup.topics.signals, [good(61), ...poison, halfBad, good(63)]);
  expect(values(await setup.receiver.arrived(path, 3)).sort()).toEqual([61, 62, 63]);
  const letters = await setup.admin('GET', '/v1/admin/dead-letters');
  expect(letters.body.data).toEqual(
    expect.arrayContaining([
      expect.objectContaining({
        topic: setup.topics.signals,
        partition: 0,
        reason: 'not_json',
        offset: expect.anything(),
      }),
      expect.objectContaining({ topic: setup.topics.signals, partition: 0, reason: 'bad_sample', index: 0 }),
    ]),
  );
});

test('a receiver that hangs holds up nobody else', async () => {
  const [hanging, healthy] = [newPath(), newPath()];
  setup.receiver.behave(hanging, () => undefined);
  await developer.watch({ targetURL: setup.receiver.url(hanging), condition: 'true' }, [OTHER_VEHICLE]);
  await developer.watch({ targetURL: setup.receiver.url(healthy), condition: 'true' }, [OTHER_VEHICLE]);
  const records = Array.from({ length: 50 }, (_, i) => signalMessage(OTHER_VEHICLE, { speed: i }));
  await setup.stream.send(setup.topics.signals, records);
  await setup.receiver.arrived(healthy, 50);
  expect(setup.receiver.at(hanging)).toEqual([]);
});

test('a delivery is tried again by the schedule, with the same id, and then given up', async () => {
  const [mended, broken] = [newPath(), newPath()];
  const tries: Record<string, Received[]> = { [mended]: [], [broken]: [] };
  for (const path of [mended, broken]) {
    setup.receiver.behave(path, (request, response) => {
      const count = tries[path]!.push(request);
      response.writeHead(path === mended && count === 3 ? 204 : 500).end();
    });
    await developer.watch({ targetURL: setup.receiver.url(path) }, [VEHICLE]);
  }
  const failedBefore = await setup.product.metric('tripline_deliveries_total', 'outcome="failed"');
  await setup.stream.send(setup.topics.signals, [signalMessage(VEHICLE, { speed: 80 })]);
  await eventually(
    async () => (await setup.product.metric('tripline_deliveries_total', 'outcome="failed"')) > failedBefore,
    'the delivery is given up',
  );
  await eventually(() => tries[mended]!.length === 3, 'the third try');
  for (const path of [mended, broken]) {
    expect(tries[path]!.map(({ headers }) => headers['x-webhook-attempt'])).toEqual(['1', '2', '3']);
    expect(new Set(tries[path]!.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  }
});

test('a restart in the middle loses nothing and repeats nothing', async () => {
  const path = newPath();
  await developer.watch({ targetURL: setup.receiver.url(path), condition: 'true' }, [VEHICLE]);
  const send = (from: number, to: number) =>
    setup.stream.send(
      setup.topics.signals,
      Array.from({ length: to - from }, (_, i) => signalMessage(VEHICLE, { speed: from + i })),
    );
  await send(0, 200);
  await setup.receiver.arrived(path, 1);
  expect(await setup.product.stop()).toBe(0);
  await send(200, 400);
  await setup.start(ENVIRONMENT);
  const received = await setup.receiver.arrived(path, 400);
  expect(values(received).sort((a, b) => Number(a) - Number(b))).toEqual(Array.from({ length: 400 }, (_, i) => i));
  expect(received.map(({ event }) => Number(event.sequence)).sort((a, b) => a - b)).toEqual(
    Array.from({ length: 400 }, (_, i) => i + 1),
  );
});

describe('a target is refused', () => {
  test('when it does not echo the token, and nothing is stored', async () => {
    const before = (await dataOf(developer.api.GET('/v1/webhooks'))).length;
    const answer = await developer.register({ targetURL: setup.receiver.url('/wrong'), verificationToken: 'another' });
    expect([answer.status, answer.body.step]).toEqual([400, 'token']);
    expect(JSON.stringify(answer.body)).not.toContain(VERIFICATION_TOKEN);
    expect(await dataOf(developer.api.GET('/v1/webhooks'))).toHaveLength(before);
  });

  test('on loopback, when the operator has not opened it; no connection is made', async () => {
    await setup.product.stop();
    const handshakes = setup.receiver.handshakes.length;
    await setup.start({ ...ENVIRONMENT, TARGET_ALLOW_CIDRS: undefined });
    const answer = await developer.register({ targetURL: setup.receiver.url('/closed') });
    expect([answer.status, answer.body.step]).toEqual([400, 'address']);
    expect(setup.receiver.handshakes).toHaveLength(handshakes);
  });
});
