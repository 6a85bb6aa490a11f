/** Without a mouse, and without a screen. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { ConsoleWorld } from './console-world.js';
import type { Visit } from './browser.js';

const TABS_MAX = 60;

let world: ConsoleWorld;
let visit: Visit;
let page: Page;

beforeAll(async () => {
  world = await ConsoleWorld.start();
  const targetURL = world.setup.receiver.url();
  for (const displayName of ['Alpha', 'Beta', 'Gamma']) await world.developer.register({ targetURL, displayName });
  visit = await world.visit({ theme: 'light', width: 1280 });
  ({ page } = visit);
  page.setDefaultTimeout(10_000);
}, 60_000);

afterAll(() => world?.stop(), 30_000);

const heading = (name: string) => page.getByRole('heading', { level: 1, name }).waitFor();

/** Whether what has the focus, or something around it, is of a selector. */
const isWithin = (selector: string) =>
  page.evaluate((asked) => document.activeElement?.closest(asked) !== null, selector);

/** Until that is so: the page gives the focus back some frames after what had it is gone. */
const focusWithin = (selector: string) =>
  page.waitForFunction((asked) => document.activeElement?.closest(asked) !== null, selector);

async function tabTo(selector: string): Promise<void> {
  for (let count = 0; count < TABS_MAX; count++) {
    await page.keyboard.press('Tab');
    if (await isWithin(selector)) return;
  }
  throw new Error(`${TABS_MAX} times Tab, and ${selector} has not got the focus`);
}

async function keys(...pressed: string[]): Promise<void> {
  for (const key of pressed) await page.keyboard.press(key);
}

/** Whatever a key began is over: both frames in which React shows it. */
const settled = () =>
  page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));

test('One signs in with Enter', async () => {
  await visit.goto('/');
  await page.getByText('The demo’s token is filled in.').waitFor();
  await tabTo('input[type=password]');
  await keys('Enter');
  await heading('Overview');
});

test('The first Tab leads past the places, to the page', async () => {
  await visit.goto('/webhooks');
  await heading('Webhooks');
  await keys('Tab');
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Skip to the page');
  await keys('Enter');
  await focusWithin('main');
  await keys('Tab');
  expect(await isWithin('main a, main button')).toBe(true);
});

test('Two letters go to a page, arrows from row to row, and Enter opens one', async () => {
  await keys('g', 'o');
  await heading('Overview');
  await keys('g', 'w');
  await heading('Webhooks');
  await page.getByRole('link', { name: 'Alpha' }).waitFor();
  await tabTo('.row-link');
  await keys('ArrowDown', 'ArrowDown', 'ArrowUp', 'Enter');
  await heading('Beta');
});

test('A slash leads to the filter, and letters that are typed there go nowhere', async () => {
  await keys('g', 'w');
  await heading('Webhooks');
  await page.getByRole('link', { name: 'Alpha' }).waitFor();
  await keys('/');
  await focusWithin('[type=search]');
  await page.keyboard.type('gon?');
  expect(await page.getByRole('searchbox', { name: 'Search' }).inputValue()).toBe('gon?');
  await heading('Webhooks');
});

test('A question mark shows the keys, Escape closes them, and the focus is where it was', async () => {
  await visit.goto('/keys');
  await heading('API keys');
  await tabTo('nav[aria-label=Pages] a[href$="/live"]');
  await keys('?');
  await page.getByRole('dialog', { name: 'Keys' }).waitFor();
  await focusWithin('[role=dialog]');
  await keys('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await focusWithin('a[href$="/live"]');
});

test('Tab leaves the condition, and Shift Tab goes back into it', async () => {
  await visit.goto('/webhooks/new?from=speeding');
  await tabTo('.cm-content');
  await page.keyboard.type(' ');
  await keys('Escape', 'Tab');
  expect(await isWithin('.cm-editor')).toBe(false);
  await keys('Shift+Tab');
  await focusWithin('.cm-content');
});

test('What is done is spoken', async () => {
  await visit.goto('/webhooks');
  await page.getByRole('link', { name: 'Gamma' }).press('Enter');
  await heading('Gamma');
  await page.getByRole('switch', { name: 'Enabled' }).press(' ');
  await page.getByRole('status').filter({ hasText: 'The webhook is changed.' }).waitFor();
});

test('Single letters can be switched off', async () => {
  await keys('?');
  await page.getByRole('dialog', { name: 'Keys' }).waitFor();
  await tabTo('.switch');
  await keys(' ', 'Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await keys('g', 'o', 'n', '?');
  await settled();
  await heading('Gamma');
  expect(await page.getByRole('dialog').count()).toBe(0);
});

test('All that without an error of the page, a broken policy, or a request to anybody else', () => {
  expect(visit.faults).toEqual([]);
});
