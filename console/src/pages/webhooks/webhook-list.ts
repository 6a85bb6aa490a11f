import type { Webhook } from '../../api/resources.js';
import { byName, nameOf } from '../../webhook/webhook-name.js';

/** What the list of webhooks can be narrowed to. */
export const STATUS_FILTERS = [
  { id: 'all', text: 'All' },
  { id: 'enabled', text: 'Enabled' },
  { id: 'failing', text: 'Failing' },
  { id: 'failed', text: 'Given up' },
  { id: 'disabled', text: 'Disabled' },
] as const;
export type StatusFilter = (typeof STATUS_FILTERS)[number]['id'];

/** The filter that an address names; all when it names none of ours. */
export function statusFilterOf(text: string | undefined): StatusFilter {
  return STATUS_FILTERS.find(({ id }) => id === text)?.id ?? 'all';
}

type Listed = Pick<
  Webhook,
  'id' | 'displayName' | 'metricName' | 'condition' | 'status' | 'failureCount' | 'targetURL'
>;

/** The webhooks that have all words of the search in what a row shows, or in their target; by name. */
export function filteredWebhooks<Row extends Listed>(
  webhooks: readonly Row[],
  { search = '', status }: { search?: string | undefined; status: StatusFilter },
): Row[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return webhooks
    .filter((webhook) => isOfStatus(webhook, status) && words.every((word) => textOf(webhook).includes(word)))
    .sort(byName);
}

function isOfStatus({ status, failureCount }: Listed, filter: StatusFilter): boolean {
  if (filter === 'all') return true;
  if (filter === 'failing') return status === 'enabled' && failureCount > 0;
  return status === filter;
}

function textOf(webhook: Listed): string {
  const { id, metricName, condition, targetURL } = webhook;
  return [nameOf(webhook), id, metricName, condition, targetURL].join('\n').toLowerCase();
}
