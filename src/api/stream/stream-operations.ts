import { z } from 'zod';
import { LICENSE_EVENT_TYPES } from '../../core/event-types.js';
import { SETTLED_STATUSES } from '../../store/delivery-log.js';
import { eventExample, typeText } from '../events/event-operations.js';
import { logQuery } from '../events/log-query.js';
import type { OperationDefinition } from '../openapi-operation.js';

/** What an entry of the stream can be called: a type of the log, or what became of a delivery. */
export const STREAM_EVENT_NAMES: readonly string[] = [
  ...new Set([...LICENSE_EVENT_TYPES, ...SETTLED_STATUSES.map((status) => `delivery.${status}`)]),
];

export const STREAMS_PER_LICENSE_MAX = 10;

export const streamQuery = z.object({ type: typeText, ...logQuery });
export type StreamQuery = z.output<typeof streamQuery>;

const streamText = z.string();

export const openStream: OperationDefinition = {
  id: 'openStream',
  scope: 'events:read',
  tag: 'Events',
  summary: 'Follows what happens, as server-sent events',
  description:
    'Log events and settled deliveries, in the order in which they were written, within a second or so. `event` is the ' +
    'type, or `delivery.` and the status of a delivery; `data` is what the lists show. A failed or cancelled delivery ' +
    'comes as itself, with a `status`, and may come as a log event of that name besides, with a `type`. Send the last ' +
    '`id` as `Last-Event-ID` to go on from there: nothing is left out or doubled. A comment comes every 15 seconds. ' +
    'Whoever does not read is cut off, and the stream ends when the token or key does.',
  access: 'developer',
  query: streamQuery,
  requestHeaders: {
    'Last-Event-ID': {
      description: 'The `id` of the last event that you have; from now on without it.',
      example: `48213.e.${eventExample.id}`,
    },
  },
  status: 200,
  answer: {
    description: 'The stream; it does not end by itself.',
    schema: streamText,
    example: `id: 48213.e.${eventExample.id}\nevent: webhook.updated\ndata: ${JSON.stringify(eventExample)}\n\n`,
    mediaType: 'text/event-stream',
  },
  problems: { 429: `Your license has ${STREAMS_PER_LICENSE_MAX} streams open.` },
};
