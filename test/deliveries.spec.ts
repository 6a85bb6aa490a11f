/** What becomes of deliveries in the running product when receivers misbehave, and how their owners see and mend it. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { followStream, type StreamEntry } from '@tripline/client';
import { Webhook } from 'standardwebhooks';
import { type Answer, type Developer, expectStatus } from './support/developer.js';
import { ProductSetup } from './support/product-setup.js';
import { eventually } from './support/product.js';
import { OWN_HOSTS, type Received, status, VERIFICATION_TOKEN } from './support/receiver.js';
import { headerNames, shapeOf } from './support/shape.js';
import { signalMessage } from './support/stream.js';

const RETRY = '1s,1s,1s';
/** Short times, so that what a process held is free soon after its death, and a withdrawn permission shows at once. */
const ENVIRONMENT = {
  DELIVERY_LEASE_SECONDS: '2',
  KAFKA_SESSION_TIMEOUT_MS: process.env.KAFKA_BROKERS ? '6000' : '2000',
  PERMISSION_CACHE_SECONDS: '1',
};

let setup: ProductSetup;
let developer: Developer;
let paths = 0;
let path: string;
let vehicle: string;

beforeAll(async () => {
  setup = await ProductSetup.create();
  await setup.start(ENVIRONMENT);
}, 60_000);

afterAll(() => setup?.stop(), 30_000);

beforeEach(async () => {
  path = `/hook-${++paths}`;
  // A license and a vehicle of its own, so that no test hears of another's.
  vehicle = `did:erc721:137:0xbA5738a18d83D41847dfFbDC6101d37C69c9B0cF:${paths}`;
  developer = await setup.developer(`0x${String(paths).padStart(40, '1')}`);
});

/** A webhook at `path` that fires for every record of the vehicle. */
const watch = (options: object = {}) =>
  developer.watch({ targetURL: setup.receiver.url(path), condition: 'true', retry: RETRY, ...options }, [vehicle]);
const drive = (...speeds: number[]) =>
  setup.stream.send(
    setup.topics.signals,
    speeds.map((speed) => signalMessage(vehicle, { speed })),
  );
const get = async (place: string): Promise<Answer['body']> => {
  const answer = await developer.call('GET', place);
  expectStatus(answer, 200);
  return answer.body;
};
const deliveriesOf = async (webhookId: string) =>
  (await get(`/v1/deliveries?webhookId=${webhookId}`)).data as {
    id: string;
    status: string;
    [member: string]: unknown;
  }[];
const settled = async (webhookId: string, outcome: string, count = 1, timeoutMs?: number) => {
  const having = async () => (await deliveriesOf(webhookId)).filter((delivery) => delivery.status === outcome);
  await eventually(async () => (await having()).length >= count, `${count} deliveries are ${outcome}`, timeoutMs);
  return having();
};
const attemptsOf = async (deliveryId: string) =>
  (await get(`/v1/deliveries/${deliveryId}`)).attempts as {
    number: number;
    outcome: string;
    [member: string]: unknown;
  }[];
const eventsOf = async (query: string) => (await get(`/v1/events?${query}`)).data as { type: string; data: never }[];
const attemptNumbers = (received: Received[]) => received.map(({ headers }) => headers['x-webhook-attempt']);
const speedsAt = (place: string) => setup.receiver.at(place).map(({ event }) => event.data.signal.value as number);

describe('a delivery', () => {
  test('that fails twice arrives with the third attempt, under one id, and every attempt can be looked at', async () => {
    setup.receiver.play(
      path,
      (response) => void response.writeHead(500, { 'x-reason': 'a deploy' }).end('not yet'),
      status(503),
      (response) => void response.end('thanks'),
    );
    const { id, secret } = await watch();
    await drive(70);
    const received = await setup.receiver.arrived(path, 3);
    expect(attemptNumbers(received)).toEqual(['1', '2', '3']);
    expect(new Set(received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    expect(new Set(received.map(({ body }) => body)).size).toBe(1);
    for (const { body, headers } of received) new Webhook(secret).verify(body, headers as Record<string, string>);

    const [delivery] = await settled(id, 'delivered');
    expect(delivery).toMatchObject({ webhookId: id, vehicle: vehicle, attemptCount: 3, lastStatusCode: 200 });
    const attempts = await attemptsOf(delivery!.id);
    expect(attempts.map(({ number, outcome, statusCode }) => ({ number, outcome, statusCode }))).toEqual([
      { number: 1, outcome: 'rejected', statusCode: 500 },
      { number: 2, outcome: 'rejected', statusCode: 503 },
      { number: 3, outcome: 'delivered', statusCode: 200 },
    ]);
    expect(attempts[0]).toMatchObject({ responseBody: 'not yet', responseHeaders: { 'x-reason': 'a deploy' } });
    expect(JSON.stringify(attempts)).not.toContain(received[0]!.headers['webhook-signature']);
  });

  test('that is answered 429 waits for as long as was asked, and so does all else for that endpoint', async () => {
    setup.receiver.play(path, status(429, { 'retry-after': '3' }), status(200));
    await watch({ retry: '10ms,10ms' });
    await drive(1);
    await setup.receiver.arrived(path, 1);
    const pausedAtMs = Date.now();
    await drive(2);
    await setup.receiver.arrived(path, 3);
    expect(Date.now() - pausedAtMs).toBeGreaterThanOrEqual(2_800);
    expect(speedsAt(path).sort()).toEqual([1, 1, 2]);
  });

  test.each<[what: string, misbehave: Parameters<ProductSetup['receiver']['play']>[1], outcome: string]>([
    ['is redirected to a forbidden address', status(302, { location: 'https://10.0.0.1/' }), 'redirect'],
    ['is never answered', () => undefined, 'timeout'],
    ['meets a connection whose other half is closed', (response) => void response.socket!.end(), 'connection'],
    ['meets a connection that is closed half-way', (response) => response.socket!.destroy(), 'connection'],
    [
      'is answered by a head and half a body',
      (response) => {
        response.writeHead(500, { 'content-length': '100' }).write('half');
        setTimeout(() => response.socket?.destroy(), 50);
      },
      'connection',
    ],
  ])('that %s is tried again', async (_, misbehave, outcome) => {
    setup.receiver.play(path, misbehave, status(204));
    const { id } = await watch({ timeoutSeconds: 1, retry: '1s' });
    await drive(1);
    await setup.receiver.arrived(path, 2);
    const [delivery] = await settled(id, 'delivered');
    const attempts = await attemptsOf(delivery!.id);
    expect(attempts.map((attempt) => attempt.outcome)).toEqual([outcome, 'delivered']);
  });

  test('whose answer never ends has arrived with its status, and little of the body is kept', async () => {
    setup.receiver.play(path, (response) => {
      response.writeHead(200);
      const flood = () => {
        while (!response.destroyed && response.write('x'.repeat(10_000)));
      };
      response.on('drain', flood);
      flood();
    });
    const { id } = await watch();
    await drive(1);
    const [delivery] = await settled(id, 'delivered');
    const [attempt] = await attemptsOf(delivery!.id);
    expect((attempt!.responseBody as string).length).toBe(16 * 1024);
    expect(attempt!.truncated).toBe(true);
  });

  test('to a server with a certificate for another name is not made, until the certificate is right', async () => {
    const { id } = await watch({ retry: '1s,1s,1s,1s,1s,1s,1s,1s' });
    await setup.receiver.impersonate(['somebody.example']);
    try {
      await drive(1);
      await eventually(async () => (await deliveriesOf(id))[0]?.attemptCount === 2, 'two attempts have failed');
      expect(setup.receiver.at(path)).toEqual([]);
    } finally {
      await setup.receiver.impersonate(OWN_HOSTS);
    }
    const [delivery] = await settled(id, 'delivered');
    expect((await attemptsOf(delivery!.id))[0]).toMatchObject({ outcome: 'tls', statusCode: null });
    expect(setup.receiver.at(path)).toHaveLength(1);
  });

  test('of a receiver that was down for the whole schedule is on record as failed, and arrives once it is recovered', async () => {
    const startedAt = new Date().toISOString();
    setup.receiver.play(path, status(503), status(503), status(503), status(503), status(200));
    const { id } = await watch();
    await drive(1);
    const [failed] = await settled(id, 'failed');
    expect(failed).toMatchObject({ attemptCount: 4, lastStatusCode: 503 });
    expect(await eventsOf(`type=delivery.failed&webhookId=${id}`)).toMatchObject([
      { webhookId: id, vehicle: vehicle, data: { deliveryId: failed!.id, attempts: 4 } },
    ]);
    const recover = (body: object) =>
      developer.call('POST', `/v1/webhooks/${id}/recover`, { since: startedAt, ...body });
    expect(await recover({ dryRun: true })).toMatchObject({ status: 200, body: { count: 1 } });
    expect(await recover({})).toMatchObject({ status: 202, body: { count: 1 } });
    const received = await setup.receiver.arrived(path, 5);
    expect(attemptNumbers(received)).toEqual(['1', '2', '3', '4', '5']);
    expect(await settled(id, 'delivered')).toMatchObject([{ id: failed!.id, attemptCount: 5 }]);
    expect(await recover({})).toMatchObject({ status: 202, body: { count: 0 } });
  });

  test('that arrived is sent again when its owner asks, with the same event id', async () => {
    const { id } = await watch();
    await drive(1);
    const [delivery] = await settled(id, 'delivered');
    const answer = await developer.call('POST', `/v1/deliveries/${delivery!.id}/resend`);
    expect(answer.status).toBe(202);
    const [first, second] = await setup.receiver.arrived(path, 2);
    expect(second!.headers['webhook-id']).toBe(first!.headers['webhook-id']);
    expect(second!.headers['x-webhook-delivery']).toBe(answer.body.deliveryId);
    expect(await settled(id, 'delivered', 2)).toHaveLength(2);
  });
});

describe('a process that is killed', () => {
  test.each<[when: string, kill: (id: string) => Promise<void>, answers: number]>([
    [
      'between two attempts',
      async (id) => eventually(async () => (await attemptCount(id)) === 1, 'a first attempt'),
      2,
    ],
    ['in the middle of an attempt', async () => void (await setup.receiver.arrived(path, 1)), 2],
  ])('%s makes the next one go on where it was', async (when, moment, answers) => {
    const isInTheMiddle = when.startsWith('in');
    setup.receiver.play(path, isInTheMiddle ? () => undefined : status(500), status(200));
    const { id } = await watch({ retry: '2s,2s' });
    await drive(1);
    await moment(id);
    await setup.product.kill();
    await setup.start(ENVIRONMENT);
    const received = await setup.receiver.arrived(path, answers);
    expect(new Set(received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    const [delivery] = await settled(id, 'delivered');
    // What was never settled does not count as an attempt; it is made again under its number.
    expect(delivery!.attemptCount).toBe(isInTheMiddle ? 1 : 2);
  });

  const attemptCount = async (id: string) => (await deliveriesOf(id))[0]?.attemptCount;
});

describe('an endpoint', () => {
  test('that answers 410 is left alone at once; what fires is held, and sent when it has proven itself again', async () => {
    const startedAt = new Date().toISOString();
    setup.receiver.play(path, status(410), status(200));
    const { id } = await watch();
    await drive(1);
    await settled(id, 'held');
    const view = await get(`/v1/webhooks/${id}/config`);
    expect(view).toMatchObject({ status: 'failed', statusReason: expect.stringContaining('410') });
    await drive(2, 3);
    await settled(id, 'held', 3);
    expect(setup.receiver.at(path)).toHaveLength(1);
    expect((await eventsOf(`webhookId=${id}&type=webhook.failed`)).length).toBe(1);

    const recover = () => developer.call('POST', `/v1/webhooks/${id}/recover`, { since: startedAt });
    expect((await recover()).status).toBe(409);
    expectStatus(
      await developer.call('POST', `/v1/webhooks/${id}/verify`, { verificationToken: VERIFICATION_TOKEN }),
      200,
    );
    expect(await get(`/v1/webhooks/${id}/config`)).toMatchObject({ status: 'enabled', statusReason: null });
    expect((await recover()).body).toEqual({ count: 3 });
    await setup.receiver.arrived(path, 4);
    expect(speedsAt(path).sort()).toEqual([1, 1, 2, 3]);
  });

  test('that is dead costs a request for each probe, not for each firing, and gets everything once it is back', async () => {
    let isBack = false;
    let refused = 0;
    setup.receiver.behave(path, (request, response) => {
      if (isBack) setup.receiver.received.push(request);
      else refused++;
      response.writeHead(isBack ? 200 : 500).end();
    });
    const { id } = await watch({ retry: '1m' });
    const others = `${path}-others`;
    await developer.watch({ targetURL: setup.receiver.url(others), condition: 'true' }, [vehicle]);
    const speeds = Array.from({ length: 40 }, (_, speed) => speed);
    await drive(...speeds);
    await setup.receiver.arrived(others, 40);
    await eventually(() => refused >= 5, 'the breaker has opened');
    await eventually(
      async () => (await setup.product.metric('tripline_open_breakers')) >= 1,
      'the operator sees it',
      40_000,
    );
    expect(refused).toBeLessThan(20);
    isBack = true;
    expect(await deliveriesOf(id)).toHaveLength(40);
    await eventually(() => setup.receiver.at(path).length >= 40 - refused, 'the rest arrives', 60_000);
  }, 90_000);

  test('gets no more requests in a second than its owner allows', async () => {
    const times: number[] = [];
    setup.receiver.behave(path, (_request, response) => {
      times.push(performance.now());
      response.end();
    });
    await watch({ maxPerSecond: 5 });
    await drive(...Array.from({ length: 20 }, (_, speed) => speed));
    await eventually(() => times.length === 20, 'all of them', 30_000);
    const most = Math.max(...times.map((start) => times.filter((at) => at >= start && at < start + 1_000).length));
    expect(most).toBeLessThanOrEqual(5);
  });

  test('that listens to everything hears of changes, firings and failures elsewhere, each once, and never of itself', async () => {
    const [ear, broken] = [`${path}-ear`, `${path}-broken`];
    const made = await developer.call('POST', '/v1/endpoints', {
      url: setup.receiver.url(ear),
      verificationToken: VERIFICATION_TOKEN,
      enabledEvents: ['*'],
    });
    expectStatus(made, 201);
    setup.receiver.play(broken, status(500));
    const { id } = await developer.watch({ targetURL: setup.receiver.url(broken), condition: 'true', retry: '10ms' }, [
      vehicle,
    ]);
    await drive(1);
    const types = () => setup.receiver.at(ear).map(({ event }) => event.type as string);
    const expected = [
      'dimo.trigger',
      'tripline.delivery.failed',
      'tripline.grant.changed',
      'tripline.subscription.created',
      'tripline.webhook.created',
    ];
    await eventually(() => expected.every((type) => types().includes(type)), 'all of it is heard');
    // A test at the end is the last thing that can be heard: whatever came twice came before.
    expectStatus(await developer.call('PATCH', `/v1/webhooks/${id}`, { description: 'the end' }), 200);
    await eventually(() => types().includes('tripline.webhook.updated'), 'the end is heard');
    expect(types().sort()).toEqual([...expected, 'tripline.webhook.updated'].sort());
    for (const { body, headers } of setup.receiver.at(ear)) {
      new Webhook(made.body.secret as string).verify(body, headers as Record<string, string>);
    }
  });
});

test('a permission that was withdrawn cancels what is pending and removes the subscription, and the owner is told', async () => {
  setup.receiver.play(path, status(500), status(200));
  const { id } = await watch({ retry: '2s' });
  await drive(1);
  await setup.receiver.arrived(path, 1);
  const grant = `/v1/admin/grants/${developer.license}/${encodeURIComponent(vehicle)}`;
  expectStatus(await setup.admin('DELETE', grant), 204);
  await settled(id, 'cancelled');
  expect(setup.receiver.at(path)).toHaveLength(1);
  await eventually(async () => (await get(`/v1/webhooks/${id}`)).length === 0, 'the subscription is gone');
  expect(await eventsOf('type=subscription.revoked')).toHaveLength(1);
}, 90_000);

test('the live view tells of a firing and of its delivery, and goes on where it was interrupted', async () => {
  const { id } = await watch();
  const seen: StreamEntry[] = [];
  const listen = async (lastEventId?: string): Promise<() => Promise<void>> => {
    const stopping = new AbortController();
    const connection = {
      baseUrl: setup.product.url,
      token: await setup.issuer.issue({ license: developer.license }),
    };
    let tell = () => {};
    const isConnected = new Promise<void>((resolve) => (tell = resolve));
    const reading = (async () => {
      const place = { ...(lastEventId !== undefined && { lastEventId }), onConnection: () => tell() };
      const options = { filter: { webhookId: id }, signal: stopping.signal, ...place };
      for await (const entry of followStream(connection, options)) seen.push(entry);
    })();
    await isConnected;
    return async () => {
      stopping.abort();
      await reading;
    };
  };
  const stop = await listen();
  await drive(1);
  await eventually(() => seen.length >= 2, 'the firing and its delivery are told');
  expect(seen.map(({ name }) => name)).toEqual(['trigger.fired', 'delivery.delivered']);
  await stop();
  await drive(2);
  await settled(id, 'delivered', 2);
  await (async () => {
    const again = await listen(seen.at(-1)!.id);
    await eventually(() => seen.length >= 4, 'what was missed is told');
    await again();
  })();
  expect(seen.map(({ name }) => name)).toEqual(Array(2).fill(['trigger.fired', 'delivery.delivered']).flat());
});

test('the copyable example, a test and a real firing have the same members, types and headers', async () => {
  const { id, secret } = await watch({ headers: { 'X-Tenant': 'seven' } });
  const tested = await developer.call('POST', `/v1/webhooks/${id}/test`);
  expect(tested).toMatchObject({ status: 200, body: { status: 'delivered', statusCode: 200 } });
  await drive(1);
  const [trial, real] = await setup.receiver.arrived(path, 2);
  const { example } = (await get(`/v1/webhooks/${id}/copyable`)) as { example: { headers: object; body: string } };

  const { livemode, ...ofTest } = trial!.event;
  expect(livemode).toBe(false);
  expect(shapeOf(ofTest)).toEqual(shapeOf(real!.event));
  expect(shapeOf(JSON.parse(example.body))).toEqual(shapeOf(real!.event));
  expect(headerNames(trial!.headers)).toEqual(headerNames(real!.headers));
  expect(headerNames({ ...example.headers })).toEqual(headerNames(real!.headers));
  new Webhook(secret).verify(trial!.body, trial!.headers as Record<string, string>);
  expect(await settled(id, 'delivered', 2)).toHaveLength(2);
});

test('while a secret is rotated both verify, and without an overlap neither of the old ones does', async () => {
  const { id, secret } = await watch();
  const rotated = await developer.call('POST', `/v1/webhooks/${id}/rotate`, { overlapHours: 1 });
  expectStatus(rotated, 200);
  await drive(1);
  const [{ body, headers } = { body: '', headers: {} }] = await setup.receiver.arrived(path, 1);
  for (const known of [secret, rotated.body.secret as string]) {
    expect(() => new Webhook(known).verify(body, headers as Record<string, string>)).not.toThrow();
  }
  expectStatus(await developer.call('POST', `/v1/webhooks/${id}/rotate`, { overlapHours: 0 }), 200);
  await drive(2);
  const [, last] = await setup.receiver.arrived(path, 2);
  for (const old of [secret, rotated.body.secret as string]) {
    expect(() => new Webhook(old).verify(last!.body, last!.headers as Record<string, string>)).toThrow();
  }
});

describe('a redirect', () => {
  let canary: Server;
  let connections = 0;

  beforeAll(async () => {
    canary = createServer((socket) => {
      connections++;
      socket.destroy();
    }).listen(0, '127.0.0.1');
    await once(canary, 'listening');
  });
  afterAll(() => void canary.close());

  test('to a place inside is never followed', async () => {
    const { port } = canary.address() as AddressInfo;
    setup.receiver.play(path, status(307, { location: `https://127.0.0.1:${port}/` }));
    const { id } = await watch({ retry: '10ms' });
    await drive(1);
    await settled(id, 'failed');
    expect(connections).toBe(0);
  });
});
