/** The pictures of the README: what is shown is made up here, how it is shown is the built product's. */
import { afterAll, beforeAll, test } from '@jest/globals';
import { mkdirSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { dataOf } from '@tripline/client';
import type { Page } from 'playwright-core';
import { eventually } from '../support/product.js';
import { eventMessage, OTHER_VEHICLE, signalMessage, VEHICLE } from '../support/stream.js';
import { Visit } from './browser.js';
import { ConsoleWorld } from './console-world.js';
import { NOW_MS, OVERVIEW } from './pictured-overview.js';
import { smallerPng } from './smaller-png.js';

const FOLDER = 'docs/pictures';
const WIDTH = 1280;
/** A receiver is down for so many attempts. */
const REFUSED = 2;
const THEMES = ['light', 'dark'] as const;

let world: ConsoleWorld;
let delivery: string;

beforeAll(async () => {
  world = await ConsoleWorld.start();
  mkdirSync(FOLDER, { recursive: true });
  await makeWebhooks();
}, 120_000);

afterAll(() => world?.stop(), 30_000);

test.each(THEMES)('Pictures in %s', async (theme) => {
  const visit = await Visit.open(world.browser, world.setup.product.url, { theme, width: WIDTH, pixelRatio: 2 });
  const { page } = visit;
  await visit.signIn();
  await takeEditor(visit, theme);
  await visit.goto(`/deliveries/${delivery}`);
  await page.getByText('Delivered', { exact: true }).first().waitFor();
  await take(page, `delivery-${theme}`);
  await takeLive(visit, theme);
  // The last, because nothing else works while the time stands still.
  await takeOverview(visit, theme);
  await visit.close();
});

async function takeOverview(visit: Visit, theme: string): Promise<void> {
  const { page } = visit;
  await page.clock.setFixedTime(NOW_MS);
  await page.route(/\/v1\/overview/, (route) => route.fulfill({ json: OVERVIEW }));
  await visit.goto('/');
  await page.getByRole('heading', { name: 'Needs attention' }).waitFor();
  await take(page, `overview-${theme}`);
}

async function takeEditor(visit: Visit, theme: string): Promise<void> {
  const { page } = visit;
  await visit.goto('/webhooks/new?from=speeding');
  await page.getByRole('textbox', { name: 'Condition' }).click();
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.type('value > 55 && value != previousValue');
  await page.keyboard.press('Escape');
  await page.getByRole('textbox', { name: 'Address' }).fill('https://fleet.example.com/tripline');
  await page.getByRole('textbox', { name: 'Display name' }).fill('Speeding in town');
  await page.getByRole('textbox', { name: 'Sample' }).fill('61');
  await page.getByRole('button', { name: 'Try the condition' }).click();
  await page.getByRole('list', { name: 'Clauses' }).waitFor();
  await page.getByText(/Fires when/).waitFor();
  await take(page, `editor-${theme}`);
  await visit.leave();
}

async function takeLive(visit: Visit, theme: string): Promise<void> {
  const { page } = visit;
  await visit.goto('/live');
  await page.getByText('Connected').waitFor();
  for (const speed of [61, 74]) {
    await drive(speed);
    await sleep(600);
  }
  await page
    .getByRole('log')
    .getByRole('link', { name: /Fired.*74/ })
    .first()
    .waitFor();
  await sleep(600);
  await take(page, `live-${theme}`);
}

/** As high as the page is: what is longer than a screen would end in mid-air. */
async function take(page: Page, name: string): Promise<void> {
  await page.evaluate(() => document.fonts.ready);
  await page.locator('.waiting').first().waitFor({ state: 'detached' });
  await page.mouse.move(0, 0);
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
  const height = await page.locator('main').evaluate((main) => Math.ceil(main.getBoundingClientRect().height));
  await page.setViewportSize({ width: WIDTH, height: Math.max(560, height) });
  await sleep(300);
  writeFileSync(`${FOLDER}/${name}.png`, smallerPng(await page.screenshot()));
  await page.setViewportSize({ width: WIDTH, height: 820 });
}

/** One after the other, as they happen. */
async function drive(speed: number): Promise<void> {
  const { stream, topics } = world.setup;
  const place = { latitude: 52.5163, longitude: 13.3775 };
  await stream.send(topics.signals, [signalMessage(VEHICLE, { speed, currentLocationCoordinates: place })]);
  await stream.send(topics.signals, [signalMessage(OTHER_VEHICLE, { speed: speed + 7.5 })]);
  await stream.send(topics.events, [eventMessage(OTHER_VEHICLE, 'behavior.harshBraking')]);
}

async function makeWebhooks(): Promise<void> {
  const { developer, setup } = world;
  const both = [VEHICLE, OTHER_VEHICLE];
  const make = (displayName: string, webhook: object) =>
    developer.watch({ targetURL: setup.receiver.url('/fleet'), displayName, ...webhook }, both);
  let asked = 0;
  setup.receiver.behave('/down', (_, response) => {
    const code = asked++ < REFUSED ? 503 : 204;
    setTimeout(() => response.writeHead(code).end(code === 503 ? 'The depot is closed.' : ''), 180);
  });
  const { id } = await make('Speeding in town', { targetURL: setup.receiver.url('/down'), retry: '1s,2s' });
  await drive(61);
  await eventually(async () => {
    const { data } = await dataOf(developer.api.GET('/v1/deliveries', { params: { query: { webhookId: id } } }));
    const found = data.find(({ status, attemptCount }) => status === 'delivered' && attemptCount > 1);
    delivery = found?.id ?? '';
    return found !== undefined;
  }, 'a delivery arrives at the third attempt');
  await make('At the gate', {
    ...{ metricName: 'currentLocationCoordinates', condition: 'value.latitude > 52.0' },
  });
  await make('Harsh braking', { service: 'events', metricName: 'behavior.harshBraking', condition: 'true' });
}
