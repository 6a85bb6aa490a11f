import { z } from 'zod';
import type { OperationDefinition } from '../openapi-operation.js';
import { listSchema, pageQuery } from '../page.js';
import { eventView } from './event-view.js';
import type { EventView } from './event-view.js';
import { logQuery, rangeQuery } from './log-query.js';

const TYPE_LENGTH_MAX = 2_000;

/** The parameter that narrows by type. */
export const typeText = z
  .string()
  .max(TYPE_LENGTH_MAX)
  .optional()
  .meta({
    description: 'Types by comma; `trigger.*` means all that begin so.',
    examples: ['webhook.*,delivery.failed'],
  });

export const eventsQuery = z.object({ type: typeText, ...logQuery, ...rangeQuery, ...pageQuery.shape });
export type EventsQuery = z.output<typeof eventsQuery>;

export const eventList = listSchema(eventView).meta({ id: 'LogEventList' });

export const eventTypeList = z
  .object({ data: z.array(z.object({ type: z.string(), description: z.string() })) })
  .meta({ id: 'EventTypeList' });

export const eventExample: EventView = {
  id: '019bc1b8-5c10-7a3e-9d57-0c6b7c1e4f20',
  type: 'webhook.updated',
  time: '2026-01-15T12:00:00.016Z',
  actor: { license: '0xF26421509Efe92861a587482100c6d728aBf1CD0' },
  requestId: 'c2f1f5b0-6a3d-4a57-9f3d-0a2a5d0c7e11',
  webhookId: '3dfc572a-ea31-4e8e-8685-29fb4a24d0c2',
  data: { changed: ['condition'], revision: 2 },
};

export const listEvents: OperationDefinition = {
  id: 'listEvents',
  scope: 'events:read',
  tag: 'Events',
  summary: 'Lists what happened, newest first',
  description:
    'The event log of your license: firings and every significant change, kept for 30 days or as configured.',
  access: 'developer',
  query: eventsQuery,
  status: 200,
  answer: { description: 'One page.', schema: eventList, example: { data: [eventExample], next: null } },
};

export const getEvent: OperationDefinition = {
  id: 'getEvent',
  scope: 'events:read',
  tag: 'Events',
  summary: 'Shows one event of the log',
  access: 'developer',
  status: 200,
  answer: { description: 'The event.', schema: eventView, example: eventExample },
  problems: { 404: 'Your license has no such event, or it is no longer on record.' },
};

export const listEventTypes: OperationDefinition = {
  id: 'listEventTypes',
  scope: 'events:read',
  tag: 'Events',
  summary: 'Lists the types of events',
  access: 'developer',
  status: 200,
  answer: {
    description: 'Every type that the log can have.',
    schema: eventTypeList,
    example: { data: [{ type: 'trigger.fired', description: 'A webhook fired for a vehicle.' }] },
  },
};
