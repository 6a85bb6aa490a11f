import { describe, expect, test } from '@jest/globals';
import { PROFILES } from './endpoint.js';
import { profileBody } from './profile-body.js';

const EVENT_ID = '019bb1c2-3f7a-8b1c-9d2e-5f60718293a4';
const DATA = '{"service":"telemetry.events","event":{"name":"a, \\"data\\": }","durationNs":18446744073709551615}}';
const ENVELOPE = `{"id":"${EVENT_ID}","time":"2026-01-12T10:30:00.250Z","type":"dimo.trigger","data":${DATA}}`;
const fired = { eventId: EVENT_ID, eventType: 'trigger.fired', envelope: ENVELOPE };
const withEnvelope = (envelope: string) => ({ ...fired, envelope });

test.each(['standard', 'dimo', 'dembrane'] as const)('%s is sent the CloudEvent to the byte', (profile) => {
  const envelope = '{ "b": 1,  "a": 18446744073709551615 }';
  expect(profileBody(withEnvelope(envelope), profile)).toBe(envelope);
});

test('desmo: event, whole second and data', () => {
  expect(profileBody(fired, 'desmo')).toBe(
    `{"event":"trigger.fired","timestamp":"2026-01-12T10:30:00Z","data":${DATA}}`,
  );
});

test('dodev: id, type, service, data, live mode and millisecond', () => {
  expect(profileBody(fired, 'dodev')).toBe(
    `{"eventId":"evt_${EVENT_ID}","type":"trigger.fired","service":"telemetry.events","data":${DATA},` +
      '"livemode":true,"createdAt":1768213800250}',
  );
});

test.each([
  ['false', false],
  ['true', true],
  ['null', true],
])('dodev: an envelope with livemode %s is live: %s', (text, livemode) => {
  const envelope = ENVELOPE.replace('"data"', `"livemode":${text},"data"`);
  expect(JSON.parse(profileBody(withEnvelope(envelope), 'dodev'))).toHaveProperty('livemode', livemode);
});

test.each([
  ['{"service":"signals"}', 'trigger.fired', 'signals'],
  ['{"service":1}', 'webhook.failed', 'webhook'],
  ['{}', 'api_key.created', 'api_key'],
  ['[]', 'a', 'a'],
])('dodev: data %s of %s is of service %s', (data, eventType, service) => {
  const envelope = `{"time":"2026-01-12T10:30:00.000Z","data":${data}}`;
  expect(JSON.parse(profileBody({ ...fired, eventType, envelope }, 'dodev'))).toHaveProperty('service', service);
});

describe('the text of data is found wherever it stands', () => {
  const time = '"time":"2026-01-12T10:30:00Z"';
  test.each([
    [`{"data":{"a":[1,{"data":2}]},${time}}`, '{"a":[1,{"data":2}]}'],
    [`{${time},"x":{"data":1},"y":["data",{"data":2}],"data":{"z":3}}`, '{"z":3}'],
    [`{${time},"type":"data","note":"\\"data\\":{","data":{"q":"}\\\\"}}`, '{"q":"}\\\\"}'],
    [`{${time},"note":"one \\" and }","data":{"q":1}}`, '{"q":1}'],
    [`{ ${time} , "data" : { "a" : 1 } , "b": 2 }`, '{ "a" : 1 }'],
    [`{${time},"data":"text: {"}`, '"text: {"'],
    [`{${time},"data":1e3}`, '1e3'],
    [`{${time}}`, '{}'],
  ])('%s', (envelope, data) => {
    expect(profileBody(withEnvelope(envelope), 'desmo')).toBe(
      `{"event":"trigger.fired","timestamp":"2026-01-12T10:30:00Z","data":${data}}`,
    );
  });
});

test.each(PROFILES)('%s: every body is valid JSON', (profile) => {
  expect(() => void JSON.parse(profileBody({ ...fired, eventType: 'a"b' }, profile))).not.toThrow();
});
