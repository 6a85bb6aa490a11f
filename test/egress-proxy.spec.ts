/** The running product behind a proxy: whatever goes to a target goes through it, and nothing of its password is told. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { EgressProxy } from './support/egress-proxy.js';
import { ProductSetup } from './support/product-setup.js';
import { signalMessage, VEHICLE } from './support/stream.js';

const PASSWORD = 'the-password-of-the-proxy';

let setup: ProductSetup;
let proxy: EgressProxy;
let receiverPort: number;

beforeAll(async () => {
  setup = await ProductSetup.create();
  receiverPort = Number(new URL(setup.receiver.url()).port);
  proxy = await EgressProxy.start(() => receiverPort);
  await setup.start({ TARGET_PROXY_URL: proxy.url(`operator:${PASSWORD}`), LOG_LEVEL: 'debug' });
}, 60_000);

afterAll(async () => {
  await setup?.stop();
  await proxy?.stop();
}, 30_000);

test('the handshake and the delivery go through it', async () => {
  const developer = await setup.developer();
  await developer.watch({ targetURL: setup.receiver.url('/behind') }, [VEHICLE]);
  // The api and the delivery stage have connections of their own.
  expect(proxy.connects).toHaveLength(1);
  await setup.stream.send(setup.topics.signals, [signalMessage(VEHICLE, { speed: 60 })]);
  await setup.receiver.arrived('/behind', 1);
  expect(proxy.connects.map(({ authority }) => authority)).toEqual(Array(2).fill(`127.0.0.1:${receiverPort}`));
  const authorization = `Basic ${Buffer.from(`operator:${PASSWORD}`).toString('base64')}`;
  expect(proxy.connects.map(({ headers }) => headers['proxy-authorization'])).toEqual(Array(2).fill(authorization));
});

test('its password is in no line of the log', () => {
  expect(JSON.stringify(setup.product.lines)).not.toContain(PASSWORD);
});
