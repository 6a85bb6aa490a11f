import { describe, expect, test } from '@jest/globals';
import { ALL_SCOPES, missingScopes, readScopes } from './scopes.js';

describe('scopes are read by any of their names, into the order in which they are shown', () => {
  test.each([
    [[], []],
    [
      ['api-keys:manage', 'webhooks:read'],
      ['webhooks:read', 'api-keys:manage'],
    ],
    [['platform:webhooks:read'], ['webhooks:read']],
    [['platform:webhooks:manage'], ['webhooks:manage']],
    [['platform:events:read'], ['events:read']],
    [['workspace:webhooks'], ['webhooks:read', 'webhooks:manage']],
    [['events:read', 'platform:events:read', 'events:read'], ['events:read']],
  ])('%j means %j', (given, scopes) => expect(readScopes(given)).toEqual({ scopes, errors: [] }));

  test('managing does not include reading', () => {
    expect(readScopes(['webhooks:manage']).scopes).toEqual(['webhooks:manage']);
  });
});

test('an unknown scope is named with the nearest, and its place', () => {
  const { scopes, errors } = readScopes(['events:read', 'webhook:read', 'toString']);
  expect(scopes).toEqual(['events:read']);
  expect(errors).toEqual([
    { index: 1, detail: expect.stringContaining('There is no scope "webhook:read". Did you mean webhooks:read') },
    { index: 2, detail: expect.stringContaining('There is no scope "toString".') },
  ]);
});

test('what is missing is what is wanted and not held', () => {
  expect(missingScopes(ALL_SCOPES, ['events:read', 'webhooks:read'])).toEqual(['webhooks:manage', 'api-keys:manage']);
  expect(missingScopes(['events:read'], ALL_SCOPES)).toEqual([]);
});
