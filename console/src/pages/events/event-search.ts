import { compact, sinceTime, textOf, timeOf, timeOrSpanOf } from '../../lists/search-values.js';

/** What the event log is narrowed by, as it stands in the page's address. */
export interface EventSearch {
  /** Types by comma, `webhook.*` for all that begin so. */
  type?: string;
  webhook?: string;
  vehicle?: string;
  /** A time, or how far back: `1h`, `24h`, `7d`. */
  since?: string;
  until?: string;
}

const TYPE = /^[a-z_]+\.([a-z_]+|\*)$/;

/** Reads the parameters of an address; what is no value of a filter is left out. */
export function readEventSearch(search: Record<string, unknown>): EventSearch {
  const types =
    textOf(search['type'])
      ?.split(',')
      .filter((name) => TYPE.test(name)) ?? [];
  return compact({
    type: types.length === 0 ? undefined : [...new Set(types)].join(','),
    webhook: textOf(search['webhook']),
    vehicle: textOf(search['vehicle']),
    since: timeOrSpanOf(search['since']),
    until: timeOf(search['until']),
  });
}

/** What the API is asked with. Spans count from `nowMs`. */
export function eventQuery({ type, webhook, vehicle, since, until }: EventSearch, nowMs: number) {
  return compact({ type, webhookId: webhook, vehicle, since: sinceTime(since, nowMs), until });
}
