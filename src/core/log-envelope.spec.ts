import { expect, test } from '@jest/globals';
import { eventId } from './event-id.js';
import { envelopeOf, type LoggedEvent } from './log-envelope.js';

const TIME_MS = Date.UTC(2026, 0, 12, 10, 30, 0, 250);
const ID = eventId(TIME_MS, 'trigger', 'vehicle', { topic: 't', logEpoch: 0, partition: 0, offset: 0n, index: 0 });
const LICENSE = '0x1111111111111111111111111111111111111111';
const TRIGGER = '3dfc572a-ea31-4e8e-8685-29fb4a24d0c2';
const ENDPOINT = '6be980f3-7edf-4cab-ba72-3871f61e6cdb';
const VEHICLE = 'did:erc721:137:0xbA5738a18d83D41847dfFbDC6101d37C69c9B0cF:12345';

const event: LoggedEvent = {
  id: ID,
  type: 'webhook.failed',
  license: LICENSE,
  triggerId: TRIGGER,
  endpointId: ENDPOINT,
  vehicle: null,
  payload: '{"actor":"a","reason":"r"}',
};

test('a log event goes out as a CloudEvent of the time in its id', () => {
  expect(JSON.parse(envelopeOf(event))).toEqual({
    id: ID,
    source: 'vehicle-triggers-api',
    producer: TRIGGER,
    specversion: '1.0',
    subject: TRIGGER,
    time: '2026-01-12T10:30:00.250Z',
    type: 'tripline.webhook.failed',
    datacontenttype: 'application/json',
    dataversion: 'tripline/v1.0',
    data: { actor: 'a', reason: 'r', webhookId: TRIGGER, endpointId: ENDPOINT },
  });
});

test('its members stand in the order in which those of a firing do', () => {
  expect(Object.keys(JSON.parse(envelopeOf(event)) as object)).toEqual([
    ...['id', 'time', 'type', 'source', 'specversion', 'datacontenttype', 'subject', 'data', 'producer', 'dataversion'],
  ]);
});

test('what the SDK would not let pass goes out all the same', () => {
  const farAway = 'ffffffff-ffff-8000-8000-000000000000';
  expect(JSON.parse(envelopeOf({ ...event, id: farAway }))).toMatchObject({
    id: farAway,
    time: '+010889-08-02T05:31:50.655Z',
  });
});

test.each([
  [{}, TRIGGER, TRIGGER],
  [{ vehicle: VEHICLE }, TRIGGER, VEHICLE],
  [{ triggerId: null }, ENDPOINT, ENDPOINT],
  [{ triggerId: null, endpointId: null }, LICENSE, LICENSE],
  [{ triggerId: null, endpointId: null, vehicle: VEHICLE }, LICENSE, VEHICLE],
])('producer and subject are the nearest that it concerns: %#', (about, producer, subject) => {
  expect(JSON.parse(envelopeOf({ ...event, ...about }))).toMatchObject({ producer, subject });
});

test('data tells only what the event is about, and no detail can say otherwise', () => {
  const of = (changes: Partial<LoggedEvent>) => JSON.parse(envelopeOf({ ...event, ...changes })).data as unknown;
  expect(of({ triggerId: null, endpointId: null, payload: '{}' })).toEqual({});
  expect(of({ vehicle: VEHICLE, payload: '{"webhookId":"x","assetDID":"y"}' })).toEqual({
    webhookId: TRIGGER,
    endpointId: ENDPOINT,
    assetDID: VEHICLE,
  });
});

test('a firing goes out to the byte', () => {
  const payload = '{ "id": "x",  "durationNs": 18446744073709551615 }';
  expect(envelopeOf({ ...event, type: 'trigger.fired', payload })).toBe(payload);
});

test('a test goes out as the log event that it is, with what was sent inside', () => {
  const payload = '{"actor":"a","sent":{"type":"dimo.trigger","livemode":false}}';
  expect(JSON.parse(envelopeOf({ ...event, type: 'webhook.tested', payload }))).toMatchObject({
    type: 'tripline.webhook.tested',
    data: { actor: 'a', sent: { type: 'dimo.trigger', livemode: false }, webhookId: TRIGGER },
  });
});
