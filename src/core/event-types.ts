/** Every type of the event log with what it says, for `GET /v1/event-types`, the documents, and `enabledEvents`. */
export const EVENT_TYPES = {
  'trigger.fired': 'A webhook fired for a vehicle.',
  'trigger.throttled': 'Firings above the quota of the license were not stored; told once a minute.',
  'condition.failed': 'A condition could not be evaluated for a sample; told once an hour.',
  'webhook.created': 'A webhook was registered.',
  'webhook.updated': 'A webhook was changed.',
  'webhook.deleted': 'A webhook was deleted.',
  'webhook.verified': 'The target of a webhook proved again that it is yours.',
  'webhook.failing': 'Nothing but failures for half, three quarters, nine tenths of the time, or number, allowed.',
  'webhook.failed': 'A webhook was given up; its deliveries are held from now on.',
  'webhook.enabled': 'A webhook was switched on.',
  'webhook.disabled': 'A webhook was switched off.',
  'webhook.tested': 'A test event was sent.',
  'endpoint.created': 'A shared endpoint was made.',
  'endpoint.updated': 'A shared endpoint was changed.',
  'endpoint.deleted': 'A shared endpoint was deleted.',
  'endpoint.gone': 'A target answered 410 Gone; its deliveries are held from now on.',
  'secret.rotated': 'A signing secret was replaced.',
  'subscription.created': 'Vehicles were subscribed.',
  'subscription.deleted': 'Vehicles were unsubscribed.',
  'subscription.revoked': 'Vehicles were unsubscribed because a permission was withdrawn.',
  'delivery.failed': 'Deliveries were given up: every attempt failed, or their time was over.',
  'delivery.cancelled': 'Pending deliveries were cancelled.',
  'delivery.resent': 'A delivery was sent again.',
  'delivery.recovered': 'Deliveries that did not arrive were queued again.',
  'api_key.created': 'An API key was made.',
  'api_key.revoked': 'An API key was revoked.',
  'grant.changed': 'A permission on a vehicle was given or withdrawn.',
  'quota.changed': 'A limit of the license was changed.',
  'quota.exceeded': 'A limit of the license was reached; told once a minute.',
  'stream.reset': 'The offsets of a topic began anew.',
  'stream.lost': 'Records were deleted before they were read.',
} as const;
export type EventType = keyof typeof EVENT_TYPES;

/** Types that concern operators; no license sees them. */
const OPERATORS = new Set<string>(['stream.reset', 'stream.lost']);

/** The types a license can see and listen to. */
export const LICENSE_EVENT_TYPES: readonly EventType[] = (Object.keys(EVENT_TYPES) as EventType[]).filter(
  (type) => !OPERATORS.has(type),
);

/**
 * Most of the log is of this type. Its payload is a whole CloudEvent, made when it happened; that of all others is a list
 * of details.
 */
export const FIRING = 'trigger.fired' satisfies EventType;
