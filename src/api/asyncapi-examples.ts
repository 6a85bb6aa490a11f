import { builtInCatalog, type Catalog, type MetricKind, type ValueKind } from '../core/catalog.js';
import { firingEvent } from '../core/cloud-event.js';
import { DEFAULT_ENDPOINT_OPTIONS, type Profile } from '../core/endpoint.js';
import { deliveryId, eventId } from '../core/event-id.js';
import type { EventType } from '../core/event-types.js';
import { envelopeOf } from '../core/log-envelope.js';
import { decodeMessage } from '../core/message.js';
import type { Trigger } from '../core/trigger.js';
import { deliveryRequest } from '../target/delivery-request.js';
import { EXAMPLE_SECRET } from './example-keys.js';
import { testOfEndpoint } from './test-events.js';

const VEHICLE = 'did:erc721:137:0xbA5738a18d83D41847dfFbDC6101d37C69c9B0cF:12345';
const ARRIVAL_MS = Date.UTC(2026, 0, 15, 12, 0, 0, 685);
const LICENSE = '0xF26421509Efe92861a587482100c6d728aBf1CD0';
const TRIGGER_ID = '3dfc572a-ea31-4e8e-8685-29fb4a24d0c2';
const ENDPOINT_ID = '9b1c6c1e-5a53-4e0e-9a51-2f9d4d1c7a10';
const TRACEPARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

const ENVELOPE = {
  specversion: '1.0',
  source: LICENSE,
  subject: VEHICLE,
  time: '2026-01-15T12:00:00Z',
  dataversion: 'r/v0/s',
  producer: 'did:erc721:137:0x9c94C395cBcBDe662235E0A9d3bB87Ad708561BA:31700',
};
const UNSET = { valueNumber: 0, valueString: '', valueLocation: { latitude: 0, longitude: 0, hdop: 0, heading: 0 } };
const REPORT = { timestamp: '2026-01-15T11:59:58.5Z', cloudEventId: '2wmskfxoQk8r4chUZCat7tSnJLN' };

/** What a vehicle reports of each kind of metric, as it stands in Kafka. */
export const MESSAGE_EXAMPLES: Readonly<Record<MetricKind, Readonly<Record<string, object>>>> = {
  signal: {
    number: signals({ ...REPORT, name: 'speed', ...UNSET, valueNumber: 59 }),
    string: signals({ ...REPORT, name: 'powertrainType', ...UNSET, valueString: 'COMBUSTION' }),
    location: signals({
      ...REPORT,
      name: 'currentLocationCoordinates',
      ...UNSET,
      valueLocation: { latitude: 54.7106132, longitude: 25.239926, hdop: 1, heading: 182.5 },
    }),
  },
  event: {
    event: {
      ...ENVELOPE,
      type: 'dimo.events',
      id: REPORT.cloudEventId,
      data: {
        events: [{ ...REPORT, name: 'behavior.harshBraking', durationNs: 0, metadata: '{"counterValue":3}', tags: [] }],
      },
    },
  },
};

function signals(signal: object): object {
  return { ...ENVELOPE, type: 'dimo.signals', id: REPORT.cloudEventId, data: { signals: [signal] } };
}

const CONDITIONS: Readonly<Record<ValueKind, string>> = {
  number: 'value > 55',
  string: 'value != previousValue',
  location: 'geoDistance(value.latitude, value.longitude, 54.71, 25.24) < 0.5',
  event: 'true',
};

/** The CloudEvent of a firing for the example message of a kind, by the code that makes every other. */
export function firingExample(kind: ValueKind, catalog: Catalog = builtInCatalog): string {
  const metricKind = kind === 'event' ? 'event' : 'signal';
  const decoded = decodeMessage(metricKind, Buffer.from(JSON.stringify(MESSAGE_EXAMPLES[metricKind][kind])));
  const sample = decoded.kind === 'ok' ? decoded.samples[0] : undefined;
  if (sample === undefined) throw new Error(`the example of a ${kind} is no message`);
  const trigger: Trigger = {
    id: TRIGGER_ID,
    license: LICENSE,
    revision: 1,
    status: 'enabled',
    service: `telemetry.${metricKind}s`,
    metricName: sample.name,
    metricKind,
    metric: sample.name,
    valueKind: kind,
    condition: CONDITIONS[kind],
    normalizedCondition: CONDITIONS[kind],
    cooldownMs: 30_000,
    maxSampleAgeMs: null,
    displayName: 'My webhook',
    endpointId: ENDPOINT_ID,
  };
  const cause = { topic: `topic.device.${metricKind}s`, logEpoch: 0, partition: 0, offset: 4711n, index: sample.index };
  const id = eventId(ARRIVAL_MS, TRIGGER_ID, VEHICLE, cause);
  const firing = { id, timeMs: ARRIVAL_MS, sequence: 7, trigger, sample, traceparent: TRACEPARENT };
  return firingEvent(firing, catalog);
}

/** A firing that never was, as for a test of a webhook. */
export function testExample(kind: ValueKind): string {
  return JSON.stringify({ ...(JSON.parse(firingExample(kind)) as object), sequence: '0', livemode: false });
}

const BY = { actor: { license: LICENSE }, requestId: 'b7f2c1d0-1f0e-4c5b-8a55-2f1f4f4c9b0e' };

/** What is known of some events; of all others who caused them. */
const DETAILS: Partial<Record<EventType, object>> = {
  'webhook.tested': { ...BY, sent: JSON.parse(testExample('number')) as object },
  'condition.failed': { code: 'division_by_zero', message: 'it divides by zero' },
  'trigger.throttled': { samples: 12 },
  'quota.changed': { ...BY, actor: { license: '', keyId: 'admin' }, quotas: { webhooks: 20 } },
  'quota.exceeded': { limit: 'pendingDeliveries', most: 1_000_000, held: 12 },
  'webhook.failed': { endpointId: ENDPOINT_ID, reason: 'All 84 attempts of the last 120 hours failed.' },
  'endpoint.gone': { endpointId: ENDPOINT_ID, reason: 'Answered 410.' },
  'webhook.failing': {
    endpointId: ENDPOINT_ID,
    percent: 50,
    limit: '120 hours',
    failures: 14,
    failingSince: '2026-01-13T00:00:00.000Z',
    lastError: 'Answered 503.',
  },
};

/** The CloudEvent of a log event. */
export function logEventExample(type: EventType): string {
  const cause = { topic: type, logEpoch: 0, partition: 0, offset: 0n, index: 0 };
  const id = eventId(ARRIVAL_MS, TRIGGER_ID, VEHICLE, cause);
  const isOfVehicle = type.startsWith('condition.') || type.startsWith('grant.');
  const isOfEndpoint = type.startsWith('endpoint.');
  return envelopeOf({
    id,
    type,
    license: LICENSE,
    triggerId: /^(webhook|condition|subscription|delivery|secret)\./.test(type) ? TRIGGER_ID : null,
    endpointId: isOfEndpoint || type.startsWith('webhook.fail') ? ENDPOINT_ID : null,
    vehicle: isOfVehicle ? VEHICLE : null,
    payload: JSON.stringify(DETAILS[type] ?? BY),
  });
}

/** The CloudEvent of an endpoint's own test. */
export function endpointTestExample(): string {
  const cause = { topic: 'test', logEpoch: 0, partition: 0, offset: 0n, index: 0 };
  const id = eventId(ARRIVAL_MS, TRIGGER_ID, VEHICLE, cause);
  return testOfEndpoint({ id, license: LICENSE, endpointId: ENDPOINT_ID });
}

/** Headers and body of the first attempt at telling an endpoint of an event, with its signatures. */
export function requestExample(
  eventType: EventType,
  envelope: string,
  profile: Profile,
): { headers: Readonly<Record<string, string>>; payload: unknown } {
  const { id } = JSON.parse(envelope) as { id: string };
  const message = { deliveryId: deliveryId(id, ENDPOINT_ID), eventId: id, eventType, attempt: 1, envelope };
  const { request } = deliveryRequest(
    { ...message, nowMs: ARRIVAL_MS + 300 },
    {
      ...DEFAULT_ENDPOINT_OPTIONS,
      profile,
      endpointId: ENDPOINT_ID,
      license: LICENSE,
      url: 'https://example.com/webhook',
      status: 'active',
      secret: EXAMPLE_SECRET,
      previousSecret: null,
      signingKey: null,
      previousSigningKey: null,
      headers: null,
    },
    // The example's secret is not sealed.
    { open: (secret) => secret },
  );
  return { headers: request.headers, payload: JSON.parse(String(request.body)) as unknown };
}
