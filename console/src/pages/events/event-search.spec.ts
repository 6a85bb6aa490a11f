import { expect, it } from '@jest/globals';
import { eventQuery, readEventSearch } from './event-search.js';

it.each([
  [{}, {}],
  [{ type: 'webhook.*,delivery.failed,webhook.*' }, { type: 'webhook.*,delivery.failed' }],
  [{ type: 'nonsense,*,webhook.' }, {}],
  [{ type: 'api_key.created' }, { type: 'api_key.created' }],
  [
    { webhook: 'w', vehicle: 'v', since: '1h', until: '1h', foreign: 1 },
    { webhook: 'w', vehicle: 'v', since: '1h' },
  ],
])('the search of the event log, %j, is %j', (search, read) => {
  expect(readEventSearch(search)).toEqual(read);
});

it('asks the API with its names', () => {
  const query = eventQuery({ type: 'webhook.*', webhook: 'w', since: '24h' }, Date.parse('2026-01-15T12:00:00Z'));
  expect(query).toEqual({ type: 'webhook.*', webhookId: 'w', since: '2026-01-14T12:00:00.000Z' });
});
