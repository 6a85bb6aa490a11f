import { createHash, randomBytes } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { deliveryId, eventId, timeOfId } from './event-id.js';

const TRIGGER = '3dfc572a-ea31-4e8e-8685-29fb4a24d0c2';
const VEHICLE = 'did:erc721:137:0xbA5738a18d83D41847dfFbDC6101d37C69c9B0cF:12345';
const CAUSE = { topic: 'topic.device.signals', logEpoch: 0, partition: 3, offset: 42n, index: 1 };
const ARRIVAL_MS = Date.UTC(2026, 0, 15, 12);

test('an id is a UUIDv8 that begins with the arrival time', () => {
  const id = eventId(ARRIVAL_MS, TRIGGER, VEHICLE, CAUSE);
  expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(parseInt(id.replaceAll('-', '').slice(0, 12), 16)).toBe(ARRIVAL_MS);
});

test('the same cause gives the same id', () => {
  expect(eventId(ARRIVAL_MS, TRIGGER, VEHICLE, { ...CAUSE })).toBe(eventId(ARRIVAL_MS, TRIGGER, VEHICLE, CAUSE));
});

test.each([
  ['another trigger', eventId(ARRIVAL_MS, TRIGGER.replace('3', '4'), VEHICLE, CAUSE)],
  ['another vehicle', eventId(ARRIVAL_MS, TRIGGER, `${VEHICLE}6`, CAUSE)],
  ['another topic', eventId(ARRIVAL_MS, TRIGGER, VEHICLE, { ...CAUSE, topic: 'other' })],
  ['another life of the topic', eventId(ARRIVAL_MS, TRIGGER, VEHICLE, { ...CAUSE, logEpoch: 1 })],
  ['another partition', eventId(ARRIVAL_MS, TRIGGER, VEHICLE, { ...CAUSE, partition: 4 })],
  ['another offset', eventId(ARRIVAL_MS, TRIGGER, VEHICLE, { ...CAUSE, offset: 43n })],
  ['another place in the message', eventId(ARRIVAL_MS, TRIGGER, VEHICLE, { ...CAUSE, index: 2 })],
])('%s gives another id', (_, other) => {
  expect(other).not.toBe(eventId(ARRIVAL_MS, TRIGGER, VEHICLE, CAUSE));
});

test.each([[-1], [Number.MAX_SAFE_INTEGER], [0.5]])('an arrival time of %d still gives a UUID', (arrivalMs) => {
  expect(eventId(arrivalMs, TRIGGER, VEHICLE, CAUSE)).toMatch(/^[0-9a-f-]{36}$/);
});

test('a delivery has an id of its own on the day of its event', () => {
  const event = eventId(ARRIVAL_MS, TRIGGER, VEHICLE, CAUSE);
  const delivery = deliveryId(event, 'b0b1c2d3-0000-4000-8000-000000000000');
  expect(delivery).not.toBe(event);
  expect(delivery.slice(0, 13)).toBe(event.slice(0, 13));
});

test('an id is, bit for bit, what RFC 9562 makes of time and hash', () => {
  for (let n = 0; n < 1_000; n++) {
    const [arrivalMs, topic] = [randomBytes(6).readUIntBE(0, 6) >> (n % 40), randomBytes(8).toString('hex')];
    const text = [TRIGGER, VEHICLE, topic, 0, 3, 42n, 1].join('\n');
    const bytes = createHash('sha256').update(text).digest().subarray(0, 16);
    const time = Math.max(arrivalMs, 0);
    bytes.writeUIntBE(time, 0, 6);
    bytes[6] = (bytes[6]! & 0x0f) | 0x80;
    bytes[8] = (bytes[8]! & 0x3f) | 0x80;
    const id = eventId(arrivalMs, TRIGGER, VEHICLE, { ...CAUSE, topic });
    expect(id.replaceAll('-', '')).toBe(bytes.toString('hex'));
  }
});

test('what arrives in one ms, in the next and in the first again begins with its own time', () => {
  const times = [ARRIVAL_MS, ARRIVAL_MS, ARRIVAL_MS + 1, ARRIVAL_MS];
  expect(times.map((arrivalMs) => timeOfId(eventId(arrivalMs, TRIGGER, VEHICLE, CAUSE)))).toEqual(times);
});
