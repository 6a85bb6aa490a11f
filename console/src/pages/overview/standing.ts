import type { Attention, Overview } from '../../api/resources.js';

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

/** The part of what was settled that arrived; null when nothing was. */
export function successOf({ delivered, failed }: { delivered: number; failed: number }): number | null {
  return delivered + failed === 0 ? null : delivered / (delivered + failed);
}

/** A sparkline in words: "941 firings in 24 hours, at most 80 in an hour". */
export function sparklineWords(byHour: readonly number[], rangeText: string): string {
  const sum = byHour.reduce((total, count) => total + count, 0);
  const most = Math.max(0, ...byHour);
  const firings = `${sum.toLocaleString('en')} ${sum === 1 ? 'firing' : 'firings'} in ${rangeText}`;
  return sum === 0 ? `No firing in ${rangeText}` : `${firings}, at most ${most.toLocaleString('en')} in an hour`;
}

/** What a webhook is called by. */
interface Named {
  id: string;
  displayName: string;
  metricName: string;
}

/** Webhooks in the order of their names, whatever the letter case; 9 comes before 10. */
export function byName(a: Named, b: Named): number {
  return nameOf(a).localeCompare(nameOf(b), 'en', { numeric: true });
}

/** How a webhook is called: its name, or its metric where it was given none. */
export function nameOf({ id, displayName, metricName }: Named): string {
  return displayName === id ? `Webhook on ${metricName}` : displayName;
}
