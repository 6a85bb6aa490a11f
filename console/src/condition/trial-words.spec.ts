import { expect, test } from '@jest/globals';
import { clauseWords, outcomeWords } from './trial-words.js';

test.each([
  ['fired', 'ok', /would fire/],
  ['not_met', 'info', /would not fire/],
  ['cooling', 'warn', /cooling down/],
  ['stale', 'warn', /too old/],
  ['failed', 'bad', /cannot be evaluated/],
] as const)('%s in words', (outcome, kind, title) => {
  const words = outcomeWords({ outcome, normalized: '', parts: [], warnings: [], coolingSeconds: 90 });
  expect(words).toMatchObject({ kind, title: expect.stringMatching(title) });
});

test('while it cools, it says how long', () => {
  const words = outcomeWords({ outcome: 'cooling', normalized: '', parts: [], warnings: [], coolingSeconds: 90 });
  expect(words.detail).toContain('1 minute 30 seconds');
});

test('a clause that was not reached did not say no', () => {
  expect([true, false, null].map((value) => clauseWords(value).word)).toEqual([
    'holds',
    'does not hold',
    'not reached',
  ]);
});
