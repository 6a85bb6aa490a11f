/** The running product between stand-ins for DIMO's services: who gets in, what is shared, withdrawn, granted again. */
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { expectStatus, request, type Developer } from './support/developer.js';
import { DIMO_CONTRACT as CONTRACT, DimoServices } from './support/dimo-services.js';
import { LICENSE, ProductSetup } from './support/product-setup.js';
import { eventually } from './support/product.js';
import { signalMessage } from './support/stream.js';
import { TokenExchangeServer } from './support/token-exchange-server.js';

const NON_LOCATION = 'privilege:GetNonLocationHistory';
const STRANGER = `0x${'2'.repeat(40)}`;
const HOUR_MS = 3_600_000;

let setup: ProductSetup;
let dimo: DimoServices;
let developer: Developer;
let webhookId: string;
let path: string;
let paths = 0;

beforeAll(async () => {
  [setup, dimo] = await Promise.all([ProductSetup.create(), DimoServices.start(LICENSE)]);
  await setup.start({
    ...dimo.settings,
    PERMISSION_CACHE_SECONDS: '1',
    // By the clock of this process every token has expired; by the database's it is good.
    NODE_OPTIONS: `--import ${new URL('support/clock.mjs', import.meta.url).href}`,
    TEST_CLOCK_FILE: setup.file('clock', String(2 * HOUR_MS)),
  });
  developer = await setup.developer();
}, 60_000);

afterAll(async () => {
  await setup?.stop();
  await dimo?.stop();
}, 30_000);

beforeEach(async () => {
  path = `/hook-${++paths}`;
  const webhook = { targetURL: setup.receiver.url(path), condition: 'true', retry: '1s,1s,1s,1s,1s,1s,1s,1s' };
  ({ id: webhookId } = await developer.watch(webhook, []));
});

const vehicle = (tokenId: number) => `did:erc721:137:${CONTRACT}:${tokenId}`;
const drive = (tokenId: number, speed: number) =>
  setup.stream.send(setup.topics.signals, [signalMessage(vehicle(tokenId), { speed })]);
const subscribe = (what: string) => developer.call('POST', `/v1/webhooks/${webhookId}/subscribe/${what}`);
const subscribed = async () => (await developer.call('GET', `/v1/webhooks/${webhookId}`)).body as string[];
const pending = async () =>
  (await developer.call('GET', `/v1/deliveries?webhookId=${webhookId}&status=pending`)).body.data as unknown[];
const speeds = () => setup.receiver.at(path).map(({ event }) => event.data.signal.value as number);
const grant = (tokenId: number) => dimo.exchange.grant(LICENSE, vehicle(tokenId), [NON_LOCATION]);
const ask = async (license: string) =>
  request(setup.product.url, await setup.issuer.issue({ license }), 'GET', '/v1/webhooks');

/** Resolves when the product has asked about the vehicle once more. */
const askedAbout = (tokenId: number) => {
  const count = () => dimo.exchange.calls.filter(({ asset }) => asset === vehicle(tokenId)).length;
  const before = count();
  return eventually(() => count() > before, `the exchange is asked about ${tokenId}`);
};

test('developer licenses get in, others do not, and when the register is out those who are known go on', async () => {
  expect((await ask(LICENSE)).status).toBe(200);
  expect(await ask(STRANGER)).toMatchObject({ status: 403, body: { message: 'JWT is not from a developer license' } });
  dimo.identity.answer = () => 'down';
  try {
    const unsure = await ask(`0x${'3'.repeat(40)}`);
    expect(unsure).toMatchObject({ status: 503, body: { message: 'Failed to verify developer license' } });
    expect(unsure.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
    expect((await ask(LICENSE)).status).toBe(200);
    expectStatus(await subscribe('all'), 503);
  } finally {
    dimo.identity.answer = () => 'tables';
  }
});

test('one, a list and all over pages are subscribed as far as they are permitted, and fire', async () => {
  const fleet = Array.from({ length: 250 }, (_, at) => at + 1);
  dimo.identity.share(LICENSE, fleet.map(vehicle));
  dimo.identity.share(LICENSE, [`did:erc721:1:${CONTRACT}:1`]);
  for (const tokenId of fleet.slice(2)) grant(tokenId);

  expect([(await subscribe(vehicle(3))).status, (await subscribe(vehicle(1))).status]).toEqual([201, 403]);
  const body = { assetDIDs: [2, 3, 4].map(vehicle) };
  const listed = await developer.call('POST', `/v1/webhooks/${webhookId}/subscribe/list`, body);
  expect(listed.body).toMatchObject({ subscribed: 1, alreadySubscribed: 1, failedSubscriptions: [{}] });
  const pages = dimo.identity.queries.length;
  expect((await subscribe('all')).body).toMatchObject({ subscribed: 246, alreadySubscribed: 2 });
  expect(dimo.identity.queries.slice(pages).filter(({ name }) => name === 'vehicles')).toHaveLength(3);
  expect((await subscribed()).sort()).toEqual(fleet.slice(2).map(vehicle).sort());

  await drive(3, 31);
  await drive(250, 32);
  await setup.receiver.arrived(path, 2);
  expect(dimo.exchange.calls.every(({ grantee, privileges }) => grantee === LICENSE && privileges.length > 0)).toBe(
    true,
  );
});

test('what its owner withdraws is delivered no more once the cache is over, and told; granted again it works at once', async () => {
  grant(1001);
  expectStatus(await subscribe(vehicle(1001)), 201);
  await drive(1001, 1);
  await setup.receiver.arrived(path, 1);
  dimo.exchange.revoke(LICENSE, vehicle(1001));
  let speed = 2;
  for (; (await subscribed()).length > 0; speed++) await drive(1001, speed);
  const { body: log } = await developer.call('GET', '/v1/events?type=subscription.revoked');
  expect(log.data).toMatchObject([{ data: { vehicle: vehicle(1001), webhookIds: [webhookId] } }]);

  // Whatever it was told before had been asked for while the "yes" was good.
  await eventually(async () => (await pending()).length === 0, 'nothing is on its way any more');
  const told = speeds().length;
  grant(1001);
  expectStatus(await subscribe(vehicle(1001)), 201);
  await drive(1001, speed);
  await eventually(() => speeds().includes(speed), 'the first firing after the grant');
  expect(speeds()).toHaveLength(told + 1);
});

test('while the exchange is out nothing is sent and nothing removed; when it is back, what fired arrives', async () => {
  const fleet = [2001, 2002, 2003, 2004, 2005, 2006, 2007, 2008];
  for (const tokenId of fleet) {
    grant(tokenId);
    expectStatus(await subscribe(vehicle(tokenId)), 201);
  }
  const { port, grants } = dimo.exchange;
  dimo.exchange.stop();
  const postponed = await setup.product.metric('tripline_deliveries_total', 'outcome="postponed"');
  for (const tokenId of fleet) await drive(tokenId, tokenId);
  await setup.product.logged(({ msg }) => msg.startsWith('The token exchange is out'));
  const waits = async () =>
    (await setup.product.metric('tripline_deliveries_total', 'outcome="postponed"')) - postponed;
  await eventually(async () => (await waits()) >= fleet.length, 'every delivery was put off');
  expectStatus(await subscribe(vehicle(2009)), 503);
  expect([speeds(), (await subscribed()).length]).toEqual([[], fleet.length]);

  dimo.exchange = await TokenExchangeServer.start(port);
  for (const [key, permissions] of grants) dimo.exchange.grants.set(key, permissions);
  await setup.receiver.arrived(path, fleet.length, 30_000);
  expect(speeds().sort()).toEqual(fleet);
  expect(await subscribed()).toHaveLength(fleet.length);
});

test('a vehicle of which the exchange cannot tell waits alone', async () => {
  for (const tokenId of [3001, 3002]) {
    grant(tokenId);
    expectStatus(await subscribe(vehicle(tokenId)), 201);
  }
  dimo.exchange.answer = (asked) =>
    asked.asset === vehicle(3001) ? { rich_error: { code: 500, err: 'chain is out' } } : dimo.exchange.fromTable(asked);
  const asked = askedAbout(3001);
  await drive(3001, 1);
  await drive(3002, 2);
  await setup.receiver.arrived(path, 1);
  await asked;
  expect([speeds(), (await subscribed()).length]).toEqual([[2], 2]);
  dimo.exchange.answer = (request) => dimo.exchange.fromTable(request);
  await setup.receiver.arrived(path, 2, 30_000);
});
