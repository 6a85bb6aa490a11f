import { isObject, jsonType, memberOf, type JsonObject } from './json.js';
import { ZERO_LOCATION, ZERO_TIME, type EventSample, type Location, type SignalSample } from './sample.js';
import { isTimestamp } from './timestamp.js';

/** What the samples of one message have in common. */
export interface MessageHeader {
  vehicle: string;
  source: string;
  producer: string;
  isWanted: (metric: string) => boolean;
}

/** Thrown for an entry that is no sample; the message says what is wrong with it. */
export class BadEntry extends Error {}

/** Larger texts are refused: no real signal has them, and conditions would have to search them. */
export const SAMPLE_TEXT_LENGTH_MAX = 65_536;

/** More or longer tags than these are refused: real events have a handful of words. */
export const TAGS_MAX = 64;
export const TAG_LENGTH_MAX = 256;

/** Before the digits of a duration that was a number in the message: tells it from one that was a text. */
export const EXACT = '#';

const DURATION_NS_MAX = 2n ** 64n - 1n;

/**
 * Reads an element of `data.signals`; `index` is its place there. Undefined for a good one that is not wanted; throws
 * `BadEntry`. Members are taken by their exact names, which costs one look at a known shape, and searched in any letter
 * case only where one is missing.
 */
export function signalSample(entry: unknown, index: number, header: MessageHeader): SignalSample | undefined {
  const object = objectOf(entry);
  const {
    timestamp = memberOf(object, 'timestamp'),
    name = memberOf(object, 'name'),
    valueNumber = memberOf(object, 'valueNumber'),
    valueString = memberOf(object, 'valueString'),
    valueLocation = memberOf(object, 'valueLocation'),
  } = object;
  const read = {
    timestamp: time(timestamp),
    name: text('name', name),
    valueNumber: number('valueNumber', valueNumber),
    valueString: text('valueString', valueString),
    valueLocation: location(valueLocation),
  };
  if (!header.isWanted(read.name)) return undefined;
  const { vehicle, source, producer } = header;
  return {
    kind: 'signal',
    timestamp: read.timestamp,
    name: read.name,
    valueNumber: read.valueNumber,
    valueString: read.valueString,
    valueLocation: read.valueLocation,
    vehicle,
    source,
    producer,
    index,
  };
}

/** Reads an element of `data.events`, as `signalSample` does; its duration comes as text, see `decodeMessage`. */
export function eventSample(entry: unknown, index: number, header: MessageHeader): EventSample | undefined {
  const object = objectOf(entry);
  const {
    timestamp = memberOf(object, 'timestamp'),
    name = memberOf(object, 'name'),
    durationNs = memberOf(object, 'durationNs'),
    metadata = memberOf(object, 'metadata'),
    tags = memberOf(object, 'tags'),
  } = object;
  const { vehicle, source, producer } = header;
  const sample: EventSample = {
    kind: 'event',
    timestamp: time(timestamp),
    name: text('name', name),
    durationNs: duration(durationNs),
    metadata: text('metadata', metadata),
    tags: tagList(tags),
    ...{ vehicle, source, producer, index },
  };
  return header.isWanted(sample.name) ? sample : undefined;
}

function objectOf(entry: unknown): JsonObject {
  if (!isObject(entry)) throw new BadEntry(`the entry is ${jsonType(entry)}, not an object`);
  return entry;
}

function time(value: unknown): string {
  const timestamp = text('timestamp', value) || ZERO_TIME;
  if (timestamp !== ZERO_TIME && !isTimestamp(timestamp)) throw new BadEntry('timestamp is no RFC 3339 timestamp');
  return timestamp;
}

function number(name: string, value: unknown): number {
  const given = value ?? 0;
  if (typeof given !== 'number' || !Number.isFinite(given)) throw wrongType(name, given, 'a finite number');
  return given;
}

function text(name: string, value: unknown): string {
  const given = value ?? '';
  if (typeof given !== 'string') throw wrongType(name, given, 'a text');
  if (given.length > SAMPLE_TEXT_LENGTH_MAX) throw new BadEntry(`${name} is longer than ${SAMPLE_TEXT_LENGTH_MAX}`);
  return given;
}

function location(value: unknown): Location {
  if (value === undefined || value === null) return ZERO_LOCATION;
  if (!isObject(value)) throw wrongType('valueLocation', value, 'an object');
  const {
    latitude = memberOf(value, 'latitude'),
    longitude = memberOf(value, 'longitude'),
    hdop = memberOf(value, 'hdop'),
    heading = memberOf(value, 'heading'),
  } = value;
  // Nine of ten signals are no location and say so with zeros: those share one.
  if (isZero(latitude) && isZero(longitude) && isZero(hdop) && isZero(heading)) return ZERO_LOCATION;
  return {
    latitude: number('latitude', latitude),
    longitude: number('longitude', longitude),
    hdop: number('hdop', hdop),
    heading: number('heading', heading),
  };
}

/** Whether it is zero, but not minus zero: what is divided by that has the other sign. */
export function isZero(value: unknown): boolean {
  return Object.is(value, 0);
}

function duration(value: unknown): bigint {
  const given = value ?? `${EXACT}0`;
  const digits = typeof given === 'string' && given.startsWith(EXACT) ? given.slice(EXACT.length) : '';
  if (!/^\d{1,20}$/.test(digits)) throw wrongType('durationNs', given, 'a whole number');
  const durationNs = BigInt(digits);
  if (durationNs > DURATION_NS_MAX) throw new BadEntry('durationNs is more than an unsigned 64-bit number holds');
  return durationNs;
}

function tagList(value: unknown): string[] {
  const given = value ?? [];
  if (!Array.isArray(given) || !given.every((tag) => typeof tag === 'string')) {
    throw wrongType('tags', given, 'a list of texts');
  }
  if (given.length > TAGS_MAX) throw new BadEntry(`tags are more than ${TAGS_MAX}`);
  if (given.some((tag) => tag.length > TAG_LENGTH_MAX)) throw new BadEntry(`a tag is longer than ${TAG_LENGTH_MAX}`);
  return given;
}

function wrongType(name: string, value: unknown, wanted: string): BadEntry {
  return new BadEntry(`${name} is ${jsonType(value)}, not ${wanted}`);
}
