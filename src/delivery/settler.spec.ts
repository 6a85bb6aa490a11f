import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, expect, jest, test } from '@jest/globals';
import { silentLog } from '../observability/log.js';
import type { DueDelivery } from '../store/due-delivery.js';
import type { Settlement } from '../store/settlement.js';
import { Settler } from './settler.js';

const outcome = (id: string): Settlement => ({
  delivery: { id, endpointId: 'endpoint' } as DueDelivery,
  outcome: 'delivered',
});

/** A settler whose database answers as `answer` does, and the ids of each batch that it was given. */
function newSettler(answer: (batch: number) => Promise<void> = () => Promise.resolve()) {
  const batches: string[][] = [];
  const written: string[] = [];
  let onWritten: () => void = () => undefined;
  const settler = new Settler({
    queue: {
      async settle(_token, settlements) {
        batches.push(settlements.map(({ delivery }) => delivery.id));
        await answer(batches.length);
        return { lost: 0, rung: [], ailing: [] };
      },
    },
    ticks: () => performance.now(),
    log: silentLog,
    claim: () => Promise.resolve({ token: 'token', strangers: 0 }),
    onSettled: (settlements) => {
      written.push(...settlements.map(({ delivery }) => delivery.id));
      onWritten();
    },
    onLost: () => undefined,
  });
  const wrote = async (count: number) => {
    while (written.length < count) await new Promise<void>((resolve) => (onWritten = resolve));
    return written;
  };
  return { settler, batches, wrote };
}

afterEach(() => {
  jest.useRealTimers();
});

test('outcomes that come shortly after each other are written together, in their order', async () => {
  jest.useFakeTimers();
  const { settler, batches, wrote } = newSettler();
  for (const id of ['a', 'b', 'c']) {
    settler.add(outcome(id));
    await turn();
  }
  await jest.advanceTimersByTimeAsync(20);
  await wrote(3);
  expect(batches).toEqual([['a', 'b', 'c']]);
  expect(settler.size).toBe(0);
});

test('of more outcomes than one batch has, each is written once', async () => {
  const { settler, batches, wrote } = newSettler();
  const ids = Array.from({ length: 1_234 }, (_, at) => String(at));
  for (const id of ids) settler.add(outcome(id));
  expect(await wrote(ids.length)).toEqual(ids);
  expect(Math.max(...batches.map(({ length }) => length))).toBe(500);
});

test('what comes while nothing can be written does not have it tried any sooner', async () => {
  const { settler, batches, wrote } = newSettler((batch) =>
    batch === 1 ? Promise.reject(new Error('away')) : Promise.resolve(),
  );
  settler.add(outcome('a'));
  while (batches.length === 0) await turn();
  for (let at = 0; at < 5; at++) {
    await turn();
    settler.add(outcome(String(at)));
  }
  await turn();
  expect(batches).toEqual([['a']]);
  expect((await wrote(6)).toSorted()).toEqual(['0', '1', '2', '3', '4', 'a']);
});

test('nothing is written after it was closed', async () => {
  const { settler, batches } = newSettler();
  settler.add(outcome('a'));
  expect(settler.close()).toBe(1);
  for (let at = 0; at < 5; at++) await turn();
  settler.add(outcome('b'));
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(batches).toEqual([]);
});
