import type { EventType } from '../../core/event-types.js';
import { formatFeedCursor } from '../../store/feed-cursor.js';
import type { FeedEntry } from '../../store/feed-reader.js';
import { viewDelivery } from '../deliveries/delivery-view.js';
import { viewEvent } from '../events/event-view.js';

/** What a listener wants to hear of. */
export interface StreamFilter {
  names: ReadonlySet<string>;
  webhookId?: string | undefined;
  vehicle?: string | undefined;
}

/** Whether an entry says that this API key was revoked. */
export function isRevocationOf(keyId: string, entry: FeedEntry): boolean {
  if (entry.kind !== 'event' || entry.event.type !== ('api_key.revoked' satisfies EventType)) return false;
  return viewEvent(entry.event).data['keyId'] === keyId;
}

/** An entry as a server-sent event (WHATWG HTML §9.2); undefined when the listener does not want it. */
export function streamText(entry: FeedEntry, { names, webhookId, vehicle }: StreamFilter): string | undefined {
  const name = entry.kind === 'event' ? entry.event.type : `delivery.${entry.delivery.status}`;
  if (!names.has(name)) return undefined;
  const about = entry.kind === 'event' ? entry.event : entry.delivery;
  if (webhookId !== undefined && about.triggerId !== webhookId) return undefined;
  if (vehicle !== undefined && about.vehicle !== vehicle) return undefined;
  const view = entry.kind === 'event' ? viewEvent(entry.event) : viewDelivery(entry.delivery);
  return `id: ${formatFeedCursor(entry)}\nevent: ${name}\ndata: ${JSON.stringify(view)}\n\n`;
}
