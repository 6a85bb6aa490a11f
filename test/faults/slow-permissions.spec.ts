/** A permission service that answers, but slowly, under a product that is to end. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { DIMO_CONTRACT as CONTRACT, DimoServices } from '../support/dimo-services.js';
import { LICENSE, ProductSetup } from '../support/product-setup.js';
import { eventually } from '../support/product.js';

/** With 64 calls at once a list of a thousand takes half a minute. */
const ANSWER_MS = 2_000;
const VEHICLES = 1_000;

let setup: ProductSetup;
let dimo: DimoServices;

beforeAll(async () => {
  [setup, dimo] = await Promise.all([ProductSetup.create(), DimoServices.start(LICENSE)]);
  await setup.start({
    ...dimo.settings,
    SHUTDOWN_GRACE_SECONDS: '12',
  });
});

afterAll(async () => {
  await setup?.stop();
  await dimo?.stop();
});

test('a bulk call whose permissions take long does not keep the API from its end', async () => {
  dimo.exchange.answer = () => sleep(ANSWER_MS, { has_access: true });
  const developer = await setup.developer();
  const webhook = { targetURL: setup.receiver.url('/hook'), condition: 'true' };
  const { id } = await developer.watch(webhook, []);
  const assetDIDs = Array.from({ length: VEHICLES }, (_, tokenId) => `did:erc721:137:${CONTRACT}:${tokenId + 1}`);
  const cut = developer.call('POST', `/v1/webhooks/${id}/subscribe/list`, { assetDIDs }).catch(() => undefined);
  await eventually(() => dimo.exchange.calls.length > 0, 'the exchange is asked');
  expect(await setup.product.stop()).toBe(0);
  await cut;
});
