/** What a browser has to fetch before it shows something, and what it never fetches again. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { gzipSync } from 'node:zlib';
import type { Page, Response } from 'playwright-core';
import { ConsoleWorld } from './console-world.js';
import type { Visit } from './browser.js';

/** JavaScript and CSS, compressed: about a second on a slow phone. */
const FIRST_LOAD_BYTES_MAX = 200_000;
/** A class of CodeMirror. */
const EDITOR = 'cm-tooltip-autocomplete';

let world: ConsoleWorld;
let visit: Visit;

beforeAll(async () => {
  world = await ConsoleWorld.start();
  visit = await world.visit({ theme: 'light', width: 1280 });
}, 60_000);

afterAll(() => world?.stop(), 30_000);

test(`From the sign-in to the overview at most ${FIRST_LOAD_BYTES_MAX} bytes are fetched, the editor not among them`, async () => {
  const responses: Response[] = [];
  visit.page.on('response', (response) => responses.push(response));
  await visit.signIn();
  await visit.page.getByRole('link', { name: /Speeding/ }).waitFor();
  const fetched = await Promise.all(responses.filter(isCode).map(sizeOf));
  const sum = fetched.reduce((total, { bytes }) => total + bytes, 0);
  expect(fetched.length).toBeGreaterThan(2);
  if (sum > FIRST_LOAD_BYTES_MAX) throw new Error(`${sum} bytes are fetched:\n${listOf(fetched)}`);
  expect(fetched.filter(({ isEditor }) => isEditor)).toEqual([]);
});

test('The editor is fetched where a condition is written', async () => {
  const fetched = visit.page.waitForResponse(async (response) => isCode(response) && (await sizeOf(response)).isEditor);
  await visit.page
    .getByRole('link', { name: /Speeding/ })
    .first()
    .click();
  await fetched;
});

test('Who comes again fetches no asset again', async () => {
  await visit.goto('/');
  await visit.page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
  const fetched = await fetchedWhile(visit.page, async () => {
    await visit.goto('/');
    await visit.page.getByRole('link', { name: /Speeding/ }).waitFor();
  });
  expect(fetched.some((path) => path.startsWith('/v1/'))).toBe(true);
  expect(fetched.filter((path) => path.startsWith('/console/assets/'))).toEqual([]);
});

function isCode(response: Response): boolean {
  return /\.(js|css)$/.test(new URL(response.url()).pathname);
}

function listOf(fetched: readonly { path: string; bytes: number }[]): string {
  const largestFirst = [...fetched].sort((one, other) => other.bytes - one.bytes);
  return largestFirst.map(({ path, bytes }) => `${bytes} ${path}`).join('\n');
}

async function sizeOf(response: Response): Promise<{ path: string; bytes: number; isEditor: boolean }> {
  const body = await response.body();
  const { pathname: path } = new URL(response.url());
  return { path, bytes: gzipSync(body, { level: 9 }).length, isEditor: body.includes(EDITOR) };
}

/** The paths that were really asked for, not found in the browser's cache. */
async function fetchedWhile(page: Page, act: () => Promise<void>): Promise<string[]> {
  const session = await page.context().newCDPSession(page);
  const fromNetwork = new Map<string, string>();
  session.on('Network.responseReceived', ({ requestId, response }) => {
    if (!response.fromDiskCache) fromNetwork.set(requestId, new URL(response.url).pathname);
  });
  session.on('Network.requestServedFromCache', ({ requestId }) => cached.add(requestId));
  const cached = new Set<string>();
  await session.send('Network.enable');
  await act();
  await session.detach();
  return [...fromNetwork].flatMap(([id, path]) => (cached.has(id) ? [] : [path]));
}
