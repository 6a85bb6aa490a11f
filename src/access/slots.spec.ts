import { expect, test } from '@jest/globals';
import { Slots } from './slots.js';

test('no more than the maximum runs at once, in the order of asking, and a failure frees its slot', async () => {
  const slots = new Slots(3);
  const started: number[] = [];
  let open = 0;
  let maxOpen = 0;
  const work = (index: number) => async () => {
    started.push(index);
    maxOpen = Math.max(maxOpen, ++open);
    await new Promise((resolve) => setImmediate(resolve));
    open -= 1;
    if (index % 2 === 0) throw new Error('even');
    return index;
  };
  const results = await Promise.allSettled(Array.from({ length: 20 }, (_, index) => slots.run(work(index))));
  expect(maxOpen).toBe(3);
  expect(started).toEqual(Array.from({ length: 20 }, (_, index) => index));
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(10);
  expect(await slots.run(() => Promise.resolve('free'))).toBe('free');
});
