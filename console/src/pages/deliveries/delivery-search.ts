import { compact, sinceTime, textOf, timeOf, timeOrSpanOf } from '../../lists/search-values.js';

/** The statuses of deliveries, in the order in which they are offered. */
export const STATUSES = ['pending', 'delivered', 'failed', 'held', 'cancelled'] as const;

/** What the list of deliveries is narrowed by and shows, as it stands in the page's address. */
export interface DeliverySearch {
  /** Some of `STATUSES`, by comma. */
  status?: string;
  webhook?: string;
  endpoint?: string;
  vehicle?: string;
  /** A time, or how far back: `1h`, `24h`, `7d`. */
  since?: string;
  until?: string;
  view?: 'causes';
  /** The delivery that stands open over the list. */
  delivery?: string;
}

/**
 * Reads the parameters of an address. What is no value of a filter is left out: a wrong link shows a list that is too long
 * rather than an error.
 */
export function readDeliverySearch(search: Record<string, unknown>): DeliverySearch {
  return compact({
    status: statusesOf(search['status']),
    webhook: textOf(search['webhook']),
    endpoint: textOf(search['endpoint']),
    vehicle: textOf(search['vehicle']),
    since: timeOrSpanOf(search['since']),
    until: timeOf(search['until']),
    view: search['view'] === 'causes' ? 'causes' : undefined,
    delivery: textOf(search['delivery']),
  });
}

/** The same of one webhook's list, which is narrowed to it already. */
export function readWebhookDeliverySearch(search: Record<string, unknown>): DeliverySearch {
  return readDeliverySearch({ ...search, webhook: undefined, endpoint: undefined });
}

/** What the API is asked with. Spans count from `nowMs`. */
export function deliveryQuery(search: DeliverySearch, nowMs: number) {
  const { status, webhook, endpoint, vehicle, since, until } = search;
  return compact({
    status,
    webhookId: webhook,
    endpointId: endpoint,
    vehicle,
    since: sinceTime(since, nowMs),
    until,
  });
}

/** Whether anything narrows the list. */
export function isNarrowed({ view: _view, delivery: _delivery, ...filters }: DeliverySearch): boolean {
  return Object.keys(filters).length > 0;
}

function statusesOf(value: unknown): string | undefined {
  const names = textOf(value)?.split(',') ?? [];
  const known = STATUSES.filter((status) => names.includes(status));
  return known.length === 0 || known.length === STATUSES.length ? undefined : known.join(',');
}
