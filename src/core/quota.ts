/** The limits of one license, by the names that the REST surface and the event log give them. */
export const QUOTAS = {
  webhooks: 'Webhooks that there may be. With 0 the license is gated: nothing is sent to it, and what fires is kept.',
  endpoints: 'Shared endpoints that there may be.',
  subscriptions: 'Vehicles that its webhooks may watch, each counted once for each webhook.',
  apiKeys: 'API keys that there may be, those that were revoked or have expired not counted.',
  requestsPerMinute: 'Requests to the REST API.',
  probesPerMinute: 'Handshakes and test events: requests that make us call a target while the caller waits.',
  firingsPerMinute: 'Firings. A sample that would fire above it is passed over.',
  deliveriesPerMinute: 'Requests to targets, each attempt counted. What is due above it waits.',
  pendingDeliveries: 'Deliveries that may wait in the queue. Those of firings above it are held, to be recovered.',
} as const;

export type QuotaName = keyof typeof QUOTAS;

/** Limits on what happens within a minute of the database's clock; the others are on what there is at once. */
export const RATE_QUOTAS = ['requestsPerMinute', 'probesPerMinute', 'firingsPerMinute', 'deliveriesPerMinute'] as const;

export type RateQuotaName = (typeof RATE_QUOTAS)[number];

/** A number for each limit. */
export type Quotas = Record<QuotaName, number>;

/** All names, in the order in which they are shown. */
export const QUOTA_NAMES = Object.keys(QUOTAS) as QuotaName[];

/** Whether nothing is sent to a license with these limits, see `QUOTAS.webhooks`. */
export function isGated({ webhooks }: Pick<Quotas, 'webhooks'>): boolean {
  return webhooks === 0;
}
