/**
 * Defects of the original service that no spec of a single part can show the absence of: the running product, with
 * stand-ins for DIMO's services on the other end of real connections. docs/compat.md names the test of each defect.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DimoPermissions } from '../src/access/dimo-permissions.js';
import { EVENT_PERMISSIONS } from '../src/core/catalog-events.js';
import { silentLog } from '../src/observability/log.js';
import { request, type Answer, type Developer } from './support/developer.js';
import { IdentityServer } from './support/identity-server.js';
import { LICENSE, ProductSetup } from './support/product-setup.js';
import { eventually, Product } from './support/product.js';
import type { Received } from './support/receiver.js';
import { signalMessage, VEHICLE } from './support/stream.js';
import { TokenExchangeServer } from './support/token-exchange-server.js';

/** Twenty seconds of patience in small steps. */
const RETRIES = { DELIVERY_RETRY_SCHEDULE: Array(20).fill('1s').join(',') };

/** Nothing listens there: the port is reserved (RFC 6335 §6). */
const NOBODY = 'http://127.0.0.1:1/keys';

let setup: ProductSetup;
let developer: Developer;
let paths = 0;

beforeAll(async () => {
  setup = await ProductSetup.create();
}, 60_000);

afterAll(() => setup?.stop(), 30_000);

/** A path of the receiver that no other test uses. */
const newPath = () => `/hook-${++paths}`;

async function restart(environment: Record<string, string | undefined> = {}): Promise<void> {
  await setup.product?.stop();
  await setup.start(environment);
  developer = await setup.developer();
}

const send = (vehicle: string, speed: number) =>
  setup.stream.send(setup.topics.signals, [signalMessage(vehicle, { speed })]);

async function config(id: string): Promise<{ status: string; failureCount: number }> {
  const { body } = await developer.call('GET', `/v1/webhooks/${id}/config`);
  return body as { status: string; failureCount: number };
}

describe('with grants of its own', () => {
  beforeAll(() => restart(RETRIES), 60_000);

  test('an outage of a receiver fails no webhook: what fired meanwhile arrives when it is back, and so do later firings', async () => {
    const path = newPath();
    let isDown = true;
    setup.receiver.behave(path, (received, response) => {
      if (!isDown) setup.receiver.received.push(received);
      response.writeHead(isDown ? 503 : 200).end();
    });
    const { id } = await developer.watch({ targetURL: setup.receiver.url(path) }, [VEHICLE]);
    const records = Array.from({ length: 30 }, (_, i) => signalMessage(VEHICLE, { speed: 100 + i }));
    await setup.stream.send(setup.topics.signals, records);
    await eventually(async () => (await config(id)).failureCount >= 5, 'failed firings are counted');
    expect((await config(id)).status).toBe('enabled');
    isDown = false;
    const speeds = (await setup.receiver.arrived(path, 30, 60_000)).map(
      ({ event }) => event.data.signal.value as number,
    );
    expect(speeds.sort()).toEqual(Array.from({ length: 30 }, (_, i) => 100 + i));
    await eventually(async () => (await config(id)).failureCount === 0, 'a success ends the count');
    await send(VEHICLE, 200);
    await setup.receiver.arrived(path, 31);
  }, 90_000);

  test('a late record can be told from its firing: the id begins with its time in the stream, and the sample has its own', async () => {
    const path = newPath();
    await developer.watch({ targetURL: setup.receiver.url(path) }, [VEHICLE]);
    const timeMs = Date.now() - 3_600_000;
    const message = signalMessage(VEHICLE, { speed: 70 });
    const value = String(message.value).replaceAll(/"timestamp":"[^"]*"/g, '"timestamp":"2026-01-15T12:00:00Z"');
    await setup.stream.send(setup.topics.signals, [{ ...message, value, timeMs }]);
    const [{ event }] = (await setup.receiver.arrived(path, 1)) as [Received];
    expect(parseInt(event.id.replace('-', '').slice(0, 12), 16)).toBe(timeMs);
    expect(event.data.signal.timestamp).toBe('2026-01-15T12:00:00Z');
  });

  const signal = { service: 'signals', metricName: 'vss.speed' };
  const location = { service: 'signals', metricName: 'vss.currentLocationCoordinates' };
  const event = { service: 'events', metricName: 'behavior.harshBraking' };
  test.each<[string, object, object, object | undefined]>([
    ['value * 0.621371 > 55.0', signal, { value: 100 }, undefined],
    ['value / previousValue > 2.0', signal, { value: 50 }, { value: 20 }],
    ['value + 10 > 55', signal, { value: 46 }, undefined],
    ['value % 2 == 0', signal, { value: 4 }, undefined],
    ["source == '0xF2'", signal, { value: 1, source: '0xF2' }, undefined],
    ['durationNs / 1000000000 > 5', event, { durationNs: '6000000000' }, undefined],
    ["'night' in tags", event, { tags: ['rain', 'night'] }, undefined],
    ['value.heading > 180', location, { value: { latitude: 1, longitude: 1, heading: 270 } }, undefined],
  ])('%s is accepted, and means what it says', async (condition, metric, sample, previous) => {
    const trial = { ...metric, condition, sample, ...(previous === undefined ? {} : { previous }) };
    const { status, body } = await developer.call('POST', '/v1/conditions/evaluate', trial);
    expect([status, body.outcome]).toEqual([200, 'fired']);
    const registered = await developer.register({ ...metric, condition, targetURL: setup.receiver.url(newPath()) });
    expect(registered.status).toBe(201);
  });
});

describe("with DIMO's services", () => {
  let identity: IdentityServer;
  let exchange: TokenExchangeServer;

  const NON_LOCATION = 'privilege:GetNonLocationHistory';
  const vehicle = (tokenId: number) => `did:erc721:137:0xbA5738a18d83D41847dfFbDC6101d37C69c9B0cF:${tokenId}`;

  beforeAll(async () => {
    [identity, exchange] = await Promise.all([IdentityServer.start(), TokenExchangeServer.start()]);
    identity.licenses.add(LICENSE);
    await restart({ IDENTITY_API_URL: identity.url, TOKEN_EXCHANGE_GRPC_ADDR: exchange.address });
  }, 60_000);

  afterAll(async () => {
    await setup.product?.stop();
    exchange?.stop();
    await identity?.stop();
  });

  /** A webhook that fires for every speed, at a path of its own. */
  async function everySpeed(): Promise<{ id: string; path: string }> {
    const path = newPath();
    const { id } = await developer.watch({ targetURL: setup.receiver.url(path), condition: 'true' }, []);
    return { id, path };
  }

  test('subscribing all takes a fleet over all pages, one forbidden vehicle hinders no other, and the next call adds what is new', async () => {
    const fleet = Array.from({ length: 250 }, (_, i) => vehicle(i + 1));
    identity.share(LICENSE, fleet);
    for (const did of fleet) exchange.grant(LICENSE, did, [NON_LOCATION]);
    exchange.revoke(LICENSE, vehicle(100));
    const failedSubscriptions = [{ assetDid: vehicle(100), message: 'Insufficient vehicle permissions' }];
    const { id, path } = await everySpeed();
    const subscribeAll = () => developer.call('POST', `/v1/webhooks/${id}/subscribe/all`);

    const first = await subscribeAll();
    const counts = { message: 'Subscribed 249 assets', subscribed: 249, alreadySubscribed: 0 };
    expect([first.status, first.body]).toEqual([200, { ...counts, failedSubscriptions }]);
    expect((await developer.call('GET', `/v1/webhooks/${id}`)).body).toHaveLength(249);
    // Newest vehicles come first, so this one was on the last page.
    await send(vehicle(1), 1);
    await setup.receiver.arrived(path, 1);

    identity.share(LICENSE, [vehicle(251)]);
    exchange.grant(LICENSE, vehicle(251), [NON_LOCATION]);
    const calls = exchange.calls.length;
    const second = await subscribeAll();
    expect(second.body).toMatchObject({ subscribed: 1, alreadySubscribed: 249, failedSubscriptions });
    // The new one once, the forbidden one twice, since a "no" is looked at again; of the others the answer is known.
    expect(
      exchange.calls
        .slice(calls)
        .map(({ asset }) => asset)
        .sort(),
    ).toEqual([vehicle(100), vehicle(100), vehicle(251)]);
    await send(vehicle(251), 2);
    const firings = await setup.receiver.arrived(path, 2);
    expect(firings.map(({ event }) => event.subject)).toEqual([vehicle(1), vehicle(251)]);
  });

  test('a vehicle that was refused is subscribed as soon as its owner has granted it, stays so, and fires', async () => {
    const { id, path } = await everySpeed();
    const subscribe = () => developer.call('POST', `/v1/webhooks/${id}/subscribe/${vehicle(1000)}`);
    expect((await subscribe()).status).toBe(403);
    exchange.grant(LICENSE, vehicle(1000), [NON_LOCATION]);
    expect((await subscribe()).status).toBe(201);
    for (const speed of [1, 2, 3]) await send(vehicle(1000), speed);
    await setup.receiver.arrived(path, 3);
    expect((await developer.call('GET', `/v1/webhooks/${id}`)).body).toEqual([vehicle(1000)]);
  });

  test('an identity service that answers with errors keeps out no known developer, calls no stranger a non-developer, and holds up no firing', async () => {
    const { id, path } = await everySpeed();
    exchange.grant(LICENSE, vehicle(2000), [NON_LOCATION]);
    await developer.call('POST', `/v1/webhooks/${id}/subscribe/${vehicle(2000)}`);
    const stranger = await setup.developer('0x9876543210987654321098765432109876543210');
    identity.answer = () => ({ status: 200, body: '{"errors":[{"message":"database is down"}],"data":null}' });
    try {
      const unsure = await stranger.call('GET', '/v1/webhooks');
      expect([unsure.status, unsure.body.message]).toEqual([503, 'Failed to verify developer license']);
      expect((await developer.call('GET', '/v1/webhooks')).status).toBe(200);
      await send(vehicle(2000), 1);
      await setup.receiver.arrived(path, 1);
    } finally {
      identity.answer = () => 'tables';
    }
    const sure = await stranger.call('GET', '/v1/webhooks');
    expect([sure.status, sure.body.message]).toEqual([403, 'JWT is not from a developer license']);
  });

  test('the permissions that a metric needs are read by all checks and rearranged by none', async () => {
    const provider = new DimoPermissions({
      identityUrl: identity.url,
      tokenExchangeAddress: exchange.address,
      cacheSeconds: 0,
      log: silentLog,
    });
    const shared = Object.freeze([...EVENT_PERMISSIONS].sort().reverse());
    try {
      await Promise.all([3000, 3001].map((tokenId) => provider.check(LICENSE, [vehicle(tokenId)], shared)));
    } finally {
      provider.close();
    }
    const asked = exchange.calls.filter(({ asset }) => [vehicle(3000), vehicle(3001)].includes(asset));
    expect(asked.map(({ privileges }) => privileges)).toEqual(Array(2).fill([...shared].sort()));
  });
});

describe('a token issuer', () => {
  test('that is out stops neither the start nor firings; developers are told to come back', async () => {
    await restart();
    const path = newPath();
    await developer.watch({ targetURL: setup.receiver.url(path) }, [VEHICLE]);
    await restart({ JWK_KEY_SET_URL: NOBODY });
    await send(VEHICLE, 60);
    await setup.receiver.arrived(path, 1);
    const answer = await developer.call('GET', '/v1/webhooks');
    expect([answer.status, answer.body.message]).toEqual([503, 'Failed to verify JWT']);
  }, 60_000);

  test('is believed only for the issuer and the audience that are configured', async () => {
    const expected = { iss: 'https://auth.example', aud: 'triggers' };
    await restart({ JWT_ISSUER: expected.iss, JWT_AUDIENCE: expected.aud });
    const ask = async (claims: { iss?: string; aud?: string }): Promise<Answer> => {
      const token = await setup.issuer.issue({ license: LICENSE, claims });
      return request(setup.product.url, token, 'GET', '/v1/webhooks');
    };
    const claims = [expected, { iss: expected.iss }, { ...expected, aud: 'other' }, { ...expected, iss: 'https://x' }];
    const statuses = (await Promise.all(claims.map(ask))).map(({ status }) => status);
    expect(statuses).toEqual([200, 401, 401, 401]);
  }, 60_000);
});

test('API, engine and delivery work together from a process each, and the engine and delivery go on without the API', async () => {
  await setup.product?.stop();
  const others = ['engine', 'delivery'].map((ROLE) => Product.launch({ environment: { ...setup.environment, ROLE } }));
  try {
    await restart({ ROLE: 'api' });
    await Promise.all(others.map((other) => other.logged(({ msg }) => msg === 'started')));
    const path = newPath();
    await developer.watch({ targetURL: setup.receiver.url(path) }, [VEHICLE]);
    await send(VEHICLE, 61);
    await setup.receiver.arrived(path, 1);
    await setup.product.kill();
    await send(VEHICLE, 62);
    await setup.receiver.arrived(path, 2);
  } finally {
    await Promise.all(others.map((other) => other.stop()));
  }
}, 60_000);
