import { z } from 'zod';
import type { OperationDefinition } from '../openapi-operation.js';
import { statsQuery } from '../stats/stats-operations.js';
import { attentionView } from './attention-view.js';

/** Nobody looks after more at once, and thousands of webhooks may send to one host that is down. */
export const ATTENTION_MAX = 100;

export const overviewQuery = statsQuery;
export type OverviewQuery = z.output<typeof overviewQuery>;

const time = z.iso.datetime({ precision: 3 });

/** What the range has, and what there is now. */
const sums = {
  firings: z.int(),
  delivered: z.int(),
  failed: z.int(),
  pending: z.int().meta({ description: 'Now, whenever it fired; of each endpoint at most 100,000 are counted.' }),
  held: z.int().meta({
    description:
      'What can be recovered now, as long as it is on record; counted in the latest 100,000 that did not arrive.',
  }),
  oldestPendingAt: time.nullable().meta({ description: 'When the oldest of what is pending was queued.' }),
};

const webhook = z
  .object({
    id: z.uuid(),
    displayName: z.string(),
    service: z.string(),
    metricName: z.string(),
    condition: z.string(),
    status: z.enum(['enabled', 'disabled', 'failed']),
    statusReason: z.string().nullable(),
    endpointId: z.uuid().meta({ description: 'Where it sends to; deliveries are those to this endpoint.' }),
    subscriptionCount: z.int(),
    lastFiredAt: time.nullable().meta({ description: 'As long as that is on record.' }),
    ...sums,
    byHour: z.array(z.int()).meta({ description: 'Its firings, in each hour of the `byHour` beside `webhooks`.' }),
  })
  .meta({ id: 'WebhookOverview' });

/** How all webhooks of a license do, and what needs attention. */
export const overviewView = z
  .object({
    since: time,
    until: time,
    totals: z.object({
      ...sums,
      successRate: z
        .number()
        .nullable()
        .meta({ description: 'The part, from 0 to 1, of what was delivered or failed that was delivered.' }),
      responseTimeMs: z
        .object({ p50: z.number().nullable(), p95: z.number().nullable() })
        .meta({ description: 'Of answers to the latest 10,000 deliveries; null without any.' }),
    }),
    byHour: z.array(z.object({ hour: time, firings: z.int(), delivered: z.int(), failed: z.int() })).meta({
      description: 'Oldest first, by the time of the events. The first one begins at `since`.',
    }),
    webhooks: z.array(webhook).meta({ description: 'All of them, by id.' }),
    attention: z.array(attentionView).meta({
      description: `What needs attention, what matters most first: ${ATTENTION_MAX} at most.`,
    }),
    attentionOmitted: z.int().meta({ description: 'How many more there are.' }),
  })
  .meta({ id: 'Overview' });
export type OverviewView = z.output<typeof overviewView>;

const WEBHOOK = '019a3f6e-7c00-7b2e-9d55-0c9e6f1a2b3c';
const ENDPOINT = '019a3f6e-7c00-7b2e-9d55-4f1a2b3c0c9e';
const counts = { firings: 120, delivered: 113, failed: 0, pending: 7, held: 0 };
const oldest = { oldestPendingAt: '2026-01-15T11:22:10.000Z' };

/**
 * One scope is enough, since what is shown is what that scope shows elsewhere: webhooks, endpoints, their numbers. No
 * event, delivery or vehicle stands in it.
 */
export const getOverview: OperationDefinition = {
  id: 'getOverview',
  scope: 'webhooks:read',
  tag: 'Webhooks',
  summary: 'Shows how all webhooks did, and what needs attention',
  description:
    'As of one moment: sums and hourly numbers, and in `attention` what is wrong or may become so, with the operation ' +
    'that mends it. Tests are left out, and what endpoints merely listen to.',
  access: 'developer',
  query: overviewQuery,
  status: 200,
  answer: {
    description: 'The numbers, and what needs attention.',
    schema: overviewView,
    example: {
      since: '2026-01-15T11:00:00.000Z',
      until: '2026-01-15T12:00:00.000Z',
      totals: { ...counts, ...oldest, successRate: 1, responseTimeMs: { p50: 84, p95: 211.5 } },
      byHour: [{ hour: '2026-01-15T11:00:00.000Z', firings: 120, delivered: 113, failed: 0 }],
      webhooks: [
        {
          id: WEBHOOK,
          displayName: 'Speed Alert',
          service: 'telemetry.signals',
          metricName: 'speed',
          condition: 'value > 55',
          status: 'enabled',
          statusReason: null,
          endpointId: ENDPOINT,
          subscriptionCount: 12,
          lastFiredAt: '2026-01-15T11:59:59.310Z',
          ...counts,
          ...oldest,
          byHour: [120],
        },
      ],
      attention: [
        {
          kind: 'endpoint_breaker_open',
          severity: 'warning',
          webhookId: WEBHOOK,
          endpointId: ENDPOINT,
          title: '“Speed Alert” does not get through',
          detail:
            'The last 7 attempts failed, most recently with: Answered 503. The next one is made at 2026-01-15 12:01 UTC. It ' +
            'is given up if nothing arrives until 2026-01-20 11:22 UTC. Send a test, and see what the target makes of it.',
          since: '2026-01-15T11:22:10.000Z',
          until: '2026-01-15T12:01:12.000Z',
          count: 7,
          action: { operationId: 'testWebhook', label: 'Send a test', parameters: { id: WEBHOOK }, body: {} },
        },
      ],
      attentionOmitted: 0,
    },
  },
};
