import { z } from 'zod';

/** Everything that an owner may have to look after, what matters most first. */
export const ATTENTION_KINDS = {
  license_gated: 'The license may have no webhooks, so nothing is sent to it.',
  endpoint_gone: 'The target answered 410 Gone: what there is for it is held.',
  endpoint_failed: 'The endpoint was given up after nothing but failures: what there is for it is held.',
  endpoint_breaker_open: 'So many attempts in a row failed that the endpoint is only probed, next time at `until`.',
  endpoint_failing: 'The last attempts failed.',
  quota_reached: 'A limit on what there is at once is used up.',
  deliveries_held: 'Deliveries are held at an endpoint that works, to be recovered.',
  deliveries_failed: 'Deliveries were given up within the range at an endpoint that works; they can be recovered.',
  deliveries_late: 'Deliveries are due for minutes and have not been sent, though the endpoint works.',
  firings_throttled: 'Samples were passed over within the range, since firings were above the quota.',
  condition_failing: 'The condition could not be evaluated within the range, and has not been changed since.',
  rate_limited: 'A limit a minute was reached within the range.',
  quota_near: 'Four fifths of a limit on what there is at once are used up.',
  endpoint_paused: 'You switched the endpoint off: what there is for it is held.',
  webhook_without_vehicles: 'The webhook is enabled and watches no vehicle.',
  secret_overlap: 'A secret was rotated, and the one before it signs as well, until `until`.',
} as const;
export type AttentionKind = keyof typeof ATTENTION_KINDS;

const NAMES = Object.keys(ATTENTION_KINDS) as [AttentionKind, ...AttentionKind[]];

/** What is wrong first, then what may become so, then what is merely to be known. */
export const SEVERITIES = ['error', 'warning', 'notice'] as const;

const time = z.iso.datetime({ precision: 3 });

const actionView = z
  .object({
    operationId: z.string().meta({ description: 'Of an operation of this document.' }),
    label: z.string().meta({ description: 'What it does, as a button says it.' }),
    parameters: z.record(z.string(), z.string()).meta({ description: 'Of its path and query, by name.' }),
    body: z
      .record(z.string(), z.unknown())
      .nullable()
      .meta({ description: 'To be sent as it is; null where there is none, or where it is for you to fill in.' }),
  })
  .meta({ id: 'AttentionAction' });
export type AttentionAction = z.output<typeof actionView>;

/** One thing that needs attention, for programs and in words. */
export const attentionView = z
  .object({
    kind: z.enum(NAMES).meta({
      description: NAMES.map((name) => `- \`${name}\`: ${ATTENTION_KINDS[name]}`).join('\n'),
    }),
    severity: z.enum(SEVERITIES),
    webhookId: z.uuid().nullable().meta({ description: 'The only webhook that it is about; null for several.' }),
    endpointId: z.uuid().nullable().meta({
      description: 'What is wrong at an endpoint is one entry, whichever webhooks share it: they name it too.',
    }),
    title: z.string(),
    detail: z.string().meta({ description: 'What happened, then what to do, as sentences.' }),
    since: time.nullable().meta({ description: 'When it began, or when the oldest of what it is about was made.' }),
    until: time.nullable().meta({ description: 'When something happens by itself.' }),
    count: z.int().nullable().meta({ description: 'How many: attempts that failed, deliveries that wait, and so on.' }),
    action: actionView
      .nullable()
      .meta({ description: 'What mends it, or shows more; null where the operator has to.' }),
  })
  .meta({ id: 'Attention' });
export type Attention = z.output<typeof attentionView>;
