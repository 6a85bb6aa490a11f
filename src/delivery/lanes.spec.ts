import { expect, test } from '@jest/globals';
import type { DueDelivery } from '../store/due-delivery.js';
import { Lanes, type LanePlace } from './lanes.js';

const ADMITTING = { admits: () => true, isOutdated: false, refresh: () => undefined };

function place(license: string, count: number, more: { isSlow?: boolean } = {}): LanePlace & { isSlow: boolean } {
  const waiting = Array.from({ length: count }, (_, n) => ({ id: `${license}${n + 1}` }) as DueDelivery);
  return { license, waiting, sending: 0, isSlow: false, ...ADMITTING, ...more };
}

function takeAll(lanes: Lanes): DueDelivery[] {
  const taken: DueDelivery[] = [];
  for (let next = lanes.next(); next; next = lanes.next()) taken.push(next);
  return taken;
}

test('a request that has become slow makes room for another, as long as the slow lane has some', () => {
  const lanes = new Lanes({ concurrency: 2, concurrencyPerEndpoint: 2 });
  const one = place('A', 100);
  lanes.update(one);
  let total = 0;
  for (let turn = 0; turn < 10; turn++) {
    const taken = takeAll(lanes);
    total += taken.length;
    for (const delivery of taken) lanes.slowDown(one, delivery);
  }
  // Of eight slow ones a license alone gets half, beside its two quick ones.
  expect(total).toBe(6);
  expect(lanes.free).toBe(0);
});

test('a slow place is sent to beside the quick ones, and again among them when it is quick', () => {
  const lanes = new Lanes({ concurrency: 1, concurrencyPerEndpoint: 1 });
  const slow = { ...place('A', 2, { isSlow: true }), admits: () => slow.sending === 0 };
  const quick = place('B', 1);
  lanes.update(slow);
  lanes.update(quick);
  const [first, second] = takeAll(lanes);
  expect([first!.id, second!.id].sort()).toEqual(['A1', 'B1']);
  expect(lanes.free).toBe(0);
  slow.isSlow = false;
  lanes.finish(
    slow,
    [first!, second!].find(({ id }) => id === 'A1')!,
  );
  expect(takeAll(lanes)).toEqual([]);
  lanes.finish(
    quick,
    [first!, second!].find(({ id }) => id === 'B1')!,
  );
  expect(takeAll(lanes).map(({ id }) => id)).toEqual(['A2']);
});
