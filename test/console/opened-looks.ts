/** What is looked at once it was opened, typed or tried. */
import type { Page } from 'playwright-core';
import { OTHER_VEHICLE, VEHICLE } from '../support/stream.js';
import { webhook } from './page-look.js';
import type { PageLook } from './page-look.js';

const OVER = ['[role=dialog]'];
const LIST = ['.pop'];

const press = (name: string | RegExp) => (page: Page) =>
  page.getByRole('main').getByRole('button', { name, exact: true }).first().click();
const pressOver = (name: string | RegExp, page: Page) =>
  page.getByRole('dialog').last().getByRole('button', { name, exact: true }).first().click();

async function choose(page: Page, label: string): Promise<void> {
  await page
    .getByRole('button', { name: new RegExp(`${label}$`) })
    .first()
    .click();
  await page.getByRole('listbox').waitFor();
}

async function type(page: Page, condition: string): Promise<void> {
  await page.getByRole('textbox', { name: 'Condition' }).click();
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.type(condition);
}

/** What stands beside the page is behind a button in a narrow window. */
async function openSide(page: Page): Promise<void> {
  const menu = page.getByRole('button', { name: 'Menu' });
  if (await menu.isVisible()) await menu.click();
}

/** What opens over a page, or on it. */
export const OPENED: readonly PageLook[] = [
  {
    ...{ name: 'the menu of licenses', address: '/keys', shows: 'Add another license', scope: LIST },
    open: async (page) => {
      await openSide(page);
      await page.getByRole('button', { name: /^License/ }).click();
    },
  },
  {
    ...{ name: 'the menu of a narrow window', address: '/keys', shows: 'REST API', open: openSide },
    isNarrowOnly: true,
  },
  {
    ...{ name: 'the keys', address: '/keys', shows: 'Single letters do something', scope: OVER },
    open: (page) => page.keyboard.press('?'),
  },
  {
    ...{ name: 'a list to choose from', address: '/webhooks', shows: 'Given up', scope: LIST },
    open: (page) => choose(page, 'Status'),
  },
  {
    ...{ name: 'the list of metrics', address: '/webhooks/new', shows: /^speed/ },
    scope: [...LIST, '[role=combobox]'],
    open: async (page) => {
      await page.getByRole('combobox', { name: 'Metric' }).fill('speed');
      await page.keyboard.press('ArrowDown');
    },
  },
  {
    ...{
      name: 'a condition that is wrong',
      address: '/webhooks/new?from=speeding',
      shows: /Line 1, column 15/,
      holds: true,
    },
    open: (page) => type(page, 'value > 55 && valu <= 40'),
  },
  {
    ...{
      name: 'a word that is completed',
      address: '/webhooks/new?from=speeding',
      shows: 'previousValueNumber',
      holds: true,
    },
    open: async (page) => {
      await type(page, 'value > prev');
      await page.keyboard.press('Control+Space');
      await page.locator('.cm-tooltip-autocomplete').waitFor();
    },
  },
  {
    ...{
      name: 'a sample that is tried',
      address: '/webhooks/new?from=speeding',
      shows: /would not fire|would fire/i,
      holds: true,
    },
    open: async (page) => {
      await page.getByRole('textbox', { name: 'Sample' }).fill('61');
      await press('Try the condition')(page);
    },
  },
  {
    ...{ name: 'a form that misses something', address: '/webhooks/new', shows: /choose|enter|missing|needs/i },
    open: press('Create webhook'),
  },
  {
    ...{ name: 'a test that is to be sent', ...webhook('failing'), shows: /One signed event/, scope: OVER },
    open: press('Send a test'),
  },
  {
    ...{ name: 'a webhook that is copied', ...webhook('delivered'), scope: OVER },
    ...{ shows: 'Make the same webhook, curl', open: press('Copy') },
  },
  {
    ...{ name: 'what is recovered', ...webhook('gone'), shows: /did not arrive/, scope: OVER },
    open: press('Recover deliveries'),
  },
  {
    ...{ name: 'what is subscribed', ...webhook('delivered', '/vehicles'), scope: OVER },
    shows: /1 is not a DID/,
    open: async (page) => {
      await press('Subscribe vehicles')(page);
      await page.getByText('A list', { exact: true }).click();
      const list = `${VEHICLE}\n${VEHICLE}\n${OTHER_VEHICLE}\nnot a DID`;
      await page.getByRole('textbox', { name: 'DIDs of vehicles' }).fill(list);
    },
  },
  {
    ...{ name: 'why it did not fire', ...webhook('gone', '/vehicles'), scope: OVER },
    shows: /Vehicle 12345 is subscribed/,
    open: async (page) => {
      await press('Why did it not fire?')(page);
      await page.getByRole('textbox', { name: 'Vehicle that you have in mind' }).fill('12345');
      await pressOver('Check this vehicle', page);
    },
  },
  {
    ...{ name: 'a vehicle over the list', ...webhook('delivered', `/vehicles?vehicle=${VEHICLE}`), scope: OVER },
    shows: 'What the webhook remembers',
  },
  {
    ...{ name: 'a delivery over the list', shows: /503/, scope: OVER },
    address: ({ deliveries }) => `/deliveries?delivery=${deliveries.pending}`,
  },
  {
    ...{ name: 'a key over the list', shows: 'What it may do', scope: OVER },
    address: ({ key }) => `/keys?key=${key}`,
  },
  {
    ...{ name: 'a key that is revoked', shows: 'Revoke the key terraform?', scope: ['[role=dialog]:last-of-type'] },
    address: ({ key }) => `/keys?key=${key}`,
    open: (page) => pressOver('Revoke key', page),
  },
  {
    ...{ name: 'a key that is made', address: '/keys', shows: 'It works for', scope: OVER },
    open: press('Make key'),
  },
  {
    ...{ name: 'an endpoint that is made', address: '/endpoints', shows: 'Target URL', scope: OVER },
    open: press('New endpoint'),
  },
  {
    ...{ name: 'a rotation that is asked about', ...webhook('failed', '/secret'), scope: OVER },
    ...{ shows: 'Cancel', open: press('Rotate the secret') },
  },
  {
    ...{ name: 'a secret, shown once', ...webhook('failed', '/secret'), shows: /^whsec_/ },
    open: async (page) => {
      await press('Rotate the secret')(page);
      await pressOver('Rotate the secret', page);
    },
  },
];
