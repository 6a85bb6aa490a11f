import { createHash } from 'node:crypto';

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
  return timedUuid(arrivalMs, [triggerId, vehicle, topic, logEpoch, partition, offset, index].join('\n'));
}

/** The id of the delivery of an event to an endpoint, of the same day as the event. */
export function deliveryId(event: string, endpointId: string): string {
  return timedUuid(timeOfId(event), `${event}\n${endpointId}`);
}

/** The time an id of these was made with, in ms since 1970. */
export function timeOfId(id: string): number {
  return parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}

const MILLISECONDS_48_BITS_MAX = 2 ** 48 - 1;

function timedUuid(timeMs: number, content: string): string {
  const time = Math.min(Math.max(Math.trunc(timeMs), 0), MILLISECONDS_48_BITS_MAX);
  const bytes = createHash('sha256').update(content).digest().subarray(0, 16);
  bytes.writeUIntBE(time, 0, 6);
  bytes[6] = (bytes[6]! & 0x0f) | 0x80; // version 8
  bytes[8] = (bytes[8]! & 0x3f) | 0x80; // variant of RFC 9562
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
