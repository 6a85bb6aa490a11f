/** What is looked at: every page with something on it, and what stands in its place. */
import { randomUUID } from 'node:crypto';
import type { Schema } from '@tripline/client';
import type { Page } from 'playwright-core';
import { VEHICLE } from '../support/stream.js';
import { NOWHERE } from './browser.js';
import { webhook } from './page-look.js';
import type { PageLook } from './page-look.js';
import type { Seeded } from './seeded-world.js';

const NOBODY = randomUUID();

const delivery = (kind: keyof Seeded['deliveries'], shows: string | RegExp): PageLook => ({
  ...{ name: `a delivery that is ${kind}`, route: '/deliveries/$id', shows },
  address: ({ deliveries }) => `/deliveries/${deliveries[kind]}`,
});

const UNDER_WAY: Schema<'Operation'> = { done: 1204, total: 48_000, completed: false };
const ENDED: Schema<'Operation'> = {
  ...{ done: 3, total: 3, completed: true },
  result: {
    ...{ message: 'Subscribed 1 vehicle', subscribed: 1, alreadySubscribed: 1 },
    failedSubscriptions: [{ assetDid: VEHICLE.replace('12345', '999'), message: 'Insufficient vehicle permissions' }],
  },
};
/** The page asks again by itself where it may help; here it does not. */
const FAULT: Schema<'Problem'> = {
  ...{ type: 'about:blank', title: 'Too Many Requests', status: 429, code: 429 },
  ...{ detail: 'Too many requests went out this minute.', message: 'Too many requests went out this minute.' },
};

/** Everything of the license that has something of everything. */
export const FULL: readonly PageLook[] = [
  { name: 'the overview', route: '/', address: '/', shows: 'Needs attention' },
  { name: 'the overview of a week', address: '/?range=7d', shows: 'Needs attention' },
  { name: 'a reading of the chart', address: '/', shows: 'Needs attention', open: readChart },
  { name: 'webhooks', route: '/webhooks', address: '/webhooks', shows: 'Speeding in town' },
  { name: 'webhooks, none matches', address: '/webhooks?search=nobody', shows: 'No webhook matches' },
  { name: 'a webhook whose deliveries arrive', ...webhook('delivered'), shows: 'Last deliveries' },
  { name: 'a webhook that is failing', ...webhook('failing'), shows: /503/ },
  { name: 'a webhook that is given up', ...webhook('gone'), shows: 'Given up' },
  { name: 'a webhook that is switched off', ...webhook('disabled'), shows: 'Disabled' },
  { name: 'a webhook at a shared endpoint', ...webhook('shared'), shows: 'Fleet backend' },
  { name: 'a new webhook', route: '/webhooks/new', address: '/webhooks/new', shows: 'Choose a metric' },
  { name: 'a recipe with a map', address: '/webhooks/new?from=area', shows: 'Use this circle' },
  { name: 'a webhook that is edited', ...webhook('failing', '/edit'), shows: /Fires when speed/ },
  { name: 'vehicles', ...webhook('delivered', '/vehicles'), shows: '12345' },
  { name: 'vehicles that join by themselves', ...webhook('shared', '/vehicles'), shows: /join and leave/ },
  { name: 'deliveries of a webhook', ...webhook('delivered', '/deliveries'), shows: 'Delivered' },
  { name: 'a secret', ...webhook('delivered', '/secret'), shows: /valid until/ },
  { name: 'the secret of a shared endpoint', ...webhook('shared', '/secret'), shows: /belongs to a shared endpoint/ },
  { name: 'deliveries', route: '/deliveries', address: '/deliveries', shows: 'Held' },
  { name: 'deliveries by cause', address: '/deliveries?view=causes', shows: /Answered 503|503/ },
  { name: 'deliveries, none matches', address: `/deliveries?webhook=${NOBODY}`, shows: 'No delivery matches' },
  delivery('delivered', 'Delivered'),
  delivery('pending', 'Pending'),
  delivery('failed', 'Failed'),
  delivery('held', 'Held'),
  { name: 'what happens live', route: '/live', address: '/live', shows: 'Connected' },
  { name: 'the event log', route: '/events', address: '/events', shows: 'Secret rotated' },
  { name: 'the event log, none matches', address: `/events?webhook=${NOBODY}`, shows: 'No entry matches' },
  { name: 'a firing', route: '/events/$id', address: ({ firing }) => `/events/${firing}`, shows: 'CloudEvent' },
  { name: 'a change', address: ({ change }) => `/events/${change}`, shows: 'Details' },
  { name: 'endpoints', route: '/endpoints', address: '/endpoints', shows: 'Fleet backend' },
  {
    ...{ name: 'an endpoint', route: '/endpoints/$id', shows: 'Webhooks that use it' },
    address: ({ endpoint }) => `/endpoints/${endpoint}`,
  },
  { name: 'keys', route: '/keys', address: '/keys', shows: 'of somebody who left' },
  {
    ...{ name: 'an operation that goes on', route: '/operations/$id', shows: /of 48,000/ },
    ...{ address: `/operations/${NOBODY}`, answers: { '/v1/operations/': UNDER_WAY } },
  },
  {
    ...{ name: 'an operation that has ended', shows: /refused:/ },
    ...{ address: `/operations/${NOBODY}`, answers: { '/v1/operations/': ENDED } },
  },
];

/** What is not there, and what goes wrong. */
export const MISSING: readonly PageLook[] = [
  { name: 'an address of no page', address: NOWHERE, shows: 'There is no such page' },
  { name: 'a webhook that does not exist', address: `/webhooks/${NOBODY}`, shows: /not found|no webhook/i },
  { name: 'a delivery that does not exist', address: `/deliveries/${NOBODY}`, shows: /not found|no delivery/i },
  { name: 'an event that does not exist', address: `/events/${NOBODY}`, shows: /not found|no event/i },
  { name: 'an endpoint that does not exist', address: `/endpoints/${NOBODY}`, shows: /not found|no endpoint/i },
  { name: 'an operation that does not exist', address: `/operations/${NOBODY}`, shows: /not found|no operation/i },
  { name: 'an overview that fails', address: '/', shows: /Too many requests/, answers: { '/v1/overview': FAULT } },
  {
    name: 'a page that is gone from the server',
    address: '/keys',
    shows: /could not be loaded/,
    answers: { 'keys-page': 404 },
    complains: /dynamically imported module/,
    holds: true,
  },
];

/** As whoever may see webhooks and nothing else. */
export const AS_READER: readonly PageLook[] = [
  { name: 'the overview', address: '/', shows: 'Needs attention' },
  { name: 'a webhook', ...webhook('gone'), shows: 'Given up' },
  { name: 'a new webhook', address: '/webhooks/new', shows: /may look, but not make/ },
  { name: 'deliveries', address: '/deliveries', shows: /may not read/ },
  { name: 'the event log', address: '/events', shows: /may not read/ },
  { name: 'what happens live', address: '/live', shows: /may not see/ },
  { name: 'keys', address: '/keys', shows: /may not see/ },
];

/** Of a license without anything. */
export const EMPTY: readonly PageLook[] = [
  { name: 'the overview', address: '/', shows: 'Speeding' },
  { name: 'webhooks', address: '/webhooks', shows: /recipe|Speeding/i },
  { name: 'deliveries', address: '/deliveries', shows: 'Nothing was sent yet' },
  { name: 'deliveries by cause', address: '/deliveries?view=causes', shows: 'Everything arrived' },
  { name: 'what happens live', address: '/live', shows: 'Nothing has happened yet.' },
  { name: 'the event log', address: '/events', shows: 'Nothing happened yet' },
  { name: 'endpoints', address: '/endpoints', shows: 'No shared endpoints yet' },
  { name: 'keys', address: '/keys', shows: 'There is no API key.' },
];

/** Before anybody is signed in. */
export const SIGNED_OUT: readonly PageLook[] = [
  { name: 'the sign-in', route: '/sign-in', address: '/sign-in', shows: 'The demo’s token is filled in.' },
  {
    ...{ name: 'a token that is not taken', address: '/sign-in', shows: 'This token is not taken.' },
    open: async (page) => {
      await page.getByText('The demo’s token is filled in.').waitFor();
      await page.getByLabel('Developer token or API key').fill('nobody');
      await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    },
  },
];

/** The last hour, near the edge. */
async function readChart(page: Page): Promise<void> {
  await page.getByRole('slider').first().press('End');
}
