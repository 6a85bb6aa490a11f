/** A permission service that answers, but slowly, under a product that is to end. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { IdentityServer } from '../support/identity-server.js';
import { LICENSE, ProductSetup } from '../support/product-setup.js';
import { eventually } from '../support/product.js';
import { TokenExchangeServer } from '../support/token-exchange-server.js';

const CONTRACT = '0xbA5738a18d83D41847dfFbDC6101d37C69c9B0cF';
/** With 64 calls at once a list of a thousand takes half a minute. */
const ANSWER_MS = 2_000;
const VEHICLES = 1_000;

let setup: ProductSetup;
let identity: IdentityServer;
let exchange: TokenExchangeServer;

beforeAll(async () => {
  [setup, identity, exchange] = await Promise.all([
    ProductSetup.create(),
    IdentityServer.start(),
    TokenExchangeServer.start(),
  ]);
  identity.licenses.add(LICENSE);
  await setup.start({
    IDENTITY_API_URL: identity.url,
    TOKEN_EXCHANGE_GRPC_ADDR: exchange.address,
    VEHICLE_NFT_ADDRESS: CONTRACT,
    DIMO_REGISTRY_CHAIN_ID: '137',
    SHUTDOWN_GRACE_SECONDS: '12',
  });
});

afterAll(async () => {
  await setup?.stop();
  exchange?.stop();
  await identity?.stop();
});

test('a bulk call whose permissions take long does not keep the API from its end', async () => {
  exchange.answer = () => sleep(ANSWER_MS, { has_access: true });
  const developer = await setup.developer();
  const webhook = { targetURL: setup.receiver.url('/hook'), condition: 'true' };
  const { id } = await developer.watch(webhook, []);
  const assetDIDs = Array.from({ length: VEHICLES }, (_, tokenId) => `did:erc721:137:${CONTRACT}:${tokenId + 1}`);
  const cut = developer.call('POST', `/v1/webhooks/${id}/subscribe/list`, { assetDIDs }).catch(() => undefined);
  await eventually(() => exchange.calls.length > 0, 'the exchange is asked');
  expect(await setup.product.stop()).toBe(0);
  await cut;
});
