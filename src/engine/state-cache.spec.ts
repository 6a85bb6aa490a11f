import { expect, test } from '@jest/globals';
import { EMPTY_STATE, type State } from '../core/state.js';
import { SCATTERED_BUCKETS } from '../store/chunks.js';
import { triggerOf } from '../../test/support/trigger-of.js';
import { vehicleOf } from '../../test/support/triggers.js';
import { bucketOf, StateCache, type Pair } from './state-cache.js';

const trigger = triggerOf();
const another = triggerOf();
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

test.each([
  { knows: 'what was stored since', version: 3, epoch: 1, nowMs: 1000, kept: 'known' },
  { knows: 'what is older', version: 1, epoch: 1, nowMs: 1000, kept: 'late' },
  { knows: 'the state of another epoch', version: 3, epoch: 2, nowMs: 1000, kept: 'late' },
  { knows: 'what is too old', version: 3, epoch: 1, nowMs: 1001, kept: 'late' },
])('a state that was read before and comes late meets $knows: the $kept one counts', (row) => {
  const cache = cacheOf();
  const late = { ...state, version: 2 };
  const known = { ...state, version: row.version };
  cache.put(pair('v', row.epoch), known, 0);
  cache.put(pair('v', 1), late, row.nowMs);
  expect(cache.get(pair('v', 1), row.nowMs)).toBe(row.kept === 'late' ? late : known);
});

test('a state that comes late counts when what was known of its vehicle is forgotten', () => {
  const cache = cacheOf();
  const late = { ...state, version: 2 };
  cache.trustUnless(new Array<bigint>(SCATTERED_BUCKETS).fill(0n));
  cache.put(pair('v'), state, 0);
  cache.trustUnless(new Array<bigint>(SCATTERED_BUCKETS).fill(1n));
  cache.put(pair('v'), late, 0);
  expect(cache.get(pair('v'), 0)).toBe(late);
});

test('the entry that was not used makes room, and one that was only once', () => {
  const cache = cacheOf();
  for (const vehicle of ['a', 'b', 'c']) cache.put(pair(vehicle), state, 0);
  cache.get(pair('a'), 0);
  cache.put(pair('d'), state, 0);
  expect(['b', 'c', 'd'].filter((vehicle) => cache.get(pair(vehicle), 0))).toEqual(['c', 'd']);
  // Its use has been allowed for.
  cache.put(pair('e'), state, 0);
  expect(['a', 'c', 'd', 'e'].filter((vehicle) => cache.get(pair(vehicle), 0))).toEqual(['c', 'd', 'e']);
  expect(cache.size).toBe(3);
});

test('a cache of many makes room for a sixteenth of them at once, of those that were not used for longest', () => {
  const cache = cacheOf({ entriesMax: 32 });
  for (let at = 0; at < 32; at++) cache.put(pair(`v${at}`), state, 0);
  expect(cache.size).toBe(32);
  cache.put(pair('w'), state, 0);
  expect(cache.size).toBe(30);
  expect(['v0', 'v1', 'v2', 'v3', 'w'].filter((vehicle) => cache.get(pair(vehicle), 0))).toEqual(['v3', 'w']);
});

test('each trigger of a vehicle has an entry of its own, and all of them make room together', () => {
  const cache = cacheOf();
  const other = (vehicle: string): Pair => ({
    ...pair(vehicle),
    indexed: { ...pair(vehicle).indexed, trigger: another },
  });
  cache.put(pair('a'), state, 0);
  cache.put(other('a'), EMPTY_STATE, 0);
  expect(cache.size).toBe(2);
  for (const vehicle of ['b', 'c']) cache.put(pair(vehicle), state, 0);
  expect([cache.get(pair('a'), 0), cache.get(other('a'), 0), cache.size]).toEqual([undefined, undefined, 2]);
  cache.put(other('c'), EMPTY_STATE, 0);
  expect([cache.get(pair('c'), 0), cache.get(other('c'), 0), cache.size]).toEqual([state, EMPTY_STATE, 3]);
  cache.delete(pair('c'));
  expect([cache.get(pair('c'), 0), cache.get(other('c'), 0), cache.size]).toEqual([undefined, EMPTY_STATE, 2]);
});

test('of a vehicle with more triggers than there is room for, nothing is kept, and nothing of others is lost after it', () => {
  const cache = cacheOf({ entriesMax: 1 });
  cache.put(pair('a'), state, 0);
  cache.put({ ...pair('a'), indexed: { ...pair('a').indexed, trigger: another } }, state, 0);
  expect(cache.size).toBe(0);
  cache.put(pair('b'), state, 0);
  expect(cache.get(pair('b'), 0)).toBe(state);
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

test('is trusted until somebody else stored states unseen, and then but for the bucket of these', () => {
  const cache = cacheOf();
  const [bucket, other] = [bucketOf('v'), bucketOf('w')];
  expect(bucket).not.toBe(other);
  const isKept = () => ['v', 'w'].map((vehicle) => cache.get(pair(vehicle), 0) !== undefined);
  const unseen = new Array<bigint>(SCATTERED_BUCKETS).fill(4n);
  const trust = (changed: Record<number, bigint> = {}) => cache.trustUnless(Object.assign([...unseen], changed));
  trust();
  cache.put(pair('v'), state, 0);
  cache.put(pair('w'), state, 0);
  trust();
  expect(isKept()).toEqual([true, true]);
  cache.countOwn([bucket]);
  trust({ [bucket]: 5n });
  expect(isKept()).toEqual([true, true]);
  cache.countOwn([bucket]);
  trust({ [bucket]: 7n });
  expect(isKept()).toEqual([false, true]);
  cache.put(pair('v'), state, 0);
  expect(isKept()).toEqual([true, true]);
});

test('the vehicles of a fleet are spread over all buckets, the same in every process', () => {
  const counts = new Array<number>(SCATTERED_BUCKETS).fill(0);
  for (let tokenId = 0; tokenId < 6_400; tokenId++) counts[bucketOf(vehicleOf(tokenId))]! += 1;
  expect(Math.min(...counts)).toBeGreaterThan(50);
  expect(Math.max(...counts)).toBeLessThan(200);
  expect([bucketOf(vehicleOf(1)), bucketOf(vehicleOf(2))]).toEqual([37, 16]);
});
