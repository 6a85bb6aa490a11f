import { expect, test } from '@jest/globals';
import { RecentMap } from './recent-map.js';

function filled(entriesMax: number, count: number): RecentMap<number, string> {
  const map = new RecentMap<number, string>(entriesMax);
  for (let key = 0; key < count; key++) map.set(key, `value ${key}`);
  return map;
}

const keysOf = (map: RecentMap<number, string>) => [...map].map(([key]) => key);

test('what was written longest ago makes room; a look-up keeps nothing, writing anew does', () => {
  const map = filled(3, 3);
  map.get(0);
  map.set(1, 'anew');
  map.set(3, 'new');
  expect([...map]).toEqual([
    [2, 'value 2'],
    [1, 'anew'],
    [3, 'new'],
  ]);
});

test('one of many makes room for a sixteenth of them at once, and never has more than it may', () => {
  const map = filled(32, 32);
  expect(map.size).toBe(32);
  map.set(32, 'new');
  expect(keysOf(map)).toEqual(Array.from({ length: 30 }, (_, at) => at + 3));
});

test('what was deleted or cleared takes no room', () => {
  const map = filled(3, 3);
  map.delete(2);
  map.set(3, 'new');
  expect(keysOf(map)).toEqual([0, 1, 3]);
  map.clear();
  expect(map.size).toBe(0);
  expect(map.get(0)).toBeUndefined();
});
