import { z } from 'zod';
import { ENABLED_EVENTS_MAX } from '../../core/enabled-events.js';
import { deliveryOptionFields } from '../delivery-options.js';
import { text } from '../fields.js';
import { targetUrlField, verificationTokenField } from '../target.js';

const DESCRIPTION_LENGTH_MAX = 2000;
/** Longer than `trigger.fired:` with any service and metric. */
const EVENT_NAME_LENGTH_MAX = 300;

const descriptionField = text(DESCRIPTION_LENGTH_MAX).meta({ description: 'For your own reference.' });

const enabledEventsField = z
  .array(text(EVENT_NAME_LENGTH_MAX))
  .max(ENABLED_EVENTS_MAX)
  .meta({
    description:
      'Log events that it is sent besides what its webhooks fire: `*`, `trigger.*`, a type such as `delivery.failed`, ' +
      'and firings by service or metric: `trigger.fired:telemetry.events`, `trigger.fired:telemetry.signals/speed`. ' +
      'An event is sent once however many match; events about the endpoint itself are not. An API key needs the scope ' +
      '`events:read`, too, to set it to other than none, and to send what is listened to elsewhere by another `url`.',
    examples: [['delivery.failed', 'webhook.*']],
  });

const enabledField = z.boolean().meta({
  description:
    'What there is for a disabled endpoint is held. Enabling also lets one begin anew that was given up; one that was ' +
    'given up is shown as not enabled, so to send it back as it is shown changes nothing.',
});

/** What makes a shared endpoint. */
export const newEndpoint = z
  .object({
    url: targetUrlField,
    verificationToken: verificationTokenField,
    description: descriptionField.default(''),
    enabledEvents: enabledEventsField.default([]),
    enabled: enabledField.default(true),
    ...deliveryOptionFields,
  })
  .meta({ id: 'NewEndpoint' });
export type NewEndpointFields = z.output<typeof newEndpoint>;

/** What changes one: only the given fields do. */
export const endpointChange = z
  .object({
    url: targetUrlField.optional(),
    verificationToken: verificationTokenField.optional(),
    description: descriptionField.optional(),
    enabledEvents: enabledEventsField.optional(),
    enabled: enabledField.optional(),
    ...deliveryOptionFields,
  })
  .meta({ id: 'EndpointChange' });
export type EndpointChangeFields = z.output<typeof endpointChange>;
