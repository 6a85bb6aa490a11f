import { describe, expect, test } from '@jest/globals';
import { overlapEnd, overlapWords, secretProblem, standingWords } from './rotation.js';

const NOW_MS = Date.parse('2026-01-15T12:00:00Z');
const base64 = (bytes: number) => Buffer.alloc(bytes, 7).toString('base64');

test.each([
  [0, 'none: the old secret ends at once'],
  [1, '1 hour'],
  [24, '1 day'],
  [50, '2 days 2 hours'],
  [168, '7 days'],
])('an overlap of %i hours reads %s', (hours, words) => expect(overlapWords(hours)).toBe(words));

test('its end is a time', () => expect(overlapEnd(24, NOW_MS)).toBe('2026-01-16T12:00:00.000Z'));

describe('a secret of one’s own', () => {
  test.each(['', `whsec_${base64(24)}`, `whsec_${base64(64)}`, 'x'.repeat(16), 'a b'.repeat(40)])(
    '%s is right',
    (secret) => {
      expect(secretProblem(secret)).toBeUndefined();
    },
  );
  test.each([
    `whsec_${base64(23)}`,
    `whsec_${base64(65)}`,
    'whsec_***',
    'x'.repeat(15),
    'x'.repeat(129),
    'é'.repeat(20),
  ])('%s is wrong, and why is said', (secret) => expect(secretProblem(secret)).toMatch(/\.$/));
});

describe('whether the new secret is accepted', () => {
  const [rotatedAt, later] = ['2026-01-15T10:00:00Z', '2026-01-15T11:30:00Z'];
  test.each([
    [{ rotatedAt: null, overlapUntil: null, lastDeliveredAt: null }, false, /^nothing delivered yet$/],
    [{ rotatedAt: null, overlapUntil: null, lastDeliveredAt: later }, false, /^yes$/],
    [{ rotatedAt, overlapUntil: '2026-01-15T13:00:00Z', lastDeliveredAt: later }, true, /^not known while/],
    [{ rotatedAt, overlapUntil: '2026-01-15T11:00:00Z', lastDeliveredAt: later }, false, /^yes$/],
    [{ rotatedAt, overlapUntil: '2026-01-15T11:45:00Z', lastDeliveredAt: later }, false, /^not known: nothing/],
    [{ rotatedAt, overlapUntil: null, lastDeliveredAt: later }, false, /^yes$/],
    [{ rotatedAt, overlapUntil: null, lastDeliveredAt: null }, false, /^not known: nothing/],
  ])('with %j', (standing, isOverlapping, accepted) => {
    const words = standingWords(standing, NOW_MS);
    expect(words.isOverlapping).toBe(isOverlapping);
    expect(words.accepted).toMatch(accepted);
  });
});
