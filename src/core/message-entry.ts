import { isObject, jsonType, memberOf, type JsonObject } from './json.js';
import { ZERO_LOCATION, ZERO_TIME, type EventReading, type Location, type SignalReading } from './sample.js';
import { isTimestamp } from './timestamp.js';

/** What an entry of a message's array says; vehicle, producer and place are the message's. */
export type Entry<R> =
  { kind: 'ok'; entry: R & { name: string; timestamp: string } } | { kind: 'invalid'; detail: string };

/** Larger texts are refused: no real signal has them, and conditions would have to search them. */
export const SAMPLE_TEXT_LENGTH_MAX = 65_536;

/** More or longer tags than these are refused: real events have a handful of words. */
export const TAGS_MAX = 64;
export const TAG_LENGTH_MAX = 256;

/** Before the digits of a duration that was a number in the message: tells it from one that was a text. */
export const EXACT = '#';

const DURATION_NS_MAX = 2n ** 64n - 1n;

/** Reads an element of `data.signals`. */
export function signalReading(entry: unknown, source: string): Entry<SignalReading> {
  return readEntry(entry, (object) => ({
    kind: 'signal',
    ...nameAndTime(object),
    valueNumber: number(object, 'valueNumber'),
    valueString: text(object, 'valueString'),
    valueLocation: location(object),
    source,
  }));
}

/** Reads an element of `data.events`; its duration comes as text, see `decodeMessage`. */
export function eventReading(entry: unknown, source: string): Entry<EventReading> {
  return readEntry(entry, (object) => ({
    kind: 'event',
    ...nameAndTime(object),
    durationNs: duration(object),
    metadata: text(object, 'metadata'),
    tags: tags(object),
    source,
  }));
}

/** Thrown by the readers below and caught by `readEntry` alone. */
class WrongType extends Error {}

function readEntry<R>(entry: unknown, read: (object: JsonObject) => R & { name: string; timestamp: string }): Entry<R> {
  if (!isObject(entry)) return { kind: 'invalid', detail: `the entry is ${jsonType(entry)}, not an object` };
  try {
    return { kind: 'ok', entry: read(entry) };
  } catch (error) {
    if (error instanceof WrongType) return { kind: 'invalid', detail: error.message };
    throw error;
  }
}

function nameAndTime(object: JsonObject): { name: string; timestamp: string } {
  const timestamp = text(object, 'timestamp') || ZERO_TIME;
  if (timestamp !== ZERO_TIME && !isTimestamp(timestamp)) throw new WrongType('timestamp is no RFC 3339 timestamp');
  return { name: text(object, 'name'), timestamp };
}

function number(object: JsonObject, name: string): number {
  const value = memberOf(object, name) ?? 0;
  if (typeof value !== 'number' || !Number.isFinite(value)) throw wrongType(name, value, 'a finite number');
  return value;
}

function text(object: JsonObject, name: string): string {
  const value = memberOf(object, name) ?? '';
  if (typeof value !== 'string') throw wrongType(name, value, 'a text');
  if (value.length > SAMPLE_TEXT_LENGTH_MAX) throw new WrongType(`${name} is longer than ${SAMPLE_TEXT_LENGTH_MAX}`);
  return value;
}

function location(object: JsonObject): Location {
  const value = memberOf(object, 'valueLocation') ?? ZERO_LOCATION;
  if (value === ZERO_LOCATION) return ZERO_LOCATION;
  if (!isObject(value)) throw wrongType('valueLocation', value, 'an object');
  return {
    latitude: number(value, 'latitude'),
    longitude: number(value, 'longitude'),
    hdop: number(value, 'hdop'),
    heading: number(value, 'heading'),
  };
}

function duration(object: JsonObject): bigint {
  const value = memberOf(object, 'durationNs') ?? `${EXACT}0`;
  const digits = typeof value === 'string' && value.startsWith(EXACT) ? value.slice(EXACT.length) : '';
  if (!/^\d{1,20}$/.test(digits)) throw wrongType('durationNs', value, 'a whole number');
  const durationNs = BigInt(digits);
  if (durationNs > DURATION_NS_MAX) throw new WrongType('durationNs is more than an unsigned 64-bit number holds');
  return durationNs;
}

function tags(object: JsonObject): string[] {
  const value = memberOf(object, 'tags') ?? [];
  if (!Array.isArray(value) || !value.every((tag) => typeof tag === 'string')) {
    throw wrongType('tags', value, 'a list of texts');
  }
  if (value.length > TAGS_MAX) throw new WrongType(`tags are more than ${TAGS_MAX}`);
  if (value.some((tag) => tag.length > TAG_LENGTH_MAX)) throw new WrongType(`a tag is longer than ${TAG_LENGTH_MAX}`);
  return value;
}

function wrongType(name: string, value: unknown, wanted: string): WrongType {
  return new WrongType(`${name} is ${jsonType(value)}, not ${wanted}`);
}
