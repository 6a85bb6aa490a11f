import type { Connection } from './live-rows.js';

/** What can be shown alone: groups of names of the stream. */
export const TYPES = [
  { id: '', text: 'Everything' },
  { id: 'trigger.fired', text: 'Firings' },
  { id: 'delivery.*', text: 'Deliveries' },
  { id: 'delivery.failed,delivery.held,delivery.cancelled', text: 'Deliveries that did not arrive' },
  { id: 'condition.failed,trigger.throttled,quota.exceeded', text: 'Samples that were passed over' },
  { id: 'webhook.*,endpoint.*,secret.*', text: 'Changes of webhooks and endpoints' },
  { id: 'subscription.*,grant.*', text: 'Changes of vehicles and permissions' },
  { id: 'api_key.*,quota.changed', text: 'Changes of keys and limits' },
] as const;

/** The choices, with what an address asks for besides. */
export function typeOptions(type: string): { id: string; text: string }[] {
  const isKnown = TYPES.some(({ id }) => id === type);
  return isKnown ? [...TYPES] : [...TYPES, { id: type, text: type.replaceAll(',', ', ') }];
}

/** How the connection is, in a word or two. */
export const CONNECTIONS: Readonly<Record<Connection, { kind: 'ok' | 'warn' | 'bad' | 'mute'; text: string }>> = {
  waiting: { kind: 'mute', text: 'Connecting' },
  connected: { kind: 'ok', text: 'Connected' },
  reconnecting: { kind: 'warn', text: 'Reconnecting' },
  resting: { kind: 'mute', text: 'Resting' },
  ended: { kind: 'bad', text: 'Ended' },
};
