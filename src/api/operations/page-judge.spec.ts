import { expect, test } from '@jest/globals';
import type { ApiParts } from '../api-parts.js';
import { BULK_TIMES } from './bulk-times.js';
import { PageJudge } from './page-judge.js';

const MINUTE_MS = 60_000;
const PART = { granted: ['a'], failed: [{ vehicle: 'b', verdict: 'unknown' as const }] };
const NONE = { granted: [], failed: PART.failed };
const ALL = { granted: ['a'], failed: [{ vehicle: 'b', verdict: 'denied' as const }] };

const newJudge = () =>
  new PageJudge(
    {} as ApiParts,
    { kind: 'subscribe', actor: { license: '', requestId: '' }, triggerId: '' },
    BULK_TIMES,
  );

/** How long a page is waited for of which some stay unknown. */
async function waitedMs(judge: PageJudge): Promise<number> {
  let ms = 0;
  while (await judge.mustWait(PART, () => Promise.resolve(ms))) ms += 100;
  return ms;
}

test('pages of which some stay unknown are waited for half as long each time, two minutes in all', async () => {
  const judge = newJudge();
  const waits = [];
  for (let page = 0; page < 1_000; page++) waits.push(await waitedMs(judge));
  expect(waits.slice(0, 7)).toEqual([60_000, 30_000, 15_000, 7_500, 3_800, 1_900, 0]);
  expect(waits.reduce((sum, ms) => sum + ms)).toBeLessThan(2 * MINUTE_MS);
});

test('known pages between them change nothing; a wait that was not in vain does', async () => {
  const judge = newJudge();
  const never = () => Promise.reject(new Error('nobody waits'));
  expect(await waitedMs(judge)).toBe(60_000);
  expect(await judge.mustWait(ALL, never)).toBe(false);
  expect(await waitedMs(judge)).toBe(30_000);
  expect(await judge.mustWait(PART, () => Promise.resolve(0))).toBe(true);
  expect(await judge.mustWait(ALL, never)).toBe(false);
  expect(await waitedMs(judge)).toBe(60_000);
});

test('a page of which nothing is known is waited for an hour, whatever was before', async () => {
  const judge = newJudge();
  for (let page = 0; page < 10; page++) await waitedMs(judge);
  expect(await judge.mustWait(NONE, () => Promise.resolve(59 * MINUTE_MS))).toBe(true);
  await expect(judge.mustWait(NONE, () => Promise.resolve(60 * MINUTE_MS))).rejects.toMatchObject({ status: 503 });
});
