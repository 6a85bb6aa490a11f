import { expect, test } from '@jest/globals';
import { healthOf, retryWords } from './endpoint-words.js';

const NOW_MS = Date.parse('2026-01-15T12:00:00Z');
const healthy = { status: 'active', statusReason: null, failureCount: 0, pausedUntil: null, lastError: null } as const;
const clock = (at: string) => new Date(at).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });
const soon = '2026-01-15T12:03:00Z';

test.each([
  [{}, 'Working', /^$/],
  [
    { failureCount: 1, lastError: 'Answered 503' },
    'Failing',
    /^1 firing failed in a row\. The last error was: Answered 503\.$/,
  ],
  [
    { failureCount: 10, pausedUntil: soon, lastError: 'Answered 503.' },
    'Paused',
    new RegExp(`^Paused until ${clock(soon)} \\(in 3 min\\), after 10 failures\\. .* Answered 503\\.$`),
  ],
  [{ pausedUntil: soon }, 'Paused', /as the target asked\.$/],
  [{ failureCount: 2, pausedUntil: '2026-01-15T11:59:00Z' }, 'Failing', /^2 firings/],
  [{ status: 'paused' }, 'Switched off', /held\.$/],
  [{ status: 'failed', statusReason: 'All 50 attempts failed' }, 'Given up', /held\. All 50 attempts failed\.$/],
  [{ status: 'gone', statusReason: 'Answered 410.' }, 'Gone', /held\. Answered 410\.$/],
] as const)('an endpoint with %j is %s', (given, word, detail) => {
  const health = healthOf({ ...healthy, ...given }, NOW_MS);
  expect(health.word).toBe(word);
  expect(health.detail).toMatch(detail);
});

test.each([
  [null, 'as the installation has it'],
  ['stepped', 'stepped: 1 min, 5 min, 30 min, 2 h, 24 h'],
  ['1s,2m', '1s, 2m'],
])('the schedule %s reads %s', (retry, words) => expect(retryWords(retry)).toBe(words));
