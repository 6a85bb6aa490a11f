/** An entry of the log, as far as it is told in a line. */
export interface ToldEvent {
  type: string;
  actor?: { license: string; keyId?: string };
  data: Record<string, unknown>;
}

const TITLES: Record<string, string> = {
  'trigger.fired': 'Webhook fired',
  'trigger.throttled': 'Firings throttled',
  'condition.failed': 'Condition could not be evaluated',
  'webhook.created': 'Webhook registered',
  'webhook.updated': 'Webhook changed',
  'webhook.deleted': 'Webhook deleted',
  'webhook.verified': 'Target verified',
  'webhook.failing': 'Deliveries keep failing',
  'webhook.failed': 'Webhook given up',
  'webhook.enabled': 'Webhook enabled',
  'webhook.disabled': 'Webhook disabled',
  'webhook.tested': 'Test sent',
  'endpoint.created': 'Endpoint made',
  'endpoint.updated': 'Endpoint changed',
  'endpoint.deleted': 'Endpoint deleted',
  'endpoint.gone': 'Target is gone',
  'secret.rotated': 'Secret rotated',
  'subscription.created': 'Vehicles subscribed',
  'subscription.deleted': 'Vehicles unsubscribed',
  'subscription.revoked': 'Permission withdrawn',
  'delivery.failed': 'Deliveries given up',
  'delivery.cancelled': 'Deliveries cancelled',
  'delivery.resent': 'Delivery sent again',
  'delivery.recovered': 'Deliveries recovered',
  'api_key.created': 'API key made',
  'api_key.revoked': 'API key revoked',
  'grant.changed': 'Permission changed',
  'quota.changed': 'Limit changed',
  'quota.exceeded': 'Limit reached',
};

/** What an entry says, in a few words; the type itself where it is not known here. */
export function eventTitle({ type }: Pick<ToldEvent, 'type'>): string {
  return TITLES[type] ?? type;
}

/** The one detail that is worth a line: a value, a count, names. Undefined where there is none. */
export function eventDetail({ type, data }: ToldEvent): string | undefined {
  if (type === 'trigger.fired') return firingDetail(data);
  const changed = data['changed'];
  if (Array.isArray(changed) && changed.length > 0) return changed.join(', ');
  if (typeof data['count'] === 'number') return data['count'].toLocaleString('en');
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
  if (typeof value === 'number')
    return `${data.metricName} ${value.toLocaleString('en', { maximumFractionDigits: 6 })}`;
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
