import { useEffect } from 'react';
import { useData, usePages } from '../../api/queries.js';
import type { Pages } from '../../api/queries.js';
import type { Webhook, WebhookState } from '../../api/resources.js';
import { findVehicles, guessVehicles } from '../../vehicle/did.js';
import { subscribedAt, useWebhooksOfVehicle } from '../../vehicle/use-vehicle.js';
import { needsMoreStates, nextCursor } from './vehicle-states.js';
import type { ReadStates } from './vehicle-states.js';

const VEHICLES_A_PAGE = 50;
const STATES_A_PAGE = 500;

/** What a firing changes is seen so soon. */
const STATES_AGAIN_MS = 10_000;

/** Above it a list is not read as a whole to be searched: it would be tens of megabytes. */
const SEARCHED_WHOLE_MAX = 100_000;

/** The vehicles that are subscribed to a webhook, page by page, by DID. */
export function useVehicles(id: Webhook['id']): Pages<string> {
  return usePages(['webhooks', id, 'vehicles', 'pages'], async (api, cursor, signal) => {
    const query = { limit: VEHICLES_A_PAGE, ...(cursor !== undefined && { cursor }) };
    const { data = [], response } = await api.GET('/v1/webhooks/{id}', { params: { path: { id }, query }, signal });
    return { data: { data, next: nextCursor(response.headers.get('link')) } };
  });
}

/** What the webhook remembers of its vehicles, read as far as the vehicles that are shown. */
export function useStates(id: Webhook['id'], lastVehicle: string | undefined): ReadStates {
  const pages = usePages<WebhookState>(
    ['webhooks', id, 'state', 'pages'],
    (api, cursor, signal) => {
      const query = { limit: STATES_A_PAGE, ...(cursor !== undefined && { cursor }) };
      return api.GET('/v1/webhooks/{id}/state', { params: { path: { id }, query }, signal });
    },
    { refreshMs: STATES_AGAIN_MS },
  );
  const states = { states: pages.rows, hasMore: pages.isPending || pages.hasMore };
  const isNext = !pages.isFetching && pages.error === null && needsMoreStates(states, lastVehicle);
  useEffect(() => {
    if (isNext) pages.loadMore();
  });
  return states;
}

/** What a search came to. */
export interface Found {
  vehicles: readonly string[];
  isPending: boolean;
  error: Error | null;
}

/** The vehicles that a search means; undefined without one. A list that is too long is asked for single vehicles only. */
export function useSearch(webhook: Webhook, search: string, seen: readonly string[]): Found | undefined {
  const isSearching = search.trim() !== '';
  const isWhole = webhook.subscriptionCount <= SEARCHED_WHOLE_MAX;
  const all = useData<string[]>(
    ['webhooks', webhook.id, 'vehicles', 'all'],
    (api, signal) => api.GET('/v1/webhooks/{id}', { params: { path: { id: webhook.id } }, signal }),
    { enabled: isSearching && isWhole },
  );
  const guess = isWhole ? undefined : guessVehicles(seen, search)[0];
  const single = useWebhooksOfVehicle(guess ?? '', { enabled: isSearching && guess !== undefined });
  if (!isSearching) return undefined;
  if (isWhole) {
    return { vehicles: findVehicles(all.data ?? [], search), isPending: all.isPending, error: all.error };
  }
  const isSubscribed = guess !== undefined && Boolean(subscribedAt(single.data, webhook.id));
  return { vehicles: isSubscribed ? [guess] : [], isPending: single.isLoading, error: single.error };
}
