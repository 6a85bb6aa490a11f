import type { Attention, Overview } from '../../api/resources.js';
import { number, plural } from '../../parts/format.js';
import { byName } from '../../webhook/webhook-name.js';

type WebhookOverview = Overview['webhooks'][number];

/** A webhook of the overview, with how many attempts at its endpoint failed in a row. */
export type Standing = WebhookOverview & { failureCount: number };

/** All webhooks: those that were given up first, then those that fail, then the busiest. */
export function standingsOf({ webhooks, attention }: Pick<Overview, 'webhooks' | 'attention'>): Standing[] {
  const failures = failuresByEndpoint(attention);
  return webhooks
    .map((webhook) => ({ ...webhook, failureCount: failures.get(webhook.endpointId) ?? 0 }))
    .sort((a, b) => rank(a) - rank(b) || b.firings - a.firings || byName(a, b));
}

function failuresByEndpoint(attention: readonly Attention[]): Map<string, number> {
  const failing = attention.filter(({ kind }) => kind === 'endpoint_breaker_open' || kind === 'endpoint_failing');
  return new Map(failing.map(({ endpointId, count }) => [endpointId ?? '', count ?? 1]));
}

function rank({ status, failureCount }: Standing): number {
  if (status === 'failed') return 0;
  if (status === 'disabled') return 3;
  return failureCount > 0 ? 1 : 2;
}

/** A sparkline in words: "941 firings in 24 hours, at most 80 in an hour". */
export function sparklineWords(byHour: readonly number[], rangeText: string): string {
  const sum = byHour.reduce((total, count) => total + count, 0);
  const most = Math.max(0, ...byHour);
  if (sum === 0) return `No firing in ${rangeText}`;
  return `${plural(sum, 'firing')} in ${rangeText}, at most ${number(most)} in an hour`;
}
