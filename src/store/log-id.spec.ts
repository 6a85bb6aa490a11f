import { expect, test } from '@jest/globals';
import { firstIdAt, newLogId } from './log-id.js';

test.each([0, 1, 1_795_000_000_123, 281_474_976_710_655])(
  'an id of %i ms sorts between the first id of that time and the first of the next',
  (ms) => {
    const id = newLogId(ms);
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(id > firstIdAt(ms)).toBe(true);
    expect(id < firstIdAt(ms + 1) || ms === 281_474_976_710_655).toBe(true);
  },
);

test('ids of one moment differ', () => {
  expect(new Set(Array.from({ length: 1_000 }, () => newLogId(5))).size).toBe(1_000);
});
