import type { Catalog, Metric } from '../core/catalog.js';
import { firingEvent } from '../core/cloud-event.js';
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

/**
 * The CloudEvent of a firing that never was: like any other of its trigger, with `livemode` false and a sequence that
 * no firing has. Reads nothing of the trigger's vehicles.
 */
export function testFiring(
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
  const fired: Trigger = { ...trigger, cooldownMs: trigger.cooldownSeconds * 1000 };
  const event = firingEvent({ id, timeMs, sequence: 0, trigger: fired, sample }, catalog);
  return { envelope: notLive(event), vehicle: EXAMPLE_VEHICLE };
}

/** The CloudEvent of an endpoint's own test. */
export function testOfEndpoint(endpointId: string, { id, timeMs }: { id: string; timeMs: number }): string {
  return notLive(
    JSON.stringify({
      id,
      source: 'vehicle-triggers-api',
      producer: endpointId,
      specversion: '1.0',
      subject: endpointId,
      time: new Date(timeMs).toISOString(),
      type: 'tripline.webhook.tested',
      datacontenttype: 'application/json',
      dataversion: 'tripline/v1.0',
      data: { endpointId },
    }),
  );
}

/** In the text, where durations have more digits than a number holds. */
function notLive(event: string): string {
  return `${event.slice(0, -1)},"livemode":false}`;
}
