import { expect, test } from '@jest/globals';
import type { ChunkResult } from './chunk-evaluation.js';
import type { ChunkPlan } from './chunk-plan.js';
import { Foresight } from './foresight.js';

const LIMITS = { records: 500, firings: 100 };

/** What comes of planning as much as is foreseen when each record fires so often: all of it, or its first firings. */
function learned(foresight: Foresight, firingsOfEach: number): number {
  const planned = foresight.records;
  const records = Array.from({ length: planned }, (_, at) => ({ record: { offset: BigInt(at) } }));
  const count = Math.min(planned * firingsOfEach, LIMITS.firings);
  const isAll = planned * firingsOfEach <= LIMITS.firings;
  const end = { offset: BigInt(isAll ? planned : Math.floor(count / firingsOfEach)), index: 0 };
  const result = { firings: new Array(Math.floor(count)).fill({}) as ChunkResult['firings'], end };
  foresight.learn({ seq: 0n, records } as unknown as ChunkPlan, result);
  return foresight.records;
}

test('what nothing is known of is planned as far as a chunk may go, and so is what does not fire', () => {
  const foresight = new Foresight(LIMITS);
  expect([foresight.records, learned(foresight, 0), learned(foresight, 0)]).toEqual([500, 500, 500]);
});

test.each([
  [1, 113],
  [4, 30],
  [0.5, 223],
])('where each record fires %d times, a little more is planned than a chunk comes to: %d records', (each, expected) => {
  const foresight = new Foresight(LIMITS);
  learned(foresight, each);
  expect(learned(foresight, each)).toBe(expected);
  expect(learned(foresight, each)).toBe(expected);
});

test('a record that alone has more firings than a chunk may have leaves room for the next', () => {
  const foresight = new Foresight(LIMITS);
  expect(learned(foresight, 1_000)).toBe(2);
});

test('as soon as a chunk does not have its firings, twice as much is planned each time, up to the limit', () => {
  const foresight = new Foresight(LIMITS);
  learned(foresight, 1);
  expect([0, 0, 0, 0].map((none) => learned(foresight, none))).toEqual([226, 452, 500, 500]);
});
