import { expect, test } from '@jest/globals';
import { successOf } from './success.js';

test.each([
  [{ delivered: 0, failed: 0 }, null],
  [{ delivered: 3, failed: 1 }, 0.75],
])('of %j the part %j arrived', (counts, part) => expect(successOf(counts)).toBe(part));
