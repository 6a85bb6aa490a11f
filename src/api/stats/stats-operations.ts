import { z } from 'zod';
import type { OperationDefinition } from '../openapi-operation.js';
import { timeText } from '../events/log-query.js';

export const statsQuery = z.object({
  since: timeText.optional().meta({
    description: 'Counted from here on; the last 24 hours when not given, and never more than the log is kept.',
  }),
});
export type StatsQuery = z.output<typeof statsQuery>;

const time = z.iso.datetime({ precision: 3 });

/** How a webhook did, as the REST surface shows it. */
export const statsView = z
  .object({
    since: time,
    until: time,
    firings: z.int(),
    throttled: z.int().meta({
      description: 'How often your license was told that firings are above its quota, whichever webhook they were of.',
    }),
    conditionFailures: z.int().meta({ description: 'How often you were told that the condition cannot be evaluated.' }),
    deliveries: z.object({
      pending: z.int(),
      delivered: z.int(),
      failed: z.int(),
      held: z.int(),
      cancelled: z.int(),
    }),
    attempts: z.int(),
    responseTimeMs: z
      .object({ p50: z.number().nullable(), p95: z.number().nullable() })
      .meta({ description: 'Of answers to the latest 10,000 deliveries; null without any.' }),
    byHour: z.array(z.object({ hour: time, firings: z.int(), delivered: z.int(), failed: z.int() })).meta({
      description: 'Oldest first, by the time of the events. The first one begins at `since`.',
    }),
  })
  .meta({ id: 'WebhookStats' });
export type StatsView = z.output<typeof statsView>;

export const getStats: OperationDefinition = {
  id: 'getWebhookStats',
  scope: 'webhooks:read',
  tag: 'Webhooks',
  summary: 'Shows how a webhook did',
  description: 'Its firings, and its deliveries to the endpoint that it has now. Tests are left out.',
  access: 'developer',
  query: statsQuery,
  status: 200,
  answer: {
    description: 'The numbers.',
    schema: statsView,
    example: {
      since: '2026-01-15T11:00:00.000Z',
      until: '2026-01-15T12:00:00.000Z',
      firings: 120,
      throttled: 0,
      conditionFailures: 0,
      deliveries: { pending: 1, delivered: 118, failed: 1, held: 0, cancelled: 0 },
      attempts: 125,
      responseTimeMs: { p50: 84, p95: 211.5 },
      byHour: [{ hour: '2026-01-15T11:00:00.000Z', firings: 120, delivered: 118, failed: 1 }],
    },
  },
  problems: { 404: 'Your license has no such webhook.' },
};
