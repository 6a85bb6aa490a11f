import { expect, test } from '@jest/globals';
import type { Attention, Overview } from '../../api/resources.js';
import { sparklineWords, standingsOf } from './standing.js';

type WebhookOverview = Overview['webhooks'][number];
const webhook = (id: string, given: Partial<WebhookOverview> = {}) =>
  ({ id, displayName: id, status: 'enabled', endpointId: `of ${id}`, firings: 0, ...given }) as WebhookOverview;

test('what was given up comes first, then what fails, then the busiest, what is switched off last', () => {
  const webhooks = [
    webhook('off', { status: 'disabled', firings: 90 }),
    webhook('quiet'),
    webhook('busy', { firings: 40 }),
    webhook('failing'),
    webhook('given up', { status: 'failed' }),
  ];
  const attention = [{ kind: 'endpoint_breaker_open', endpointId: 'of failing', count: 37 } as Attention];
  const standings = standingsOf({ webhooks, attention });
  expect(standings.map(({ id }) => id)).toEqual(['given up', 'failing', 'busy', 'quiet', 'off']);
  expect(standings.map(({ failureCount }) => failureCount)).toEqual([0, 37, 0, 0, 0]);
});

test.each([
  [[0, 0], 'No firing in 24 hours'],
  [[0, 1], '1 firing in 24 hours, at most 1 in an hour'],
  [[1_000, 284], '1,284 firings in 24 hours, at most 1,000 in an hour'],
])('the line of %j reads %s', (byHour, words) => expect(sparklineWords(byHour, '24 hours')).toBe(words));
