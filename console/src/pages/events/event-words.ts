import { measured, number } from '../../parts/format.js';

/** An entry of the log, as far as it is told in a line. */
export interface ToldEvent {
  type: string;
  actor?: { license: string; keyId?: string };
  data: Record<string, unknown>;
}

/** The one detail that is worth a line: a value, a count, names. Undefined where there is none. */
export function eventDetail({ type, data }: ToldEvent): string | undefined {
  if (type === 'trigger.fired') return firingDetail(data);
  const changed = data['changed'];
  if (Array.isArray(changed) && changed.length > 0) return changed.join(', ');
  if (typeof data['count'] === 'number') return number(data['count']);
  if (typeof data['name'] === 'string') return data['name'];
  if (typeof data['limit'] === 'string') return data['limit'];
  if (typeof data['percent'] === 'number') return `${data['percent']} %`;
  return typeof data['url'] === 'string' ? data['url'] : undefined;
}

/** The metric, with the value of a signal: "speed 61.5". The CloudEvent of a firing has its own data within. */
function firingDetail(event: Record<string, unknown>): string | undefined {
  const data = event['data'] as { metricName?: unknown; signal?: { value?: unknown } } | undefined;
  if (typeof data?.metricName !== 'string') return undefined;
  const value = data.signal?.value;
  if (typeof value === 'number') return `${data.metricName} ${measured(value)}`;
  return typeof value === 'string' && value.length <= 40 ? `${data.metricName} ${value}` : data.metricName;
}

/** Who did it: an API key by its name where that is known, a token, or nobody. */
export function whoDid({ actor }: Pick<ToldEvent, 'actor'>, keyNames: ReadonlyMap<string, string>): string {
  if (!actor) return 'By itself';
  if (actor.keyId === undefined) return 'Developer token';
  return keyNames.get(actor.keyId) ?? `Key ${actor.keyId.slice(0, 8)}…`;
}

/** The operation that an entry is the beginning or the end of; undefined without one. */
export function operationOf({ data }: Pick<ToldEvent, 'data'>): string | undefined {
  return typeof data['operationId'] === 'string' ? data['operationId'] : undefined;
}
