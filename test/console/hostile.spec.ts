/** What the console is not asked for kindly: hostile texts, hands that click twice, browsers and networks that fail. */
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import type { Page, Route } from 'playwright-core';
import { VERIFICATION_TOKEN } from '../support/receiver.js';
import { VEHICLE } from '../support/stream.js';
import type { Visit } from './browser.js';
import { ConsoleWorld } from './console-world.js';

const PATIENCE_MS = Number(process.env.PATIENCE ?? 15_000);
const WIDE = { theme: 'light', width: 1280 } as const;
const EVIL = '<img src=x onerror=alert(1)><script>alert(2)</script>\u{202e}gnp.exe 😀';
const SIGN_IN = 'tripline.sign-ins';

let world: ConsoleWorld;

beforeAll(async () => {
  world = await ConsoleWorld.start();
  await world.developer.grant(VEHICLE);
}, 60_000);

afterAll(() => world?.stop(), 30_000);

afterEach(async () => {
  const visits = world.visits.splice(0);
  await Promise.all(visits.map((visit) => visit.close()));
  expect(visits.flatMap(({ faults }) => faults)).toEqual([]);
});

async function visit(prepare: (page: Page) => Promise<unknown> = () => Promise.resolve()): Promise<Visit> {
  const made = await world.visit(WIDE);
  made.page.setDefaultTimeout(PATIENCE_MS);
  await prepare(made.page);
  return made;
}

const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });
const heading = (page: Page, name: string) => page.getByRole('heading', { level: 1, name });

async function signIn(page: Page): Promise<void> {
  await page.getByText('The demo’s token is filled in.').waitFor();
  await button(page, 'Sign in').click();
  await heading(page, 'Overview').waitFor();
}

/** Signed in with another license as well, which a key of it stands for. */
async function withOther(page: Page): Promise<string> {
  const license = '0x00000000000000000000000000000000000000A1';
  const token = await world.setup.issuer.issue({ license });
  const add = ([key, other]: readonly [string, object]) =>
    sessionStorage.setItem(key, JSON.stringify([...(JSON.parse(sessionStorage.getItem(key)!) as object[]), other]));
  await page.evaluate(add, [SIGN_IN, { token, license, keyName: null, isRemembered: false }] as const);
  await page.reload();
  return license;
}

test.each(['denied', 'full'])('storage that is %s: it works, until the page is closed', async (how) => {
  const { page } = await visit((page) =>
    page.addInitScript((how) => {
      const fail = () => {
        throw new DOMException(how);
      };
      if (how === 'full') Storage.prototype.setItem = fail;
      else for (const name of ['localStorage', 'sessionStorage']) Object.defineProperty(window, name, { get: fail });
    }, how),
  );
  await page.goto(`${world.setup.product.url}/console/`);
  expect(await page.evaluate(() => document.documentElement.dataset.theme)).toBe('light');
  await signIn(page);
  await page.keyboard.press('g');
  await page.keyboard.press('w');
  await heading(page, 'Webhooks').waitFor();
});

test('what is typed at the sign-in stays when what fills it comes later, and is told when it can be no token', async () => {
  let answer = () => undefined as void;
  const isAsked = new Promise<void>((resolve) => (answer = resolve));
  const made = await visit((page) => page.route('**/sign-in.json', (route) => isAsked.then(() => route.continue())));
  await made.goto('/');
  const field = made.page.getByLabel('Developer token or API key');
  await field.fill('tl_live_\u{202e}');
  const answered = made.page.waitForResponse('**/sign-in.json');
  answer();
  await answered;
  await made.page.getByText('U+202E').waitFor();
  expect(await field.inputValue()).toBe('tl_live_\u{202e}');
});

test('a server that is gone, or wants to be left alone, is told of, and all heals by itself', async () => {
  const made = await visit();
  await made.goto('/');
  await signIn(made.page);
  const wait = { status: 429, headers: { 'retry-after': '1' }, body: '<h1>Slow down</h1>' };
  for (const fail of [(route: Route) => route.abort(), (route: Route) => route.fulfill(wait)]) {
    await made.page.route('**/v1/**', fail);
    await made.goto('/keys');
    await button(made.page, 'Try again').waitFor();
    await made.page.unroute('**/v1/**', fail);
    await made.page.getByText('There is no API key.').or(made.page.getByRole('table')).first().waitFor();
    expect(await button(made.page, 'Try again').count()).toBe(0);
  }
});

test('what is refused is asked for once, and not offered again', async () => {
  const { body } = await world.developer.call('POST', '/v1/api-keys', { name: 'narrow', scopes: ['api-keys:manage'] });
  const made = await visit();
  await made.goto('/');
  await made.page.getByLabel('Developer token or API key').fill((body as { key: string }).key);
  await button(made.page, 'Sign in').click();
  await made.page.getByText('lacks the scope webhooks:read').waitFor();
  const count = () => made.requests.filter(({ path }) => path === '/v1/overview').length;
  const before = count();
  await made.page.waitForTimeout(6_000);
  expect([count(), await button(made.page, 'Try again').count()]).toEqual([before, 0]);
});

test('a sign-in that is filled in while somebody is at the field changes nothing there', async () => {
  let release!: () => void;
  const released = new Promise<void>((resolve) => (release = resolve));
  const made = await visit((page) => page.route('**/sign-in.json', (route) => released.then(() => route.continue())));
  const { page } = made;
  await made.goto('/');
  const field = page.getByLabel('Developer token or API key');
  await field.focus();
  const answered = page.waitForResponse('**/sign-in.json');
  release();
  await (await answered).finished();
  await page.waitForTimeout(300);
  expect(await field.inputValue()).toBe('');
  await field.pressSequentially('tl_live_x');
  expect(await field.inputValue()).toBe('tl_live_x');
});

test('two clicks make one webhook, and one whose answer was lost keeps its key', async () => {
  const made = await visit();
  const { page } = made;
  await made.goto('/');
  await signIn(page);
  await made.goto('/webhooks/new?from=speeding');
  await page.getByRole('textbox', { name: 'Address' }).fill(world.setup.receiver.url('/evil'));
  await page.getByRole('textbox', { name: 'Verification token' }).fill(VERIFICATION_TOKEN);
  await page.getByRole('textbox', { name: 'Display name' }).fill(EVIL);
  const keys: (string | undefined)[] = [];
  await page.route('**/v1/webhooks', async (route) => {
    if (route.request().method() !== 'POST') return route.continue();
    keys.push(route.request().headers()['idempotency-key']);
    // Made, and nobody hears of it.
    const answer = await route.fetch();
    return keys.length <= 3 ? route.fulfill({ status: 502, body: '' }) : route.fulfill({ response: answer });
  });
  const click = () => page.evaluate(() => document.querySelector('form')!.requestSubmit());
  await Promise.all([click(), click()]);
  await page.getByText('The answer was 502').waitFor();
  await button(page, 'Create webhook').click();
  await page.getByText('Copy the secret now').waitFor();
  expect([keys.length, new Set(keys).size]).toEqual([4, 1]);
});

test('what strangers write is text: the name of a webhook, and what a target answered', async () => {
  const { body } = await world.developer.call('GET', '/v1/webhooks');
  const [{ id }] = body as [{ id: string }];
  world.setup.receiver.play('/evil', (response) => response.writeHead(500).end(`${EVIL}${'A'.repeat(65_536)}`));
  await world.developer.call('POST', `/v1/webhooks/${id}/test`);
  const made = await visit();
  const { page } = made;
  page.on('dialog', () => made.faults.push('a script of a stranger ran'));
  await made.goto('/');
  await signIn(page);
  await made.goto('/webhooks');
  await page.getByRole('link', { name: EVIL }).click();
  await heading(page, EVIL).waitFor();
  await page.getByRole('link', { name: 'Deliveries' }).last().click();
  await page.getByRole('table').getByRole('link').first().click();
  await page.getByRole('tab', { name: 'Response' }).click();
  await page.getByRole('region', { name: 'Body, its beginning' }).getByText(EVIL).waitFor();
  expect(await page.locator('main img, main script, [role=dialog] img, [role=dialog] script').count()).toBe(0);
});

test('a token that is taken no more leads to the sign-in, and never to another license unawares', async () => {
  const made = await visit();
  const { page } = made;
  await made.goto('/');
  await signIn(page);
  const license = await withOther(page);
  await heading(page, 'Overview').waitFor();
  await page.route('**/v1/**', (route) => route.fulfill({ status: 401, body: '' }));
  await made.goto('/webhooks');
  await page.getByText('is not taken any more').waitFor();
  await page.unroute('**/v1/**');
  await button(page, `Go on with ${license.slice(0, 8)}…${license.slice(-4)}`).click();
  await page.getByText('Describe what to watch').or(heading(page, 'Overview')).first().waitFor();
  expect(new URL(page.url()).pathname).toBe('/console/');
  expect(await page.getByText(EVIL).count()).toBe(0);
});

test('signing out leaves what is open, and no token in the address or the page', async () => {
  const made = await visit();
  const { page } = made;
  await made.goto('/');
  await signIn(page);
  await made.goto('/deliveries?status=failed');
  await heading(page, 'Deliveries').waitFor();
  expect((await page.content()) + page.url()).not.toContain(world.token);
  await page.getByRole('button', { name: /License/ }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await heading(page, 'Sign in').waitFor();
  expect(new URL(page.url()).pathname).toBe('/console/');
  expect(await page.evaluate((key) => sessionStorage.getItem(key), SIGN_IN)).toBeNull();
});
