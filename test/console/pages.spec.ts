/** Every page, in both themes, wide and narrow: what axe says, what is cut off, and what must not happen in a page. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Visit } from './browser.js';
import { ConsoleWorld } from './console-world.js';
import { AS_READER, EMPTY, FULL, MISSING, SIGNED_OUT } from './looks.js';
import { OPENED } from './opened-looks.js';
import type { PageLook } from './page-look.js';
import { routesOfRouter } from './router-routes.js';
import { seed } from './seeded-world.js';
import type { Seeded } from './seeded-world.js';

const PATIENCE_MS = 10_000;

let world: ConsoleWorld;
let seeded: Seeded;
let wide: Visit;
let narrow: Visit;

beforeAll(async () => {
  world = await ConsoleWorld.start();
  [seeded, wide, narrow] = await Promise.all([
    seed(world),
    world.visit({ theme: 'light', width: 1280 }),
    world.visit({ theme: 'light', width: 360 }),
  ]);
  for (const { page } of [wide, narrow]) page.setDefaultTimeout(PATIENCE_MS);
}, 60_000);

afterAll(() => world?.stop(), 30_000);

test('Every page of the router is looked at', () => {
  const looked = [...FULL, ...SIGNED_OUT].flatMap(({ route }) => (route === undefined ? [] : [route]));
  expect([...new Set(looked)].sort()).toEqual(routesOfRouter());
});

describe('Before anybody is signed in', () => all(SIGNED_OUT));

describe('Of a license that has something of everything', () => {
  beforeAll(() => signIn());
  all(FULL);
});

describe('Opened', () => all(OPENED));

describe('Of what is not there', () => all(MISSING));

describe('For a key that may see webhooks alone', () => {
  beforeAll(() => signIn(seeded.readerToken));
  all(AS_READER);
});

describe('Of a license without anything', () => {
  beforeAll(async () => signIn(await world.setup.issuer.issue({ license: `0x${randomBytes(20).toString('hex')}` })));
  all(EMPTY);
});

async function signIn(token?: string): Promise<void> {
  await Promise.all([wide, narrow].map((visit) => visit.signIn(token)));
}

function all(looks: readonly PageLook[]): void {
  test.each(looks)('$name can be read', async (look) => {
    const visits = look.isNarrowOnly ? [narrow] : [wide, narrow];
    const found = await Promise.allSettled(visits.map((visit) => lookAt(visit, look)));
    const lines = found.flatMap((each) => (each.status === 'fulfilled' ? each.value : [String(each.reason)]));
    expect(lines.filter((line) => !look.complains?.test(line))).toEqual([]);
  });
}

/** Opens it once, in light, with all rules where it is wide, and looks again in dark. */
async function lookAt(visit: Visit, look: PageLook): Promise<string[]> {
  const { page } = visit;
  const isWide = visit === wide;
  const options = look.scope ? { scope: look.scope } : {};
  const where = isWide ? 'wide' : 'narrow';
  try {
    await show(visit, look);
    const light = await visit.look(`${where}, light`, { ...options, isThorough: isWide });
    await visit.prefer('dark');
    return [...light, ...(await visit.look(`${where}, dark`, options))];
  } catch (error) {
    const path = join(tmpdir(), `console-${where}-${look.name.replace(/\W+/g, '-')}.png`);
    await page.screenshot({ path });
    throw new Error(`${(error as Error).message}\nThe page then: ${path}`, { cause: error });
  } finally {
    await page.unrouteAll({ behavior: 'ignoreErrors' });
    if (look.holds) await visit.leave();
  }
}

async function show(visit: Visit, { address, answers = {}, open, shows }: PageLook): Promise<void> {
  const { page } = visit;
  await page.emulateMedia({ colorScheme: 'light' });
  // What is there already is not asked for again.
  if (Object.keys(answers).length > 0) await visit.leave();
  for (const [part, answer] of Object.entries(answers)) {
    await page.route(
      (url) => url.href.includes(part),
      (route) =>
        typeof answer === 'number'
          ? route.fulfill({ status: answer })
          : route.fulfill({ status: 'status' in answer ? Number(answer.status) : 200, json: answer }),
    );
  }
  await visit.goOn(typeof address === 'string' ? address : address(seeded));
  await page.locator('h1').first().waitFor();
  await open?.(page);
  await page.getByText(shows).filter({ visible: true }).first().waitFor();
  await page.waitForFunction(() => document.querySelector('.waiting') === null && document.fonts.status === 'loaded');
}
