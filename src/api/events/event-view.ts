import type { LoggedEvent } from '../../core/log-envelope.js';
import { z } from 'zod';
import { timeOfId } from '../../core/event-id.js';
import { FIRING } from '../../core/event-types.js';
import { isObject } from '../../core/json.js';

/** An entry of the event log as the REST surface shows it. */
export const eventView = z
  .object({
    id: z.uuid(),
    type: z.string().meta({ description: 'One of `GET /v1/event-types`.' }),
    time: z.iso.datetime({ precision: 3 }),
    actor: z
      .object({ license: z.string(), keyId: z.string().optional() })
      .optional()
      .meta({ description: 'Who did it, with the API key that was used; absent for what came by itself.' }),
    requestId: z.string().optional().meta({ description: 'The `X-Request-Id` of the call that did it.' }),
    webhookId: z.uuid().optional(),
    endpointId: z.uuid().optional().meta({ description: 'The endpoint that it is about.' }),
    vehicle: z.string().optional(),
    data: z.record(z.string(), z.unknown()).meta({
      description:
        'For a firing the CloudEvent, for everything else what is known of it; of a test that is what was `sent`.',
    }),
  })
  .meta({ id: 'LogEvent' });
export type EventView = z.output<typeof eventView>;

/** Shows a stored log event. */
export function viewEvent(event: LoggedEvent): EventView {
  const { id, type, triggerId, endpointId, vehicle, payload } = event;
  const parsed: unknown = JSON.parse(payload);
  const content = isObject(parsed) ? parsed : {};
  const { actor, requestId, ...details } = content;
  const isWhole = type === FIRING;
  return {
    id,
    type,
    time: new Date(timeOfId(id)).toISOString(),
    ...(!isWhole && isObject(actor) ? { actor: actor as EventView['actor'] } : {}),
    ...(!isWhole && typeof requestId === 'string' ? { requestId } : {}),
    ...(triggerId === null ? {} : { webhookId: triggerId }),
    ...(endpointId === null ? {} : { endpointId }),
    ...(vehicle === null ? {} : { vehicle }),
    data: isWhole ? content : details,
  };
}
