import { expect, test } from '@jest/globals';
import { describeScopes, expiryOf, problemsOf } from './key-words.js';
import type { KeyDraft, Lifetime } from './key-words.js';

const NOW = Date.parse('2026-01-15T12:00:00Z');
const draft: KeyDraft = { name: 'fleet dashboard', scopes: ['webhooks:read'], lifetime: 'never', date: '' };

test.each([
  [['events:read', 'webhooks:read'], 'See webhooks, see events'],
  [['api-keys:manage'], 'Manage API keys'],
  [[], ''],
])('the scopes %j are read as %j', (scopes, expected) => {
  expect(describeScopes(scopes)).toBe(expected);
});

test.each<[Lifetime, string, string | undefined]>([
  ['30', '', '2026-02-14T12:00:00.000Z'],
  ['365', '', '2027-01-15T12:00:00.000Z'],
  ['date', '2026-03-01', '2026-03-01T23:59:59Z'],
  ['never', '2026-03-01', undefined],
])('a key for %s, %j, ends at %s', (lifetime, date, expected) => {
  expect(expiryOf({ lifetime, date }, NOW)).toBe(expected);
});

test.each<[Partial<KeyDraft>, object]>([
  [{}, {}],
  [{ name: '  ' }, { name: expect.stringContaining('Give the key a name') }],
  [{ name: 'x'.repeat(101) }, { name: expect.stringContaining('100 characters') }],
  [{ scopes: [] }, { scopes: expect.stringContaining('at least one') }],
  [{ lifetime: 'date', date: '2026-01-15' }, {}],
  [{ lifetime: 'date', date: '2026-01-14' }, { date: expect.stringContaining('still to come') }],
  [{ lifetime: 'date', date: '' }, { date: expect.stringContaining('still to come') }],
])('a draft with %j has the problems %j', (change, expected) => {
  expect(problemsOf({ ...draft, ...change }, NOW)).toEqual(expected);
});
