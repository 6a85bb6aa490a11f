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
 * these names. The text is, letter by letter, the one that the CloudEvents SDK writes, which checks what cannot be
 * otherwise here; put together from parts, of which most are the same in all firings of a trigger, since to make an object
 * and write that was a tenth of the work of a firing.
 */
export function firingEvent({ id, timeMs, sequence, trigger, sample, traceparent }: Firing, catalog: Catalog): string {
  const { beforeVehicle, beforeSample, behindData } = framesOf(trigger);
  const vehicle = json(sample.vehicle);
  const data = `${beforeVehicle}${vehicle}${beforeSample}${sampleMember(sample, trigger, catalog)}`;
  const trace = traceparent === undefined ? '' : `,"traceparent":${json(traceparent)}`;
  return (
    `{"id":${json(id)},"time":"${new Date(timeMs).toISOString()}",${SAME_IN_ALL},"subject":${vehicle},` +
    `"data":{${data}}${behindData},"sequence":"${sequence}"${trace}}`
  );
}

const json = (value: string | number | object): string => JSON.stringify(value);

const SAME_IN_ALL = [
  '"type":"dimo.trigger"',
  `"source":${json(SOURCE)}`,
  '"specversion":"1.0"',
  '"datacontenttype":"application/json"',
].join();

/** What stands around that which differs between the firings of a trigger. */
interface Frames {
  beforeVehicle: string;
  beforeSample: string;
  behindData: string;
}

/** For as long as the trigger is as it is. */
const frames = new WeakMap<Trigger, Frames>();

function framesOf(trigger: Trigger): Frames {
  const known = frames.get(trigger);
  if (known) return known;
  const { id, service, metricName, displayName, condition } = trigger;
  const named = `"service":${json(service)},"metricName":${json(metricName)}`;
  const made = {
    beforeVehicle: `${named},"webhookId":${json(id)},"webhookName":${json(displayName)},"assetDID":`,
    beforeSample: `,"condition":${json(condition)},`,
    behindData: `,"producer":${json(id)},"dataversion":${json(`${service}/v1.0`)}`,
  };
  frames.set(trigger, made);
  return made;
}

/** What is empty is left out. */
function sampleMember(sample: Sample, trigger: Trigger, catalog: Catalog): string {
  const timestamp = `"timestamp":${json(shortestTimestamp(sample.timestamp))}`;
  const origin = `${member('source', sample.source)}${member('producer', sample.producer)}`;
  if (sample.kind === 'event') {
    const details = `,"durationNs":${sample.durationNs}${member('metadata', sample.metadata)}`;
    return `"event":{"name":${json(sample.name)},${timestamp}${origin}${details}}`;
  }
  const unit = member('unit', catalog.find('signal', sample.name)?.unit ?? '');
  return `"signal":{"name":${json(sample.name)}${unit},${timestamp}${origin}${typedValue(sample, trigger)}}`;
}

function member(name: string, text: string): string {
  return text === '' ? '' : `,"${name}":${json(text)}`;
}

function typedValue(sample: Extract<Sample, { kind: 'signal' }>, trigger: Trigger): string {
  switch (trigger.valueKind) {
    case 'location':
      return `,"valueType":"vss.Location","value":${json(sample.valueLocation)}`;
    case 'string':
      return `,"valueType":"string","value":${json(sample.valueString)}`;
    case 'number':
    case 'event':
      return `,"valueType":"float64","value":${json(sample.valueNumber)}`;
  }
}
