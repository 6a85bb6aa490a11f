/** What a license holder does in the console, from the first sign-in on, in a real browser. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { parseAddress } from '../../src/core/address.js';
import { eventually } from '../support/product.js';
import { status, VERIFICATION_TOKEN } from '../support/receiver.js';
import { OTHER_VEHICLE, VEHICLE } from '../support/stream.js';
import type { Visit } from './browser.js';
import { ConsoleWorld } from './console-world.js';
import { operationOf, OPERATIONS } from './operations.js';

const HOOK = '/hook';
const PATIENCE_MS = Number(process.env.PATIENCE ?? 20_000);
/** Nobody shared it. */
const STRANGER = VEHICLE.replace('12345', '999');

/** Why no page calls it. */
const NOT_CALLED: Record<string, string> = {
  updateWebhook: 'The console changes what was changed, with PATCH, which does the same.',
  updateEndpoint: 'The console changes what was changed, with PATCH, which does the same.',
};

let world: ConsoleWorld;
let visit: Visit;
let page: Page;
/** Of the webhook, as it was shown. */
let secret: string;

beforeAll(async () => {
  world = await ConsoleWorld.start({ DELIVERY_RETRY_SCHEDULE: '1s,1h' });
  visit = await world.visit({ theme: 'light', width: 1280 });
  ({ page } = visit);
  page.setDefaultTimeout(PATIENCE_MS);
  await world.developer.grant(VEHICLE);
  await world.developer.grant(OTHER_VEHICLE);
}, 60_000);

afterAll(() => world?.stop(), 30_000);

/** A test that leaves a picture of the page where it fails. */
function step(name: string, run: () => Promise<void>): void {
  test(name, async () => {
    try {
      await run();
    } catch (error) {
      const path = join(tmpdir(), `console-${name.slice(0, 40).replace(/\W+/g, '-')}.png`);
      await page.screenshot({ path });
      throw new Error(`${(error as Error).message}\nThe page then: ${path}`, { cause: error });
    }
  });
}

const button = (name: string | RegExp, within: Page | Locator = page) =>
  within.getByRole('button', { name, exact: true });
const link = (name: string | RegExp, within: Page | Locator = page) => within.getByRole('link', { name, exact: true });
const field = (name: string | RegExp, within: Page | Locator = page) => within.getByRole('textbox', { name });
const head = () => page.locator('.page-head').first();
const dialog = () => page.getByRole('dialog');
const shown = (text: string | RegExp, within: Page | Locator = page) => within.getByText(text).first().waitFor();
const place = (name: string) => link(name, page.getByRole('navigation', { name: 'Pages' })).click();
/** Closes what stands over the page, one over the other. */
async function closed(): Promise<void> {
  await eventually(async () => {
    if ((await dialog().count()) === 0) return true;
    await page.keyboard.press('Escape');
    return false;
  }, 'nothing stands over the page');
}
const tab = (name: string) => link(name, page.getByRole('navigation', { name: 'Webhook' })).click();

async function type(text: string): Promise<void> {
  const editor = field('Condition');
  await editor.click();
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.type(text);
  await page.keyboard.press('Escape');
}

describe('The way of a license holder', () => {
  step('the sign-in is filled in, and leads to an overview that offers recipes', async () => {
    await visit.goto('/');
    await shown('The demo’s token is filled in.');
    await button('Sign in').click();
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
    await page
      .getByRole('link', { name: /Speeding/ })
      .first()
      .click();
    await page.getByRole('heading', { level: 1, name: 'New webhook' }).waitFor();
  });

  step(
    'a metric is chosen by typing, a wrong condition is underlined where it is wrong, a right one is read aloud',
    async () => {
      const metric = page.getByRole('combobox', { name: 'Metric' });
      await metric.fill('odometer');
      await page.getByRole('option').first().waitFor();
      await metric.fill('speed');
      await page
        .getByRole('option', { name: /^speed/ })
        .first()
        .click();
      await type('value > 55 && valu <= 40');
      await page.locator('.cm-lintRange-error', { hasText: 'valu' }).waitFor();
      await shown(/Line 1, column 15/);
      await type('value > 55 && value != previousValue');
      await shown(/Fires when speed is more than 55/);
    },
  );

  step('a sample is tried: which clause holds, and which does not', async () => {
    await field('Sample').fill('61');
    await button('Try the condition').click();
    await shown(/would fire/i);
    const clauses = page.getByRole('list', { name: 'Clauses' }).getByRole('listitem');
    expect(await clauses.allInnerTexts()).toEqual([
      expect.stringMatching(/value > 55\s+holds/),
      expect.stringMatching(/value != previousValue\s+holds/),
    ]);
  });

  step(
    'the handshake is shown to the step that fails; with the right token the webhook is made, its secret shown once',
    async () => {
      await field('Cool-down').fill('0');
      await field('Address').fill(world.setup.receiver.url(HOOK));
      await field('Verification token').fill('not the token');
      await field('Display name').fill('Speeding in town');
      await button('Create webhook').click();
      const steps = page.getByRole('list', { name: 'Proof that the target is yours' }).getByRole('listitem');
      await shown(/did not prove/);
      expect((await steps.allInnerTexts()).map((text) => /done|failed|not reached/.exec(text)?.[0])).toEqual([
        'done',
        'done',
        'done',
        'done',
        'failed',
      ]);
      await field('Verification token').fill(VERIFICATION_TOKEN);
      await button('Create webhook').click();
      await shown('Copy the secret now: it is shown only this once.');
      secret = (await page
        .getByText(/^whsec_/)
        .first()
        .textContent())!;
    },
  );

  step('a list of vehicles is read before it is sent; one that was not shared is refused with the reason', async () => {
    await link('Choose vehicles').click();
    await button('Subscribe vehicles').first().click();
    await page.getByText('A list', { exact: true }).click();
    await field('DIDs of vehicles').fill(`assetDID\n${VEHICLE}\n${VEHICLE}\n${STRANGER}\nnot a DID`);
    await shown('2 vehicles, 1 repeated, 1 is not a DID (line 5)', dialog());
    await button('Subscribe 2 vehicles', dialog()).click();
    await shown(/refused/, dialog());
    await button('Show vehicles', dialog()).click();
    await page.getByRole('table', { name: 'Vehicles' }).getByText('12345').waitFor();
  });

  step('one vehicle, and all that are shared, are subscribed as well', async () => {
    await button('Subscribe vehicles').click();
    await field('DID of the vehicle').fill(OTHER_VEHICLE);
    await button('Subscribe vehicle', dialog()).click();
    await page.getByRole('table', { name: 'Vehicles' }).getByText('67890').waitFor();
    await button('Subscribe vehicles').click();
    await page.getByText('All vehicles that are shared with your license').click();
    await button('Subscribe all shared vehicles').click();
    await button('Show vehicles', dialog()).click();
  });

  step('a firing, and its delivery, are seen live', async () => {
    await place('Live');
    await shown('Connected');
    await world.drive(61);
    const log = page.getByRole('log', { name: 'What happens' });
    await log.getByRole('link', { name: /Fired.*61/ }).waitFor();
    await log
      .getByRole('link', { name: /Delivered/ })
      .first()
      .click();
    await page.getByRole('heading', { level: 1 }).waitFor();
  });

  step('a delivery shows its request, its response, and that its signature is right', async () => {
    await page.getByRole('tab', { name: 'Response' }).click();
    await page.getByRole('tab', { name: 'Payload' }).click();
    await shown(/"value": 61/);
    await page.getByRole('tab', { name: 'Signature' }).click();
    await field('Secret').fill(secret);
    await button('Check the signature').click();
    await shown('The signature matches this secret');
    await field('Secret').fill('whsec_' + Buffer.alloc(24).toString('base64'));
    await button('Check the signature').click();
    await shown('The signature is not of this secret');
  });

  step('a delivery that is refused is tried again, and seen in the list with its attempts', async () => {
    world.setup.receiver.play(HOOK, status(503));
    await world.drive(70);
    await place('Deliveries');
    const row = page.getByRole('row', { name: /Pending/ }).first();
    await row.getByRole('cell', { name: '2', exact: true }).waitFor();
    await row.getByRole('link').first().click();
    await shown(/503/, dialog());
  });

  step('sent again once the receiver works, it arrives', async () => {
    const before = world.setup.receiver.at(HOOK).length;
    world.setup.receiver.play(HOOK, status(200));
    await button('Send now', dialog()).click();
    await shown('Delivered', dialog());
    await button('Resend', dialog()).click();
    await button('Resend delivery', dialog().last()).click();
    const [first, again] = (await world.setup.receiver.arrived(HOOK, before + 2)).slice(before);
    expect(again!.event.id).toBe(first!.event.id);
    await closed();
  });

  step('the secret is rotated, the new one shown once', async () => {
    await place('Webhooks');
    await page
      .getByRole('table', { name: 'Webhooks' })
      .getByRole('link', { name: /Speeding in town/ })
      .click();
    await tab('Secret');
    await button('Rotate the secret').click();
    await button('Rotate the secret', dialog()).click();
    await shown(/^whsec_/);
    await shown(/Both are valid until/);
  });

  step('a webhook is switched off and on, tested, copied, verified, and what did not arrive is recovered', async () => {
    await tab('Overview');
    const enabled = page.getByRole('switch', { name: 'Enabled' });
    for (const isOn of [false, true]) {
      await page.locator('label', { has: enabled }).click();
      await eventually(async () => (await enabled.isChecked()) === isOn, 'it is switched');
    }
    await button('Send a test', head()).click();
    await button('Send a test', dialog()).click();
    await shown(/test event arrived/, dialog());
    await closed();
    await button('Copy').click();
    await shown('Make the same webhook, curl', dialog());
    await closed();
    await button('Verify again').click();
    await field('Verification token', dialog()).fill(VERIFICATION_TOKEN);
    await button('Verify the target', dialog()).click();
    await shown(/proved that it is yours/);
    await closed();
    await button('Recover deliveries').click();
    await shown('Nothing to recover', dialog());
    await closed();
  });

  step('why it did not fire is told line by line, and the sample that was expected is tried', async () => {
    await button('Why did it not fire?').first().click();
    await field('Vehicle that you have in mind', dialog()).fill('12345');
    await button('Check this vehicle', dialog()).click();
    await shown('Vehicle 12345 is subscribed.', dialog());
    await field(/Sample that you expected/, dialog()).fill('40');
    await button('Try the sample', dialog()).click();
    await shown('does not hold', dialog());
    await closed();
  });

  step('a webhook is changed: only what was changed is sent', async () => {
    await tab('Edit');
    await field('Cool-down').fill('60');
    const [request] = await Promise.all([
      page.waitForRequest((request) => request.method() === 'PATCH'),
      button('Save changes').click(),
    ]);
    expect(request.postDataJSON()).toEqual({ coolDownPeriod: 60 });
    await shown(/saved/i);
  });

  step('vehicles are looked at, and unsubscribed one by one, several at once, and all', async () => {
    await tab('Vehicles');
    await page.getByRole('link', { name: /12345/ }).click();
    await shown('What the webhook remembers', dialog());
    await button('Unsubscribe vehicle', dialog()).click();
    await button('Unsubscribe vehicle', dialog().last()).click();
    await shown('Not subscribed', dialog());
    await button('Subscribe vehicle', dialog()).click();
    await button('Unsubscribe vehicle', dialog()).waitFor();
    await page.keyboard.press('Escape');
    await page.locator('label', { has: page.getByRole('checkbox', { name: 'Select vehicle 12345' }) }).click();
    await button('Unsubscribe 1 vehicle').click();
    await button('Unsubscribe 1 vehicle', dialog()).click();
    await button('Unsubscribe all vehicles').click();
    await button('Unsubscribe all vehicles', dialog()).click();
    await shown('This webhook watches no vehicle.');
  });

  step('a call that goes on after its answer is found again by its address', async () => {
    const webhook = /webhooks\/([^/]+)/.exec(page.url())![1]!;
    await visit.goto(`/operations/${await world.operation(webhook, [VEHICLE])}`);
    await shown(/0 of 1/);
    await visit.goto('/');
  });

  step('the event log says what happened and who did it', async () => {
    await place('Event log');
    await shown('Secret rotated');
    await page
      .getByRole('link', { name: /Webhook fired/ })
      .first()
      .click();
    await shown('Event id');
    await shown(/speed/);
  });

  step('an API key is made, shown once, looked at and revoked', async () => {
    await place('API keys');
    await button('Make key').first().click();
    await field('Name', dialog()).fill('for a dashboard');
    await button('Make key', dialog()).click();
    await shown('Copy the key now. It is not shown again.', dialog());
    await button(/^Close: /, dialog()).click();
    await link('for a dashboard').click();
    await button('Revoke key', dialog()).click();
    await button('Revoke key', dialog().last()).click();
    await shown('Revoked');
    await page.keyboard.press('Escape');
  });

  step('a shared endpoint is made, changed, tested, verified, rotated, recovered and deleted', async () => {
    await place('Endpoints');
    await button('New endpoint').first().click();
    await field('Target URL', dialog()).fill(world.setup.receiver.url('/shared'));
    await field('Verification token', dialog()).fill(VERIFICATION_TOKEN);
    await field('Name', dialog()).fill('Shared by all');
    await button('Make endpoint', dialog()).click();
    await shown('The target proved that it is yours.', dialog());
    await button('Go to the endpoint', dialog()).or(link('Go to the endpoint', dialog())).first().click();
    await page.getByRole('heading', { level: 1, name: 'Shared by all' }).waitFor();
    await button('Send a test', head()).click();
    await button('Send a test', dialog()).click();
    await shown(/test event arrived/, dialog());
    await closed();
    await button('Change').click();
    await field('Name', dialog()).fill('Shared by some');
    await button('Change the endpoint', dialog()).click();
    await page.getByRole('heading', { level: 1, name: 'Shared by some' }).waitFor();
    await button('Verify').click();
    await field('Verification token', dialog()).fill(VERIFICATION_TOKEN);
    await button('Verify the target', dialog()).click();
    await shown(/proved that it is yours/);
    await closed();
    await button('Recover deliveries').click();
    await shown('Nothing to recover', dialog());
    await closed();
    await button('Rotate the secret').click();
    await button('Rotate the secret', dialog()).click();
    await shown(/^whsec_/);
    await button('Delete').click();
    await button('Delete the endpoint', dialog()).click();
    await shown('No shared endpoints yet');
  });

  step('another license is signed in beside it; each sees its own', async () => {
    const license = parseAddress('ab'.repeat(20))!;
    const menu = () => page.getByRole('button', { name: /^License/ });
    await menu().click();
    await page.getByRole('menuitem', { name: 'Add another license' }).click();
    await page.getByLabel('Developer token or API key').fill('no-token-at-all');
    await button('Sign in').click();
    await shown('This token is not taken.');
    await page.getByLabel('Developer token or API key').fill(await world.setup.issuer.issue({ license }));
    await button('Sign in').click();
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
    expect(await page.getByText('Speeding in town').count()).toBe(0);
    const change = async (to: string) => {
      await menu().click();
      await page.getByRole('menuitemradio', { name: new RegExp(to.slice(0, 8)) }).click();
    };
    await change(world.developer.license);
    await shown('Speeding in town');
    await visit.goto('/webhooks/new');
    await field('Display name').fill('Half of a webhook');
    await change(license);
    await shown('Leave without saving?', dialog());
    await button('Cancel', dialog()).click();
    expect(await field('Display name').inputValue()).toBe('Half of a webhook');
    await change(license);
    await button('Discard changes', dialog()).click();
    await shown(/No webhooks? yet|Begin with/i);
    await change(world.developer.license);
    await shown('Speeding in town');
  });

  step('a webhook that was made elsewhere, in older names, opens as it was registered and unchanged', async () => {
    const older = { service: 'signals', metricName: 'vss.speed', condition: 'valueNumber = 55' };
    const own = { headers: { 'X-Fleet': 'mine' }, retry: '1s,2s', displayName: 'From long ago' };
    const { body } = await world.developer.register({
      ...older,
      ...own,
      targetURL: world.setup.receiver.url('/older'),
    });
    await visit.goto(`/webhooks/${body.id}/edit`);
    await page.locator('.cm-content', { hasText: 'valueNumber = 55' }).waitFor();
    await shown(/registered as vss.speed/);
    expect(await button('Save changes').isDisabled()).toBe(true);
  });

  step('a webhook is deleted, after its name was shown', async () => {
    await place('Webhooks');
    await page
      .getByRole('table', { name: 'Webhooks' })
      .getByRole('link', { name: /Speeding in town/ })
      .click();
    await tab('Edit');
    await button('Delete webhook').click();
    await button('Delete Speeding in town', dialog()).click();
    await page.getByRole('heading', { level: 1, name: 'Webhooks' }).waitFor();
    expect(await link('Speeding in town').count()).toBe(0);
  });
});

describe('Every operation', () => {
  test('of a license holder was called by a page, but those that say why not', () => {
    const called = new Set(world.visits.flatMap(({ requests }) => requests).map(operationOf));
    expect(OPERATIONS.filter((id) => !called.has(id)).sort()).toEqual(Object.keys(NOT_CALLED).sort());
  });

  test('was called without an error of the page, a broken policy, or a request to anybody else', () => {
    expect(world.visits.flatMap(({ faults }) => faults)).toEqual([]);
  });
});
