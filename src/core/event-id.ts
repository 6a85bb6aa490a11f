import { hash } from 'node:crypto';

/** Where in a stream a sample stood: what makes two firings of one trigger and vehicle different. */
export interface Cause {
  topic: string;
  /** Which life of the topic: offsets start again when it is created anew. */
  logEpoch: number;
  partition: number;
  offset: bigint;
  /** Place of the sample in its message. */
  index: number;
}

/**
 * The id of a firing: a UUIDv8 (RFC 9562 §5.8) of 48 bits of arrival time in ms and a SHA-256 of what caused it. Whoever
 * computes it, and however often, gets the same, so a repeated firing cannot be stored or mistaken for a new one.
 * Sorted by id is sorted by arrival; the day of the id is the day of its log partition.
 */
export function eventId(arrivalMs: number, triggerId: string, vehicle: string, cause: Cause): string {
  const { topic, logEpoch, partition, offset, index } = cause;
  // Joined, it is one text at once: a text of many parts is put together when it is hashed, and costs more memory.
  const content = [triggerId, vehicle, topic, logEpoch, partition, offset, index].join('\n');
  return timedUuid(timeDigits(arrivalMs), content);
}

/** The id of the delivery of an event to an endpoint, of the same day as the event. */
export function deliveryId(event: string, endpointId: string): string {
  return timedUuid(event.slice(0, TIME_DIGITS_LENGTH), `${event}\n${endpointId}`);
}

/** The time an id of these was made with, in ms since 1970. */
export function timeOfId(id: string): number {
  return parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}

const MILLISECONDS_48_BITS_MAX = 2 ** 48 - 1;
const TIME_DIGITS_LENGTH = '019bc1b2-c3d4'.length;

/** What records of one ms begin their ids with: they come many at a time, and to write a number with base 16 is slow. */
let lastMs: number | undefined;
let lastDigits = '';

/** The time as an id begins with it. */
function timeDigits(timeMs: number): string {
  if (timeMs !== lastMs) [lastDigits, lastMs] = [newTimeDigits(timeMs), timeMs];
  return lastDigits;
}

function newTimeDigits(timeMs: number): string {
  const time = Math.min(Math.max(Math.trunc(timeMs), 0), MILLISECONDS_48_BITS_MAX);
  const digits = time.toString(16).padStart(12, '0');
  return `${digits.slice(0, 8)}-${digits.slice(8)}`;
}

function timedUuid(time: string, content: string): string {
  // In one call and as text: a Hash object is a stream, and was two thirds of the time.
  const rest = hash('sha256', content);
  // Version 8, and of the 17th digit two bits for the variant of RFC 9562.
  const variant = '89ab'['0123456789abcdef'.indexOf(rest[16]!) & 3]!;
  return `${time}-8${rest.slice(13, 16)}-${variant}${rest.slice(17, 20)}-${rest.slice(20, 32)}`;
}
