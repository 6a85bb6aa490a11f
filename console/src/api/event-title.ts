const TITLES: Readonly<Record<string, string>> = {
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
export function eventTitle(type: string): string {
  return TITLES[type] ?? type;
}
