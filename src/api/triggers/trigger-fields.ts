import { z } from 'zod';
import { isObject } from '../../core/json.js';
import { deliveryOptionFields } from '../delivery-options.js';
import { text } from '../fields.js';
import { targetUrlField, verificationTokenField } from '../target.js';

/** Longer than the name of any service or metric. */
const SERVICE_LENGTH_MAX = 64;
const METRIC_NAME_LENGTH_MAX = 128;
/** More than a person writes; what a condition may cost is limited besides. */
export const CONDITION_LENGTH_MAX = 2000;
const DESCRIPTION_LENGTH_MAX = 2000;
const DISPLAY_NAME_LENGTH_MAX = 255;
/** Seconds; what the original's database column holds: 68 years. */
const COOLDOWN_SECONDS_MAX = 2 ** 31 - 1;

export const serviceField = text(SERVICE_LENGTH_MAX)
  .min(1)
  .meta({
    description: '`telemetry.signals` or `telemetry.events`; `signals` and `events` mean the same.',
    examples: ['telemetry.signals'],
  });

export const metricNameField = text(METRIC_NAME_LENGTH_MAX)
  .min(1)
  .meta({
    description:
      'Name of a signal or event, from `GET /v1/webhooks/signals` or `/events`; `vss.` in front is optional.',
    examples: ['speed'],
  });

export const conditionField = text(CONDITION_LENGTH_MAX)
  .min(1)
  .meta({
    description:
      'CEL expression that says when to fire, over `value`, `previousValue` and others. `=` is read as `==`. ' +
      '`previousValue` is the value that made this webhook fire last for the vehicle, 0 or "" before.',
    examples: ['value > 55'],
  });

export const cooldownField = z
  .int()
  .min(0, 'Cool down period must be greater than or equal to 0')
  .max(COOLDOWN_SECONDS_MAX)
  .meta({ description: 'Seconds that must pass between two firings for one vehicle.', examples: [30] });

/** Seconds, as for the cool-down. */
const SAMPLE_AGE_SECONDS_MAX = COOLDOWN_SECONDS_MAX;

export const sampleAgeField = z
  .int()
  .min(1)
  .max(SAMPLE_AGE_SECONDS_MAX)
  .nullable()
  .meta({
    description:
      'Samples whose own time is more seconds before the time of their record on the stream are not evaluated; null ' +
      'takes all, however late they come.',
    examples: [600],
  });

const statusField = z
  .enum(['enabled', 'disabled'], { error: ({ input }) => statusError(input) })
  .meta({ description: 'A disabled webhook is kept, but never fires.' });

const changedStatusField = z
  .enum(['enabled', 'disabled', 'failed'], { error: ({ input }) => statusError(input) })
  .meta({
    description:
      'A disabled webhook is kept, but never fires. Enabling one that has failed lets it begin anew; `failed` may be ' +
      'sent back where it is shown, and changes nothing.',
  });

/** The original's text. */
export function statusError(given: unknown): string {
  const shown = typeof given === 'string' ? given : JSON.stringify(given);
  return `Invalid status, must be 'enabled' or 'disabled', got '${shown.slice(0, 100)}'`;
}

const descriptionField = text(DESCRIPTION_LENGTH_MAX).meta({
  description: 'For your own reference.',
  examples: ['This webhook is used to notify when the speed of the vehicle exceeds 55 km/h.'],
});

const displayNameField = text(DISPLAY_NAME_LENGTH_MAX)
  .nullable()
  .meta({
    description: "Unique among a license's webhooks, whatever the letter case. The webhook's id when null or blank.",
    examples: ['Speed Alert'],
  });

const autoSubscribeField = z.boolean().meta({
  description:
    'The webhook watches what is shared with your license: vehicles that are shared later join by themselves within a ' +
    'minute, those that are no longer shared leave. None can be unsubscribed by hand meanwhile.',
});

const endpointIdField = z.uuid().meta({
  description: 'A shared endpoint of yours, in place of `targetURL`, `verificationToken` and delivery options.',
});

/** A field that only counts when no endpoint is named; asked whatever else is wrong, so that all mistakes are told at once. */
function neededWithoutEndpoint(name: 'targetURL' | 'verificationToken') {
  return {
    path: [name],
    error: 'is required',
    when: ({ value }: { value: unknown }) => isObject(value) && value.endpointId === undefined,
  };
}

/** What registers a webhook. */
export const newWebhook = z
  .object({
    service: serviceField,
    metricName: metricNameField,
    condition: conditionField,
    coolDownPeriod: cooldownField.default(0),
    maxSampleAgeSeconds: sampleAgeField.default(null),
    description: descriptionField.default(''),
    displayName: displayNameField.optional(),
    status: statusField.default('enabled'),
    autoSubscribe: autoSubscribeField.default(false),
    targetURL: targetUrlField.optional(),
    verificationToken: verificationTokenField.optional(),
    endpointId: endpointIdField.optional(),
    ...deliveryOptionFields,
  })
  .refine((given) => given.targetURL !== undefined, neededWithoutEndpoint('targetURL'))
  .refine((given) => given.verificationToken !== undefined, neededWithoutEndpoint('verificationToken'))
  .meta({ id: 'NewWebhook' });
export type NewWebhook = z.output<typeof newWebhook>;

/** What changes a webhook: only the given fields do. */
export const webhookChange = z
  .object({
    service: serviceField.optional(),
    metricName: metricNameField.optional(),
    condition: conditionField.optional(),
    coolDownPeriod: cooldownField.optional(),
    maxSampleAgeSeconds: sampleAgeField.optional(),
    description: descriptionField.optional(),
    displayName: displayNameField.optional(),
    status: changedStatusField.optional(),
    autoSubscribe: autoSubscribeField.optional(),
    targetURL: targetUrlField.optional(),
    verificationToken: verificationTokenField.optional(),
    endpointId: endpointIdField.optional(),
    ...deliveryOptionFields,
  })
  .meta({ id: 'WebhookChange' });
export type WebhookChange = z.output<typeof webhookChange>;
