import { describe, expect, test } from '@jest/globals';
import { filteredWebhooks, statusFilterOf } from './webhook-list.js';

const webhook = (displayName: string, given: object = {}) => ({
  ...{ id: `id of ${displayName}`, displayName, metricName: 'speed', condition: 'value > 55', failureCount: 0 },
  ...{ status: 'enabled' as const, targetURL: 'https://fleet.example.com/hook', ...given },
});
const all = [
  webhook('Zone 10'),
  webhook('Zone 9', { failureCount: 3 }),
  webhook('Braking', { metricName: 'behavior.harshBraking', condition: 'true', status: 'disabled' }),
  webhook('Fuel', { metricName: 'powertrainFuelSystemRelativeLevel', status: 'failed', failureCount: 50 }),
];

describe('a list of webhooks', () => {
  test.each([
    ['', 'all', ['Braking', 'Fuel', 'Zone 9', 'Zone 10']],
    ['ZONE', 'all', ['Zone 9', 'Zone 10']],
    ['zone 10', 'all', ['Zone 10']],
    ['harsh', 'all', ['Braking']],
    ['fleet.example', 'disabled', ['Braking']],
    ['', 'enabled', ['Zone 9', 'Zone 10']],
    ['', 'failing', ['Zone 9']],
    ['', 'failed', ['Fuel']],
    ['nothing like it', 'all', []],
  ] as const)('searched for "%s" with status %s has %j', (search, status, names) => {
    expect(filteredWebhooks(all, { search, status }).map(({ displayName }) => displayName)).toEqual(names);
  });

  test.each([
    ['failing', 'failing'],
    [undefined, 'all'],
    ['no such', 'all'],
  ])('the address %s means %s', (text, filter) => expect(statusFilterOf(text)).toBe(filter));
});
