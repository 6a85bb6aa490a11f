import { expect, test } from '@jest/globals';
import { EMPTY_STATE, type State } from '../core/state.js';
import { triggerOf } from '../../test/support/trigger-of.js';
import { StateCache, type Pair } from './state-cache.js';

const trigger = triggerOf();
const condition = { readsPrevious: false, evaluate: () => true };
const pair = (vehicle: string, epoch = 1): Pair => ({ indexed: { trigger, condition, epoch }, vehicle });
const state: State = { version: 3, firedAtMs: 5, sequence: 7, previous: undefined };
const cacheOf = (limits = {}) => new StateCache({ entriesMax: 3, maxAgeMs: 1000, ...limits });

test('"nothing stored" is remembered too', () => {
  const cache = cacheOf();
  cache.put(pair('v'), EMPTY_STATE, 0);
  expect(cache.get(pair('v'), 0)).toBe(EMPTY_STATE);
  expect(cache.get(pair('w'), 0)).toBeUndefined();
});

test.each([
  ['of the same epoch and young enough', pair('v', 1), 1000, state],
  ['of another epoch', pair('v', 2), 0, undefined],
  ['too old', pair('v', 1), 1001, undefined],
])('an entry %s counts accordingly', (_, asked, nowMs, expected) => {
  const cache = cacheOf();
  cache.put(pair('v', 1), state, 0);
  expect(cache.get(asked, nowMs)).toBe(expected);
});

test('the entry that was not used for longest makes room', () => {
  const cache = cacheOf();
  for (const vehicle of ['a', 'b', 'c']) cache.put(pair(vehicle), state, 0);
  cache.get(pair('a'), 0);
  cache.put(pair('d'), state, 0);
  expect(['a', 'b', 'c', 'd'].filter((vehicle) => cache.get(pair(vehicle), 0))).toEqual(['a', 'c', 'd']);
  expect(cache.size).toBe(3);
});

test('cleared or deleted, it knows nothing', () => {
  const cache = cacheOf();
  cache.put(pair('v'), state, 0);
  cache.put(pair('w'), state, 0);
  cache.delete(pair('v'));
  expect(cache.get(pair('v'), 0)).toBeUndefined();
  cache.clear();
  expect(cache.get(pair('w'), 0)).toBeUndefined();
});

test('is trusted until somebody else stored states unseen', () => {
  const cache = cacheOf();
  const isKept = () => cache.get(pair('v'), 0) !== undefined;
  cache.trustUnless(4n);
  cache.put(pair('v'), state, 0);
  cache.trustUnless(4n);
  expect(isKept()).toBe(true);
  cache.countOwn();
  cache.trustUnless(5n);
  expect(isKept()).toBe(true);
  cache.countOwn();
  cache.trustUnless(7n);
  expect(isKept()).toBe(false);
});
