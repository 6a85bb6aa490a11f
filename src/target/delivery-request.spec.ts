import { randomBytes, randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { DEFAULT_ENDPOINT_OPTIONS, type DeliveryTarget } from '../core/endpoint.js';
import { deliveryRequest, type DeliveryMessage } from './delivery-request.js';
import { newAsymmetricKey } from './asymmetric.js';
import { newSigningSecret, SecretBox, SecretKeyUnknown, SecretUnreadable } from './secret-box.js';
import { USER_AGENT } from './user-agent.js';

const box = new SecretBox([randomBytes(32)]);
const endpointId = randomUUID();
const seal = (text: string) => box.seal(text, endpointId);
const EVENT_ID = '019bb1c2-3f7a-8b1c-9d2e-5f60718293a4';
const ENVELOPE = `{"id":"${EVENT_ID}","time":"2026-01-12T10:30:00.250Z","type":"dimo.trigger","data":{}}`;

const message: DeliveryMessage = {
  deliveryId: '019bb1c2-3f7a-8aaa-9bbb-5f60718293a4',
  eventId: EVENT_ID,
  eventType: 'trigger.fired',
  attempt: 2,
  envelope: ENVELOPE,
  nowMs: 1_800_000_000_999,
};
const target: DeliveryTarget = {
  ...DEFAULT_ENDPOINT_OPTIONS,
  endpointId,
  license: '0x1111111111111111111111111111111111111111',
  url: 'https://receiver.example/hook',
  status: 'active',
  secret: seal(newSigningSecret()),
  previousSecret: null,
  signingKey: null,
  previousSigningKey: null,
  headers: null,
};
const requestOf = (changes: Partial<DeliveryTarget> = {}, of: Partial<DeliveryMessage> = {}) =>
  deliveryRequest({ ...message, ...of }, { ...target, ...changes }, box);
const headersOf = (changes: Partial<DeliveryTarget> = {}, of: Partial<DeliveryMessage> = {}) =>
  requestOf(changes, of).request.headers;

test('a request has the headers of every delivery, and the body that they sign', () => {
  const { request } = requestOf();
  expect(request).toEqual({
    url: target.url,
    headers: {
      'content-type': 'application/json',
      'user-agent': USER_AGENT,
      'webhook-id': EVENT_ID,
      'webhook-timestamp': '1800000000',
      'webhook-signature': expect.stringMatching(/^v1,[\w+/]{43}=$/),
      'x-webhook-event': 'trigger.fired',
      'x-webhook-delivery': message.deliveryId,
      'x-webhook-attempt': '2',
      traceparent: expect.stringMatching(/^00-019bb1c23f7a8b1c9d2e5f60718293a4-[0-9a-f]{16}-01$/),
    },
    body: Buffer.from(ENVELOPE),
    maxAnswerBytes: 16 * 1024,
  });
});

test.each([
  ['standard', 'application/cloudevents+json', 'application/cloudevents+json'],
  ['dembrane', 'application/cloudevents+json', 'application/cloudevents+json'],
  ['desmo', 'application/cloudevents+json', 'application/json'],
  ['dodev', 'application/cloudevents+json', 'application/json'],
  ['standard', 'application/json', 'application/json'],
] as const)('%s with %s is sent as %s', (profile, contentType, sent) => {
  expect(headersOf({ profile, contentType })['content-type']).toBe(sent);
});

test("an endpoint's own timeout is the request's", () => {
  expect(requestOf({ timeoutSeconds: 3 }).request.timeoutMs).toBe(3_000);
  expect(requestOf().request).not.toHaveProperty('timeoutMs');
});

describe('signatures', () => {
  test('both secrets and both keys sign while a rotation lasts', () => {
    const changes = {
      previousSecret: seal(newSigningSecret()),
      signingKey: seal(newAsymmetricKey()),
      previousSigningKey: seal(newAsymmetricKey()),
    };
    expect(headersOf(changes)['webhook-signature']).toMatch(/^v1,\S+ v1,\S+ v1a,\S+ v1a,\S+$/);
  });

  test("a profile's own header is made with the new secret alone", () => {
    const changes = { profile: 'dembrane', previousSecret: seal(newSigningSecret()) } as const;
    expect(headersOf(changes)['x-dembrane-signature']).toBe(headersOf({ profile: 'dembrane' })['x-dembrane-signature']);
  });

  test.each(['secret', 'previousSecret', 'signingKey', 'previousSigningKey', 'headers'] as const)(
    'no request is made when %s cannot be opened',
    (member) => {
      const elsewhere = new SecretBox([randomBytes(32)]).seal('{}', endpointId);
      expect(() => requestOf({ [member]: elsewhere })).toThrow(SecretKeyUnknown);
      expect(() => requestOf({ [member]: box.seal('{}', randomUUID()) })).toThrow(SecretUnreadable);
    },
  );
});

describe("the owner's headers", () => {
  const withHeaders = (headers: unknown) => ({ headers: seal(JSON.stringify(headers)) });

  test('are sent beside ours', () => {
    expect(headersOf(withHeaders({ Authorization: 'Bearer x', 'X-Tenant': 'a' }))).toMatchObject({
      authorization: 'Bearer x',
      'x-tenant': 'a',
    });
  });

  test('cannot replace one of ours or of the profile, whatever was stored', () => {
    const stored = { 'Webhook-Signature': 'v1,x', TraceParent: 'x', 'Content-Type': 'text/html', 'X-Desmo-Event': 'x' };
    const headers = headersOf({ profile: 'desmo', ...withHeaders(stored) });
    expect(Object.keys(headers)).toEqual([...new Set(Object.keys(headers).map((name) => name.toLowerCase()))]);
    const shown = requestOf({ profile: 'desmo', ...withHeaders(stored) }).shownHeaders;
    for (const told of [headers, shown]) {
      expect(told['webhook-signature']).not.toBe('v1,x');
      expect(told.traceparent).toMatch(/^00-/);
      expect(told).toMatchObject({ 'content-type': 'application/json', 'x-desmo-event': 'trigger.fired' });
    }
  });

  test.each(['[1]', 'secret=1', '"x"'])('that are no object are an error that tells nothing of them: %s', (text) => {
    expect(() => requestOf({ headers: seal(text) })).toThrow(
      new SecretUnreadable(`The headers of endpoint ${endpointId} are no JSON object`),
    );
  });
});

test('what is kept of the headers has no whole signature and no secret of the owner', () => {
  const { request, shownHeaders } = requestOf({
    profile: 'dodev',
    previousSecret: seal(newSigningSecret()),
    headers: seal('{"X-Api-Key":"abc","X-Tenant":"acme"}'),
  });
  expect(Object.keys(shownHeaders)).toEqual(Object.keys(request.headers));
  expect(shownHeaders).toEqual({
    ...request.headers,
    'x-api-key': '••••••',
    'x-tenant': 'acme',
    'webhook-signature': request.headers['webhook-signature']!.replace(/(v1,\S{9})\S+/g, '$1…'),
    'x-dodevwebhook-signature': 't=1800000000…',
  });
});

describe('traceparent', () => {
  const TRACE = '0af7651916cd43dd8448eb211c80319c';
  const SPAN = 'b7ad6b7169203331';
  const withTrace = (traceparent: unknown) =>
    headersOf({}, { envelope: JSON.stringify({ ...(JSON.parse(ENVELOPE) as object), traceparent }) }).traceparent!;

  test.each([
    ['01', '01'],
    ['00', '00'],
    ['03', '03'],
    ['ff', '03'],
  ])('goes on in the trace of the record, in a span of its own: flags %s are %s', (flags, sent) => {
    const traceparent = withTrace(`00-${TRACE}-${SPAN}-${flags}`);
    expect(traceparent).toMatch(new RegExp(`^00-${TRACE}-[0-9a-f]{16}-${sent}$`));
    expect(traceparent).not.toContain(SPAN);
  });

  test.each([
    `00-${'0'.repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
    `01-${TRACE}-${SPAN}-01`,
    `ff-${TRACE}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}-01-more`,
    `00-${TRACE}-${SPAN}-01\r\nx: y`,
    `00-${TRACE}-${SPAN}-01\n`,
    '',
    7,
  ])('begins anew where the record had no valid one: %j', (invalid) => {
    expect(withTrace(invalid)).toBe(headersOf().traceparent);
  });

  test('each attempt is another span, the same whoever computes it', () => {
    const spanOf = (of: Partial<DeliveryMessage>) => headersOf({}, of).traceparent!.split('-')[2];
    expect(spanOf({})).toBe(spanOf({}));
    const spans = [{}, { attempt: 3 }, { deliveryId: randomUUID() }].map(spanOf);
    expect(new Set(spans).size).toBe(3);
  });

  test.each([1, 2 ** 15, 2 ** 16 + 1])('no span is zero, nor of another length: attempt %d', (attempt) => {
    const { traceparent } = headersOf({}, { deliveryId: '019bb1c2-3f7a-8aaa-8000-000000000000', attempt });
    expect(traceparent).toMatch(/^00-[0-9a-f]{32}-8[0-9a-f]{3}0{12}-01$/);
  });
});

test('secrets are opened once for all requests of a target, by each box for itself, and changes count', () => {
  let count = 0;
  const counting = { open: (...sealed: Parameters<SecretBox['open']>) => (count++, box.open(...sealed)) };
  const own = { ...target };
  const signatureBy = (secrets: Pick<SecretBox, 'open'>, of: DeliveryTarget) =>
    deliveryRequest(message, of, secrets).request.headers['webhook-signature'];
  const first = signatureBy(counting, own);
  expect([signatureBy(counting, own), signatureBy(box, { ...own })]).toEqual([first, first]);
  expect(count).toBe(1);
  expect(() => deliveryRequest(message, own, new SecretBox([randomBytes(32)]))).toThrow(SecretKeyUnknown);
  expect(signatureBy(counting, { ...own, secret: seal(newSigningSecret()) })).not.toBe(first);
});

test('the trace is the same whether or not the event was parsed before', () => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const envelope = JSON.stringify({ ...(JSON.parse(ENVELOPE) as object), traceparent });
  const event = JSON.parse(envelope) as { traceparent: string };
  expect(headersOf({}, { envelope, event })).toEqual(headersOf({}, { envelope }));
  expect(headersOf({}, { envelope, event }).traceparent).toContain('0af7651916cd43dd8448eb211c80319c');
});
