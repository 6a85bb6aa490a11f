import type { Catalog, ValueKind } from '../core/catalog.js';
import { SOURCE } from '../core/cloud-event.js';
import { PROFILES, type Profile } from '../core/endpoint.js';
import { FIRING, LICENSE_EVENT_TYPES } from '../core/event-types.js';
import { SAMPLE_TEXT_LENGTH_MAX, TAGS_MAX, TAG_LENGTH_MAX } from '../core/message-entry.js';
import { profileHeaderNames } from '../core/profile-header-names.js';

/** JSON Schema draft-07, which AsyncAPI takes as it is. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** Points to a schema of the document. */
export function schemaReference(name: string): JsonSchema {
  return { $ref: `#/components/schemas/${name}` };
}

/** The name of the schema of a firing about a metric of this kind. */
export function firingSchemaName(kind: ValueKind): string {
  return `FiringOf${kind[0]!.toUpperCase()}${kind.slice(1)}`;
}

/** The name of the schema of the headers that deliveries of a profile have. */
export function headersSchemaName(profile: Profile): string {
  return `HeadersOf${profile[0]!.toUpperCase()}${profile.slice(1)}`;
}

const text = { type: 'string' };
const uuid = { type: 'string', format: 'uuid' };
const time = { type: 'string', format: 'date-time' };
const number = { type: 'number' };
const vehicle = schemaReference('Vehicle');
const anyObject = { type: 'object' };
const livemode = { const: false, description: 'Only of what was sent as a test.' };

/** Every schema of the document. Names, units and kinds of metrics come from the catalogue. */
export function asyncSchemas(catalog: Catalog): Record<string, JsonSchema> {
  return {
    ...vocabulary(catalog),
    ...consumed(),
    ...firings(),
    LogEvent: logEvent(),
    ...flatBodies(),
    ...Object.fromEntries(PROFILES.map((profile) => [headersSchemaName(profile), headers(profile)])),
  };
}

/** Units and types stand beside the names once, not in a schema for each. */
function vocabulary({ signals, events }: Catalog): Record<string, JsonSchema> {
  return {
    Vehicle: {
      type: 'string',
      description: 'DID of a vehicle: did:erc721:<chain id>:<contract>:<token id>.',
      pattern: '^did:erc721:[0-9]+:(0[xX])?[0-9a-fA-F]{40}:[0-9]+$',
    },
    SignalName: {
      type: 'string',
      description: 'A signal of the catalogue; x-signals has its unit and the type of its values.',
      enum: signals.map(({ name }) => name),
      'x-signals': Object.fromEntries(
        signals.map(({ name, unit, valueType }) => [name, unit === '' ? { valueType } : { valueType, unit }]),
      ),
    },
    EventName: { type: 'string', description: 'An event of the catalogue.', enum: events.map(({ name }) => name) },
    Location: {
      type: 'object',
      description: 'A position in degrees; heading is clockwise from north.',
      properties: { latitude: number, longitude: number, hdop: number, heading: number },
    },
  };
}

/** A member that is not there stands for zero; one of the wrong type rejects its entry alone. */
function consumed(): Record<string, JsonSchema> {
  const unknownName = { type: 'string', description: 'Others are stepped over: nothing can watch them.' };
  return {
    SignalsMessage: report('signals', schemaReference('Signal')),
    EventsMessage: report('events', schemaReference('Event')),
    Signal: entry('SignalName', unknownName, {
      valueNumber: { ...number, description: 'Numbers, and 0 or 1 for false or true.' },
      valueString: { ...text, maxLength: SAMPLE_TEXT_LENGTH_MAX },
      valueLocation: optional(schemaReference('Location')),
    }),
    Event: entry('EventName', unknownName, {
      durationNs: { type: 'integer', minimum: 0, description: 'Unsigned, 64 bits, exact. A plain whole number.' },
      metadata: { ...text, maxLength: SAMPLE_TEXT_LENGTH_MAX, description: 'Usually JSON as text.' },
      tags: { type: 'array', maxItems: TAGS_MAX, items: { ...text, maxLength: TAG_LENGTH_MAX } },
    }),
  };
}

function report(member: 'signals' | 'events', items: JsonSchema): JsonSchema {
  return {
    type: 'object',
    description:
      'A CloudEvent with one report of one vehicle. Names of members are read in any letter case, null is "not given", ' +
      'other members are ignored. What cannot be read is recorded as a dead letter and stepped over.',
    required: ['subject'],
    properties: {
      specversion: { const: '1.0' },
      type: { ...text, description: `Usually dimo.${member}; not looked at.` },
      id: text,
      source: { ...text, description: 'Address of the connection that reported.' },
      producer: { ...text, description: 'DID of the device.' },
      subject: vehicle,
      time,
      dataversion: text,
      data: { type: 'object', properties: { [member]: { type: 'array', items } } },
    },
  };
}

function entry(names: string, others: JsonSchema, values: Record<string, JsonSchema>): JsonSchema {
  return {
    type: 'object',
    required: ['name'],
    properties: { name: { anyOf: [schemaReference(names), others] }, timestamp: time, ...values, cloudEventId: text },
  };
}

function optional(schema: JsonSchema): JsonSchema {
  return { anyOf: [schema, { type: 'null' }] };
}

const ENVELOPE = {
  id: { ...uuid, description: 'The same in every attempt, and equal to webhook-id: deduplicate by it.' },
  source: { const: SOURCE },
  producer: text,
  specversion: { const: '1.0' },
  subject: text,
  time: { ...time, description: 'When it happened here.' },
  datacontenttype: { const: 'application/json' },
  dataversion: text,
};

const WHOLE_LOCATION = { required: ['latitude', 'longitude', 'hdop', 'heading'] };

/** One for all firings, and one for each kind of value that says what its sample looks like. */
function firings(): Record<string, JsonSchema> {
  const members = ['service', 'metricName', 'webhookId', 'webhookName', 'assetDID', 'condition'];
  const registered = Object.fromEntries(members.map((name) => [name, text]));
  const envelope = {
    ...ENVELOPE,
    type: { const: 'dimo.trigger' },
    producer: { ...uuid, description: 'The webhook.' },
    subject: vehicle,
  };
  const kinds: [ValueKind, 'signal' | 'event', JsonSchema][] = [
    ['number', 'signal', signal('float64', number)],
    ['string', 'signal', signal('string', text)],
    ['location', 'signal', signal('vss.Location', { allOf: [schemaReference('Location'), WHOLE_LOCATION] })],
    ['event', 'event', event()],
  ];
  return {
    Firing: withOptional(object({ ...envelope, data: object(registered) }, 'A webhook fired for a vehicle.'), {
      sequence: { ...text, pattern: '^[0-9]+$', description: 'Counts the firings of this webhook for this vehicle.' },
      traceparent: { ...text, description: 'W3C trace context of the record that made it fire.' },
      livemode,
    }),
    ...Object.fromEntries(kinds.map(([kind, member, sample]) => [firingSchemaName(kind), firing(member, sample)])),
  };
}

function firing(member: 'signal' | 'event', sample: JsonSchema): JsonSchema {
  const data = { type: 'object', required: [member], properties: { [member]: sample } };
  return { allOf: [schemaReference('Firing'), { type: 'object', properties: { data } }] };
}

function signal(valueType: string, value: JsonSchema): JsonSchema {
  const required = { name: schemaReference('SignalName'), timestamp: time, valueType: { const: valueType }, value };
  return withOptional(object(required), { unit: text, source: text, producer: text });
}

function event(): JsonSchema {
  const durationNs = { type: 'integer', minimum: 0 };
  const required = { name: schemaReference('EventName'), timestamp: time, durationNs };
  return withOptional(object(required), { source: text, producer: text, metadata: text });
}

function logEvent(): JsonSchema {
  const about = {
    actor: { ...anyObject, description: 'Who did it, where somebody did.' },
    requestId: text,
    webhookId: uuid,
    endpointId: uuid,
    assetDID: vehicle,
  };
  const type = {
    enum: LICENSE_EVENT_TYPES.filter((each) => each !== FIRING).map((each) => `tripline.${each}`),
  };
  const envelope = {
    ...ENVELOPE,
    type,
    dataversion: { const: 'tripline/v1.0' },
    data: withOptional(object({}), about),
  };
  const description = 'An event of the log, for endpoints that listen to it (enabledEvents).';
  return withOptional(object(envelope, description), { livemode });
}

function flatBodies(): Record<string, JsonSchema> {
  return {
    DesmoBody: object(
      { event: text, timestamp: time, data: anyObject },
      "The CloudEvent's data, with its type and time.",
    ),
    DodevBody: object(
      {
        eventId: { ...text, pattern: '^evt_' },
        type: text,
        service: text,
        data: anyObject,
        livemode: { type: 'boolean' },
        createdAt: { type: 'integer', description: 'Milliseconds since 1970.' },
      },
      "The CloudEvent's data, with its id, type and time.",
    ),
  };
}

const STANDARD_HEADERS: Readonly<Record<string, JsonSchema>> = {
  'content-type': {
    ...text,
    description: 'application/json, or application/cloudevents+json where the endpoint says so.',
  },
  'user-agent': text,
  'webhook-id': { ...uuid, description: "The event's id: the same in every attempt." },
  'webhook-timestamp': { ...text, pattern: '^[0-9]+$', description: 'Unix seconds of this attempt.' },
  'webhook-signature': {
    ...text,
    pattern: '^v1a?,[A-Za-z0-9+/=]+( v1a?,[A-Za-z0-9+/=]+)*$',
    description:
      'Standard Webhooks over `webhook-id.webhook-timestamp.body`. Several while a secret is rotated: any may match.',
  },
  'x-webhook-event': { ...text, description: 'Type of the log event, trigger.fired for one.' },
  'x-webhook-delivery': { ...uuid, description: 'This event on its way to this endpoint.' },
  'x-webhook-attempt': { ...text, pattern: '^[1-9][0-9]*$', description: 'Counts from 1.' },
  traceparent: { ...text, description: 'W3C trace context; a span for each attempt.' },
};

function headers(profile: Profile): JsonSchema {
  const own = profileHeaderNames({ profile, headerPrefix: null }).map((name) => [name.toLowerCase(), text] as const);
  const description =
    own.length === 0
      ? 'Standard Webhooks. The headers that the endpoint was given come besides.'
      : `Those of the profile ${profile} beside Standard Webhooks.`;
  return object({ ...STANDARD_HEADERS, ...Object.fromEntries(own) }, description);
}

/** An object that has all of these members. */
function object(
  properties: Readonly<Record<string, unknown>>,
  description?: string,
): JsonSchema & { properties: object } {
  const required = Object.keys(properties);
  return {
    type: 'object',
    ...(description === undefined ? {} : { description }),
    ...(required.length === 0 ? {} : { required }),
    properties,
  };
}

function withOptional(schema: JsonSchema & { properties: object }, members: Record<string, unknown>): JsonSchema {
  return { ...schema, properties: { ...schema.properties, ...members } };
}
