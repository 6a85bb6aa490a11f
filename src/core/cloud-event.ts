import type { Catalog } from './catalog.js';
import { jsonText } from './json.js';
import type { EventSample, Sample, SignalSample } from './sample.js';
import { shortestTimestamp, timestampOf } from './timestamp.js';
import type { Trigger } from './trigger.js';

export interface Firing {
  id: string;
  /** When it fired, ms since 1970. */
  timeMs: number;
  /** Counts the firings of this (trigger, vehicle) from 1. */
  sequence: number;
  trigger: Trigger;
  /** Of the trigger's metric. */
  sample: Sample;
  /** W3C trace context of the record that made it fire. */
  traceparent?: string | undefined;
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
  const { beforeVehicle, beforeTime, behindData } = framesOf(trigger, catalog);
  const vehicle = jsonText(sample.vehicle);
  const origin = `${member('source', sample.source)}${member('producer', sample.producer)}`;
  const rest = sample.kind === 'event' ? eventDetails(sample) : typedValue(sample, trigger);
  const trace = traceparent === undefined ? '' : `,"traceparent":${jsonText(traceparent)}`;
  // Ids and times have nothing to escape.
  return (
    `{"id":"${id}","time":"${timestampOf(timeMs)}${BEHIND_TIME}${vehicle}${beforeVehicle}${vehicle}` +
    `${beforeTime}${shortestTimestamp(sample.timestamp)}"${origin}${rest}${behindData}${sequence}"${trace}}`
  );
}

const BEHIND_TIME = [
  '","type":"dimo.trigger"',
  `"source":${jsonText(SOURCE)}`,
  '"specversion":"1.0"',
  '"datacontenttype":"application/json"',
  '"subject":',
].join();

/** What stands around that which differs between the firings of a trigger. */
interface Frames {
  catalog: Catalog;
  beforeVehicle: string;
  beforeTime: string;
  behindData: string;
}

/** For as long as the trigger is as it is. */
const frames = new WeakMap<Trigger, Frames>();

function framesOf(trigger: Trigger, catalog: Catalog): Frames {
  const known = frames.get(trigger);
  if (known?.catalog === catalog) return known;
  const { id, service, metricName, displayName, condition, metric, metricKind } = trigger;
  const named = `"service":${jsonText(service)},"metricName":${jsonText(metricName)}`;
  const unit = metricKind === 'signal' ? (catalog.find('signal', metric)?.unit ?? '') : '';
  const made = {
    catalog,
    beforeVehicle: `,"data":{${named},"webhookId":${jsonText(id)},"webhookName":${jsonText(displayName)},"assetDID":`,
    beforeTime:
      `,"condition":${jsonText(condition)},"${metricKind}":{"name":${jsonText(metric)}${member('unit', unit)},` +
      '"timestamp":"',
    behindData: `}},"producer":${jsonText(id)},"dataversion":${jsonText(`${service}/v1.0`)},"sequence":"`,
  };
  frames.set(trigger, made);
  return made;
}

/** What is empty is left out. */
function member(name: string, text: string): string {
  return text === '' ? '' : `,"${name}":${jsonText(text)}`;
}

function eventDetails({ durationNs, metadata }: EventSample): string {
  return `,"durationNs":${durationNs}${member('metadata', metadata)}`;
}

function typedValue(sample: SignalSample, trigger: Trigger): string {
  switch (trigger.valueKind) {
    case 'location':
      return `,"valueType":"vss.Location","value":${JSON.stringify(sample.valueLocation)}`;
    case 'string':
      return `,"valueType":"string","value":${jsonText(sample.valueString)}`;
    case 'number':
    case 'event':
      return `,"valueType":"float64","value":${sample.valueNumber}`;
  }
}
