import { createRequire } from 'node:module';
import type { Catalog, MetricKind, ValueKind } from '../core/catalog.js';
import { EVENT_TYPES, FIRING, LICENSE_EVENT_TYPES } from '../core/event-types.js';
import type { EventType } from '../core/event-types.js';
import {
  firingExample,
  endpointTestExample,
  logEventExample,
  MESSAGE_EXAMPLES,
  requestExample,
  testExample,
} from './asyncapi-examples.js';
import { asyncSchemas, firingSchemaName, headersSchemaName, schemaReference } from './asyncapi-schemas.js';
import type { JsonSchema } from './asyncapi-schemas.js';

const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };

const DESCRIPTION = `What Tripline reads from Kafka and what it sends to webhooks. Registering webhooks and asking what became of
deliveries is REST: see the OpenAPI document.`;

const SAMPLE_NAMES: Readonly<Record<ValueKind, string>> = {
  number: 'a number',
  string: 'a text',
  location: 'a position',
  event: 'an event',
};

/** The AsyncAPI 3.0 document of an installation: topics and webhooks, with the names of its catalogue. */
export function createAsyncDocument(catalog: Catalog): Record<string, unknown> {
  const sent = sentMessages();
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Tripline',
      version,
      description: DESCRIPTION,
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    defaultContentType: 'application/json',
    servers: SERVERS,
    channels: {
      signals: topic('topic.device.signals', 'DEVICE_SIGNALS_TOPIC', 'signals'),
      events: topic('topic.device.events', 'DEVICE_EVENTS_TOPIC', 'events'),
      deliveries: {
        address: null,
        title: 'Webhooks',
        description: "The URL of an endpoint, which proved to be the developer's when it was registered.",
        servers: [{ $ref: '#/servers/receiver' }],
        messages: references(Object.keys(sent), '#/components/messages/'),
      },
    },
    operations: {
      receiveSignals: receiving('signals'),
      receiveEvents: receiving('events'),
      sendDelivery: {
        action: 'send',
        channel: { $ref: '#/channels/deliveries' },
        title: 'Delivers',
        summary: 'Sends a signed event, again by its schedule until it is answered with a 2xx',
        bindings: { http: { method: 'POST', bindingVersion: '0.3.0' } },
        messages: Object.keys(sent).map((name) => ({ $ref: `#/channels/deliveries/messages/${name}` })),
      },
    },
    components: {
      messages: { signals: consumed('signal', 'SignalsMessage'), events: consumed('event', 'EventsMessage'), ...sent },
      schemas: asyncSchemas(catalog),
    },
  };
}

const SERVERS = {
  kafka: {
    host: '{brokers}',
    protocol: 'kafka',
    description: 'Apache Kafka, where vehicles report.',
    variables: { brokers: { description: 'KAFKA_BROKERS of the installation.', default: 'kafka.example.com:9092' } },
  },
  receiver: {
    host: '{host}',
    protocol: 'https',
    description: "A developer's server.",
    variables: { host: { description: 'Of the URL of the endpoint.', default: 'example.com' } },
  },
};

function topic(address: string, setting: string, message: 'signals' | 'events'): JsonSchema {
  return {
    address,
    title: `Topic of ${message}`,
    description: `Named by ${setting}. The key of a record is its vehicle, so that what one vehicle reports stays in order.`,
    servers: [{ $ref: '#/servers/kafka' }],
    messages: references([message], '#/components/messages/'),
  };
}

function receiving(channel: 'signals' | 'events'): JsonSchema {
  const groupId = { type: 'string', default: 'vehicle-triggers', description: 'KAFKA_GROUP_ID.' };
  return {
    action: 'receive',
    channel: { $ref: `#/channels/${channel}` },
    title: `Evaluates ${channel}`,
    summary: `Evaluates the conditions of webhooks for ${channel} of vehicles`,
    bindings: { kafka: { groupId, bindingVersion: '0.5.0' } },
    messages: [{ $ref: `#/channels/${channel}/messages/${channel}` }],
  };
}

function consumed(kind: MetricKind, schema: string): JsonSchema {
  return {
    name: `dimo.${kind}s`,
    title: `Report of ${kind}s`,
    contentType: 'application/json',
    headers: {
      type: 'object',
      description: 'None is needed; others are ignored.',
      properties: {
        traceparent: { type: 'string', description: 'W3C trace context, which firings and deliveries go on with.' },
      },
    },
    payload: schemaReference(schema),
    bindings: { kafka: { key: { type: 'string', description: 'The subject.' }, bindingVersion: '0.5.0' } },
    examples: Object.entries(MESSAGE_EXAMPLES[kind]).map(([name, payload]) => ({
      name,
      summary: `Of ${SAMPLE_NAMES[name as ValueKind]}`,
      payload,
    })),
  };
}

const CLOUD_EVENT_HEADERS: JsonSchema = {
  type: 'object',
  anyOf: (['standard', 'dimo', 'dembrane'] as const).map((profile) => schemaReference(headersSchemaName(profile))),
};

function sentMessages(): Record<string, JsonSchema> {
  const kinds: ValueKind[] = ['number', 'string', 'location', 'event'];
  const types = LICENSE_EVENT_TYPES.filter((type) => type !== FIRING);
  return {
    ...Object.fromEntries(kinds.map((kind) => [messageName(firingSchemaName(kind)), firing(kind)])),
    ...Object.fromEntries(types.map((type) => [messageName(type), logEvent(type)])),
    desmoBody: flat('desmo', 'DesmoBody'),
    dodevBody: flat('dodev', 'DodevBody'),
  };
}

function firing(kind: ValueKind): JsonSchema {
  const profiles = kind === 'number' ? (['standard', 'dimo', 'dembrane'] as const) : (['standard'] as const);
  return {
    name: 'dimo.trigger',
    title: `Firing of ${SAMPLE_NAMES[kind]}`,
    summary: `A webhook about ${SAMPLE_NAMES[kind]} fired for a vehicle`,
    contentType: 'application/json',
    headers: CLOUD_EVENT_HEADERS,
    payload: schemaReference(firingSchemaName(kind)),
    examples: [
      ...profiles.map((profile) => ({
        name: profile,
        summary: `With the profile ${profile}`,
        ...requestExample(FIRING, firingExample(kind), profile),
      })),
      {
        name: 'test',
        summary: 'A test, which a person asked for',
        ...requestExample(FIRING, testExample(kind), 'standard'),
      },
    ],
  };
}

/** The one message that is no event of the log, but a try of being sent one. */
const ENDPOINT_TEST = {
  name: 'test',
  summary: 'The test of an endpoint, sent to itself',
  ...requestExample('webhook.tested', endpointTestExample(), 'standard'),
};

function logEvent(type: EventType): JsonSchema {
  const name = `tripline.${type}`;
  return {
    name,
    title: type,
    summary: EVENT_TYPES[type].replace(/\.$/, ''),
    contentType: 'application/json',
    headers: CLOUD_EVENT_HEADERS,
    payload: { allOf: [schemaReference('LogEvent'), { type: 'object', properties: { type: { const: name } } }] },
    examples: [
      { name: 'standard', payload: JSON.parse(logEventExample(type)) as unknown },
      ...(type === 'webhook.tested' ? [ENDPOINT_TEST] : []),
    ],
  };
}

function flat(profile: 'desmo' | 'dodev', schema: string): JsonSchema {
  return {
    name: profile,
    title: `Any event, with the profile ${profile}`,
    summary: 'The same data without the CloudEvent around it',
    contentType: 'application/json',
    headers: schemaReference(headersSchemaName(profile)),
    payload: schemaReference(schema),
    examples: [{ name: 'firing', ...requestExample(FIRING, firingExample('number'), profile) }],
  };
}

/** A key of the document: `webhook.failed` is `webhookFailed`. */
function messageName(name: string): string {
  const joined = name.replace(/[._](\w)/g, (_match, letter: string) => letter.toUpperCase());
  return joined[0]!.toLowerCase() + joined.slice(1);
}

function references(names: readonly string[], base: string): JsonSchema {
  return Object.fromEntries(names.map((name) => [name, { $ref: base + name }]));
}
