import { CloudEvent } from 'cloudevents';
import { SOURCE } from './cloud-event.js';
import { timeOfId } from './event-id.js';
import { FIRING } from './event-types.js';
import type { JsonObject } from './json.js';

/** An entry of the event log, as it is stored. */
export interface LoggedEvent {
  id: string;
  type: string;
  license: string;
  triggerId: string | null;
  /** The endpoint it is about. */
  endpointId: string | null;
  vehicle: string | null;
  /** JSON text of an object: the CloudEvent of a firing, the details of everything else. */
  payload: string;
}

/**
 * The CloudEvent as which a log event goes out, as JSON text. A firing's is what was stored, to the byte; all others
 * are of type `tripline.<type>` and tell in `data` what they are about beside their details.
 */
export function envelopeOf(event: LoggedEvent): string {
  const { id, type, license, triggerId, endpointId, vehicle, payload } = event;
  if (type === FIRING) return payload;
  const producer = triggerId ?? endpointId ?? license;
  const attributes = {
    id,
    source: SOURCE,
    producer,
    specversion: '1.0',
    subject: vehicle ?? producer,
    time: new Date(timeOfId(id)).toISOString(),
    type: `tripline.${type}`,
    datacontenttype: 'application/json',
    dataversion: 'tripline/v1.0',
    data: {
      ...(JSON.parse(payload) as JsonObject),
      ...(triggerId === null ? {} : { webhookId: triggerId }),
      ...(endpointId === null ? {} : { endpointId }),
      ...(vehicle === null ? {} : { assetDID: vehicle }),
    },
  };
  // By the SDK, since of these there are few; a firing's is held to it by a test. Without its look at the whole: what it
  // would not have, as a year of five digits, is better sent than lost.
  return JSON.stringify(new CloudEvent(attributes, false));
}
