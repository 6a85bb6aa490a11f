import { expect, test } from '@jest/globals';
import type { WebhookState } from '../../api/resources.js';
import { needsMoreStates, nextCursor, stateAmong } from './vehicle-states.js';

function stateOf(vehicle: string): WebhookState {
  return { vehicle, previousValue: 1, lastFiredAt: null, coolingUntil: null, firings: 1 };
}

const states = ['b', 'd', 'f'].map(stateOf);

test.each([
  ['b', true, 'b'],
  ['d', true, 'd'],
  ['f', true, 'f'],
  ['a', true, 'never'],
  ['e', true, 'never'],
  ['g', true, undefined],
  ['g', false, 'never'],
])('of vehicle %s, with more states to come: %s, is known: %s', (vehicle, hasMore, expected) => {
  const known = stateAmong({ states, hasMore }, vehicle);
  expect(typeof known === 'object' ? known.vehicle : known).toBe(expected);
});

test.each([
  ['e', true, false],
  ['f', true, false],
  ['g', true, true],
  ['g', false, false],
  [undefined, true, false],
])('up to vehicle %s, with more to come: %s, states are missing: %s', (last, hasMore, expected) => {
  expect(needsMoreStates({ states, hasMore }, last)).toBe(expected);
  expect(needsMoreStates({ states: [], hasMore: true }, 'a')).toBe(true);
});

test.each([
  ['</v1/webhooks/1?limit=50&cursor=ZGlk>; rel="next"', 'ZGlk'],
  ['</v1/webhooks/1?limit=50>; rel="prev", </v1/webhooks/1?cursor=a-b_c>; rel="next"', 'a-b_c'],
  ['', null],
  [null, null],
])('the Link header %j names the cursor %j', (link, cursor) => {
  expect(nextCursor(link)).toBe(cursor);
});
