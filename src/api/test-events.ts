import type { Catalog, Metric } from '../core/catalog.js';
import { firingEvent } from '../core/cloud-event.js';
import { envelopeOf } from '../core/log-envelope.js';
import type { Reading } from '../core/sample.js';
import type { Trigger } from '../core/trigger.js';
import type { FoundTrigger } from '../store/trigger-record.js';

/** A vehicle, a device and a connection that nobody has. */
const EXAMPLE_VEHICLE = 'did:erc721:137:0xbA5738a18d83D41847dfFbDC6101d37C69c9B0cF:12345';
const EXAMPLE_DEVICE = 'did:erc721:137:0x9c94C395cBcBDe662235E0A9d3bB87Ad708561BA:31653';
const EXAMPLE_SOURCE = '0xcd445F4c6bDAD32b68a2939b912150Fe3C88803E';

/** A reading of a metric as it could be. */
export function exampleReading({ name, valueKind }: Metric): Reading {
  const source = EXAMPLE_SOURCE;
  if (valueKind === 'event') {
    const metadata = '{"counterValue":3}';
    return { kind: 'event', name, source, metadata, durationNs: 1_500_000_000n, tags: [] };
  }
  const valueLocation = { latitude: 52.5219, longitude: 13.4132, hdop: 0.8, heading: 90 };
  return { kind: 'signal', valueNumber: 61.5, valueString: 'EXAMPLE', valueLocation, source };
}

/** The CloudEvent of a firing that never was, for a test: like that of `exampleFiring`, with `livemode` false. */
export function testFiring(...given: Parameters<typeof exampleFiring>): { envelope: string; vehicle: string } {
  const { envelope, vehicle } = exampleFiring(...given);
  return { envelope: notLive(envelope), vehicle };
}

/**
 * The CloudEvent of a firing as it could be: like any other of its trigger, with a sequence that no firing has. Reads
 * nothing of the trigger's vehicles.
 */
export function exampleFiring(
  catalog: Catalog,
  trigger: FoundTrigger,
  { id, timeMs, reading }: { id: string; timeMs: number; reading: Reading },
): { envelope: string; vehicle: string } {
  const sample = {
    ...reading,
    source: reading.source === '' ? EXAMPLE_SOURCE : reading.source,
    vehicle: EXAMPLE_VEHICLE,
    name: trigger.metric,
    index: 0,
    timestamp: new Date(timeMs).toISOString(),
    producer: EXAMPLE_DEVICE,
  };
  const fired: Trigger = { ...trigger, cooldownMs: trigger.cooldownSeconds * 1000, maxSampleAgeMs: null };
  const event = firingEvent({ id, timeMs, sequence: 0, trigger: fired, sample }, catalog);
  return { envelope: event, vehicle: EXAMPLE_VEHICLE };
}

/** The CloudEvent of an endpoint's own test: that of its log event, before anything is known of it. */
export function testOfEndpoint({
  id,
  license,
  endpointId,
}: {
  id: string;
  license: string;
  endpointId: string;
}): string {
  const about = { license, triggerId: null, endpointId, vehicle: null };
  return notLive(envelopeOf({ id, type: 'webhook.tested', ...about, payload: '{}' }));
}

/** In the text, where durations have more digits than a number holds. */
function notLive(event: string): string {
  return `${event.slice(0, -1)},"livemode":false}`;
}
