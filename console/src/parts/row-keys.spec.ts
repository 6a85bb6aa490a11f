import { describe, expect, it } from '@jest/globals';
import { nextRow } from './row-keys.js';

describe('nextRow', () => {
  it.each([
    ['ArrowDown', 0, 1],
    ['ArrowDown', 4, 4],
    ['ArrowUp', 4, 3],
    ['ArrowUp', 0, 0],
    ['Home', 3, 0],
    ['End', 1, 4],
    ['Enter', 1, undefined],
    ['a', 1, undefined],
  ])('%s in row %i of five leads to %p', (key, at, to) => {
    expect(nextRow(key, at, 5)).toBe(to);
  });

  it('leaves the keys to the page while no row has the focus', () => {
    expect(nextRow('ArrowDown', -1, 5)).toBeUndefined();
  });
});
