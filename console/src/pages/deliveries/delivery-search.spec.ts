import { describe, expect, it } from '@jest/globals';
import { deliveryQuery, isNarrowed, readDeliverySearch, readWebhookDeliverySearch } from './delivery-search.js';

const NOW = Date.parse('2026-01-15T12:00:00Z');

describe('the search of the list of deliveries', () => {
  it.each([
    [{}, {}],
    [{ status: 'failed' }, { status: 'failed' }],
    [{ status: 'held,failed,nonsense' }, { status: 'failed,held' }],
    [{ status: 'nonsense' }, {}],
    [{ status: 'pending,delivered,failed,held,cancelled' }, {}],
    [{ webhook: ' a ', endpoint: '', vehicle: null }, { webhook: 'a' }],
    [{ webhook: 12 }, { webhook: '12' }],
    [{ vehicle: 'x'.repeat(301) }, {}],
    [{ since: '24h' }, { since: '24h' }],
    [{ since: '3 days', until: '24h' }, {}],
    [{ since: '2026-01-15T13:00:00+01:00' }, { since: '2026-01-15T12:00:00.000Z' }],
    [{ since: '2026-99-15T13:00:00Z' }, {}],
    [
      { view: 'causes', delivery: 'id' },
      { view: 'causes', delivery: 'id' },
    ],
    [{ view: 'other', foreign: 'x' }, {}],
  ])('of %j is %j', (search, read) => {
    expect(readDeliverySearch(search)).toEqual(read);
  });

  it('asks the API with its names, and only for what narrows', () => {
    const search = { webhook: 'w', endpoint: 'e', since: '1h', view: 'causes', delivery: 'x' } as const;
    expect(deliveryQuery(search, NOW)).toEqual({
      webhookId: 'w',
      endpointId: 'e',
      since: '2026-01-15T11:00:00.000Z',
    });
  });

  it('is not narrowed by what stands open or how it is shown', () => {
    expect(isNarrowed({ view: 'causes', delivery: 'x' })).toBe(false);
    expect(isNarrowed({ view: 'causes', vehicle: 'x' })).toBe(true);
  });
});

it("a webhook's own list takes no other webhook or endpoint from the address", () => {
  expect(readWebhookDeliverySearch({ status: 'failed', webhook: 'another', endpoint: 'another' })).toEqual({
    status: 'failed',
  });
});
