import type { Catalog } from './catalog.js';
import type { Sample } from './sample.js';
import { shortestTimestamp } from './timestamp.js';
import type { Trigger } from './trigger.js';

export interface Firing {
  id: string;
  /** When it fired, ms since 1970. */
  timeMs: number;
  /** Counts the firings of this (trigger, vehicle) from 1. */
  sequence: number;
  trigger: Trigger;
  sample: Sample;
  /** W3C trace context of the record that made it fire. */
  traceparent?: string;
}

/** The name by which receivers know the sender; it was the name of the service whose payloads these are. */
export const SOURCE = 'vehicle-triggers-api';

/**
 * The body that is sent for a firing, as JSON text: the CloudEvent of DIMO's webhook reference, member for member, with
 * service, metric and condition as they were registered. `sequence` and `traceparent` are the CloudEvents extensions of
 * these names. The text is the one that the CloudEvents SDK writes, which checks what cannot be otherwise here: that was
 * a seventh of the work of a firing.
 */
export function firingEvent(firing: Firing, catalog: Catalog): string {
  const { id, timeMs, sequence, trigger, sample, traceparent } = firing;
  const event = {
    id,
    time: new Date(timeMs).toISOString(),
    type: 'dimo.trigger',
    source: SOURCE,
    specversion: '1.0',
    datacontenttype: 'application/json',
    subject: sample.vehicle,
    data: {
      service: trigger.service,
      metricName: trigger.metricName,
      webhookId: trigger.id,
      webhookName: trigger.displayName,
      assetDID: sample.vehicle,
      condition: trigger.condition,
      ...sampleMember(sample, trigger, catalog),
    },
    producer: trigger.id,
    dataversion: `${trigger.service}/v1.0`,
    sequence: String(sequence),
    traceparent,
  };
  const text = JSON.stringify(event);
  return sample.kind === 'event' ? withExactDuration(text, sample.durationNs) : text;
}

/** Nanoseconds above 2^53 cannot pass through a number; quotes inside texts are escaped, so only the member matches. */
function withExactDuration(text: string, durationNs: bigint): string {
  return text.replace('"durationNs":0', `"durationNs":${durationNs}`);
}

function sampleMember(sample: Sample, trigger: Trigger, catalog: Catalog): { signal: object } | { event: object } {
  const origin = {
    ...(sample.source === '' ? {} : { source: sample.source }),
    ...(sample.producer === '' ? {} : { producer: sample.producer }),
  };
  if (sample.kind === 'event') {
    const { name, metadata } = sample;
    const timestamp = shortestTimestamp(sample.timestamp);
    const details = { durationNs: 0, ...(metadata === '' ? {} : { metadata }) };
    return { event: { name, timestamp, ...origin, ...details } };
  }
  const unit = catalog.find('signal', sample.name)?.unit ?? '';
  return {
    signal: {
      name: sample.name,
      ...(unit === '' ? {} : { unit }),
      timestamp: shortestTimestamp(sample.timestamp),
      ...origin,
      ...typedValue(sample, trigger),
    },
  };
}

function typedValue(
  sample: Extract<Sample, { kind: 'signal' }>,
  trigger: Trigger,
): { valueType: string; value: unknown } {
  switch (trigger.valueKind) {
    case 'location':
      return { valueType: 'vss.Location', value: sample.valueLocation };
    case 'string':
      return { valueType: 'string', value: sample.valueString };
    case 'number':
    case 'event':
      return { valueType: 'float64', value: sample.valueNumber };
  }
}
