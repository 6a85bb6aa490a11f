import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { TestApi, type ApiDeveloper } from '../../../test/support/api.js';
import { giveUpEndpoint } from '../../../test/support/give-up.js';
import { headerNames, shapeOf } from '../../../test/support/shape.js';
import { type Log, silentLog } from '../../observability/log.js';

let api: TestApi;
let developer: ApiDeveloper;
/** Moves on by two seconds with each look, so that every test event has its turn. */
let clockMs = Date.now();

const lines: { fields: Record<string, unknown>; text: string }[] = [];
const log: Log = { ...silentLog, info: (fields, text) => void lines.push({ fields: { ...fields }, text }) };

beforeAll(async () => {
  api = await TestApi.start({ now: () => (clockMs += 2_000), log });
});
afterAll(() => api.stop());
beforeEach(async () => {
  developer = await api.developer();
  api.target.received.length = 0;
  clockMs = Date.now();
});

const HOUR_MS = 3_600_000;
const NOBODYS_ID = '00000000-0000-4000-8000-000000000000';

function act(id: string, action: string, body?: object) {
  return developer.call('POST', `/v1/webhooks/${id}/${action}`, body);
}

async function rows(sql: string, ...values: unknown[]): Promise<Record<string, unknown>[]> {
  return (await api.database.pool.query<Record<string, unknown>>(sql, values)).rows;
}

async function eventTypes(id: string): Promise<unknown[]> {
  return (await rows('select type from events where trigger_id = $1 order by id', id)).map(({ type }) => type);
}

/** What senders do with a target that never answers. */
async function giveUp(id: string, status: 'failed' | 'gone' = 'failed'): Promise<void> {
  const { endpointId } = await developer.config(id);
  await giveUpEndpoint(api.database, endpointId as string, status, 'Nothing but failures.');
  expect(await developer.config(id)).toMatchObject({ status: 'failed', statusReason: 'Nothing but failures.' });
}

async function endpointOf(id: string): Promise<Record<string, unknown>> {
  const sql = `select e.*, l.failures, l.pause_until from triggers t join endpoints e on e.id = t.endpoint_id
    join endpoint_leases l on l.endpoint_id = e.id where t.id = $1`;
  return (await rows(sql, id))[0]!;
}

test.each(['verify', 'rotate', 'test'])(
  '%s of a foreign webhook answers like that of an unknown one',
  async (action) => {
    const id = await (await api.developer()).register();
    const before = await api.contents();
    const body = action === 'verify' ? { verificationToken: 'abc' } : {};
    const [foreign, unknown] = [await act(id, action, body), await act(NOBODYS_ID, action, body)];
    expect(foreign.status).toBe(404);
    expect(foreign.text).toBe(unknown.text);
    expect(await api.contents()).toBe(before);
    const copy = (of: string) => developer.call('GET', `/v1/webhooks/${of}/copyable`);
    expect((await copy(id)).text).toBe((await copy(NOBODYS_ID)).text);
  },
);

describe('verifying', () => {
  test('a target that proves itself again is noted, with when', async () => {
    const id = await developer.register();
    const before = await developer.config(id);
    const answer = await act(id, 'verify', { verificationToken: 'abc' });
    expect(answer).toMatchObject({
      status: 200,
      body: { message: expect.any(String), verifiedAt: expect.any(String) },
    });
    expect(answer.body.verifiedAt).not.toBe(before.verifiedAt);
    expect(await developer.config(id)).toMatchObject({ status: 'enabled', verifiedAt: answer.body.verifiedAt });
    expect(await eventTypes(id)).toEqual(['webhook.created', 'webhook.verified']);
  });

  test.each(['failed', 'gone'] as const)(
    'a webhook whose endpoint is %s is enabled, and sent to again',
    async (status) => {
      const id = await developer.register();
      await api.database.pool.query(`update endpoint_leases set failures = 9, pause_until = now() + interval '1 h'`);
      await giveUp(id, status);
      expect((await act(id, 'verify', { verificationToken: 'abc' })).status).toBe(200);
      expect(await developer.config(id)).toMatchObject({ status: 'enabled', statusReason: null, failureCount: 0 });
      expect(await endpointOf(id)).toMatchObject({
        status: 'active',
        status_reason: null,
        failures: 0,
        pause_until: null,
      });
      expect((await eventTypes(id)).slice(-2).sort()).toEqual(['webhook.enabled', 'webhook.verified']);
    },
  );

  test('one that does not prove itself stays as it is', async () => {
    const id = await developer.register();
    await giveUp(id);
    const before = await api.contents();
    const answer = await act(id, 'verify', { verificationToken: 'other' });
    expect(answer).toMatchObject({
      status: 400,
      body: { step: 'token', errors: [{ pointer: '#/verificationToken' }] },
    });
    expect(await api.contents()).toBe(before);
  });

  test('enabling a failed webhook, or giving it another target, lets its endpoint begin anew too', async () => {
    const id = await developer.register();
    await giveUp(id);
    await developer.call('PATCH', `/v1/webhooks/${id}`, { status: 'enabled' });
    expect([(await developer.config(id)).status, (await endpointOf(id)).status]).toEqual(['enabled', 'active']);
    await giveUp(id, 'gone');
    const other = { targetURL: api.target.url('/token/abc/2'), verificationToken: 'abc' };
    await developer.call('PATCH', `/v1/webhooks/${id}`, other);
    expect([(await developer.config(id)).status, (await endpointOf(id)).status]).toEqual(['enabled', 'active']);
  });

  test('one that was switched off while it had failed is sent to again once it is switched on', async () => {
    const id = await developer.register();
    await giveUp(id);
    await developer.call('PATCH', `/v1/webhooks/${id}`, { status: 'disabled' });
    expect((await endpointOf(id)).status).toBe('failed');
    await developer.call('PATCH', `/v1/webhooks/${id}`, { status: 'enabled' });
    expect((await endpointOf(id)).status).toBe('active');
  });
});

describe('rotating', () => {
  test('both secrets sign until the overlap ends, each key pair with its secret', async () => {
    const id = await developer.register({ asymmetric: true });
    const before = await endpointOf(id);
    const answer = await act(id, 'rotate', { overlapHours: 2 });
    expect(answer).toMatchObject({ status: 200, body: { secret: expect.stringMatching(/^whsec_/) } });
    const after = await endpointOf(id);
    expect(api.secrets.open(after.secret as string, after.id as string)).toBe(answer.body.secret);
    expect(after).toMatchObject({ previous_secret: before.secret, previous_signing_key: before.signing_key });
    expect(after.signing_key).not.toBe(before.signing_key);
    expect((after.previous_until as Date).toISOString()).toBe(answer.body.previousValidUntil);
    expect(Math.abs(Date.parse(answer.body.previousValidUntil as string) - clockMs - 2 * HOUR_MS)).toBeLessThan(
      HOUR_MS,
    );
    expect(await eventTypes(id)).toEqual(['webhook.created', 'secret.rotated']);
    expect(await api.contents()).not.toContain((answer.body.secret as string).slice(6));
  });

  test('without a body it is a day and no key of its own', async () => {
    const id = await developer.register();
    const { body } = await act(id, 'rotate');
    expect(Date.parse(body.previousValidUntil as string) - clockMs).toBeGreaterThan(23 * HOUR_MS);
    expect(await endpointOf(id)).toMatchObject({ signing_key: null, previous_signing_key: null });
  });

  test('without an overlap the old secret is over at once', async () => {
    const id = await developer.register({ asymmetric: true });
    const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=';
    expect((await act(id, 'rotate', { overlapHours: 0, secret })).body).toEqual({ secret, previousValidUntil: null });
    expect(await endpointOf(id)).toMatchObject({ previous_secret: null, previous_signing_key: null });
  });

  test.each([
    ['rotate', { overlaphour: 0 }, '#/overlaphour'],
    ['rotate', { request: { overlapHours: 1 }, overlapHours: 0 }, '#/overlapHours'],
    ['verify', { verificationToken: 'abc', url: 'x' }, '#/url'],
    ['test', { samples: {} }, '#/samples'],
    ['test', { 'a/b~': 1 }, '#/a~1b~0'],
  ])('%s with a field that is unknown does nothing and names it: %j', async (action, body, pointer) => {
    const id = await developer.register();
    const before = await api.contents();
    const answer = await act(id, action, body);
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ pointer }] } });
    expect(await api.contents()).toBe(before);
    expect(api.target.received).toEqual([]);
  });

  test.each([{ overlapHours: -1 }, { overlapHours: 169 }, { overlapHours: 1.5 }, { secret: 'short' }])(
    '%j is refused',
    async (body) => {
      const id = await developer.register();
      const before = await api.contents();
      expect((await act(id, 'rotate', body)).status).toBe(400);
      expect(await api.contents()).toBe(before);
    },
  );
});

describe('testing', () => {
  test('one event like any other, but not live, is sent and kept', async () => {
    const answer = await developer.call('POST', '/v1/webhooks', developer.webhook({ headers: { 'X-A': 'a' } }));
    const { id, secret } = answer.body as { id: string; secret: string };
    const tested = await act(id, 'test');
    expect(tested).toMatchObject({ status: 200, body: { status: 'delivered', statusCode: 200 } });
    const [{ headers, body }] = api.target.received as [(typeof api.target.received)[0]];
    expect(headers).toMatchObject({
      'x-webhook-event': 'trigger.fired',
      'x-webhook-delivery': tested.body.deliveryId,
      'x-webhook-attempt': '1',
      'x-a': 'a',
    });
    const event = JSON.parse(body);
    expect(event).toMatchObject({ id: headers['webhook-id'], type: 'dimo.trigger', producer: id, livemode: false });
    expect(event.data).toMatchObject({ webhookId: id, service: 'telemetry.signals', signal: { name: 'speed' } });
    new Webhook(secret).verify(body, headers as Record<string, string>);

    const [kept] = await rows(
      `select d.*, e.type, e.payload, a.number, a.outcome, a.request_headers, a.response_body from deliveries d
       join events e on e.id = d.event_id join attempts a on a.delivery_id = d.id where d.id = $1`,
      tested.body.deliveryId,
    );
    expect(kept).toMatchObject({
      ...{ type: 'webhook.tested', status: 'delivered', is_test: true, attempts: 1, number: 1 },
      ...{ license: developer.license, trigger_id: id, outcome: 'delivered', response_body: 'abc' },
    });
    expect(kept!.request_headers).not.toContain(String(headers['webhook-signature']));
    const payload = { actor: { license: developer.license }, requestId: tested.headers.get('x-request-id') };
    expect(JSON.parse(kept!.payload as string)).toEqual({ ...payload, sent: event });
    const shown = await developer.call('GET', `/v1/deliveries/${tested.body.deliveryId}`);
    expect(shown.body).toMatchObject({ isTest: true, eventType: 'webhook.tested', payload: event });
    const logged = (await developer.call('GET', '/v1/events?type=webhook.tested')).body.data;
    expect(logged).toEqual([expect.objectContaining({ ...payload, webhookId: id, data: { sent: event } })]);
  });

  test('an endpoint that listens to everything hears that there was a test, and of no firing', async () => {
    const listener = { url: api.target.url('/token/abc'), verificationToken: 'abc' };
    const names = ['*', 'trigger.fired:telemetry.signals'];
    const made = await developer.call('POST', '/v1/endpoints', { ...listener, enabledEvents: names });
    const id = await developer.register();
    expect((await act(id, 'test')).status).toBe(200);
    const pending = await developer.call('GET', `/v1/deliveries?endpointId=${made.body.id}&status=pending`);
    const bodies = await Promise.all(
      (pending.body.data as { id: string }[]).map(async (each) => {
        return (await developer.call('GET', `/v1/deliveries/${each.id}`)).body.payload as {
          type: string;
          data: object;
        };
      }),
    );
    const heard = bodies.map(({ type }) => type).sort();
    expect(heard).toEqual(['tripline.webhook.created', 'tripline.webhook.tested']);
    expect(bodies.find(({ type }) => type.endsWith('tested'))!.data).toMatchObject({
      webhookId: id,
      sent: { type: 'dimo.trigger', livemode: false },
    });
  });

  test('of an answer as much is kept as of any other', async () => {
    const id = await developer.register();
    await api.database.pool.query('update endpoints set url = $1', [api.target.url('/flood')]);
    const { body } = await act(id, 'test');
    const shown = await developer.call('GET', `/v1/deliveries/${body.deliveryId}`);
    const [attempt] = shown.body.attempts as { responseBody: string; responseHeaders: object; truncated: boolean }[];
    expect(Buffer.byteLength(attempt!.responseBody)).toBeLessThanOrEqual(16 * 1024);
    expect(Object.keys(attempt!.responseHeaders).length).toBeLessThanOrEqual(50);
    expect(attempt!.truncated).toBe(true);
  });

  test('one line of the log tells of it, without where it went', async () => {
    const id = await developer.register();
    lines.length = 0;
    const { body } = await act(id, 'test');
    const [line] = lines.filter(({ text }) => text === 'attempt to deliver');
    expect(line!.fields).toMatchObject({
      ...{ delivery: body.deliveryId, type: 'trigger.fired', license: developer.license, trigger: id, isTest: true },
      ...{ attempt: 1, outcome: 'delivered', statusCode: 200, settled: 'delivered', profile: 'standard' },
    });
    expect(JSON.stringify(lines)).not.toContain('/token/abc');
  });

  test.each([
    [
      { metricName: 'speed' },
      { value: 71.5, source: 'me' },
      { signal: { value: 71.5, valueType: 'float64', source: 'me' } },
    ],
    [{ metricName: 'powertrainType', condition: 'true' }, { value: 'ELECTRIC' }, { signal: { value: 'ELECTRIC' } }],
    [
      { metricName: 'currentLocationCoordinates', condition: 'true' },
      { value: { latitude: 1, longitude: 2 } },
      { signal: { value: { latitude: 1, longitude: 2, hdop: 0, heading: 0 } } },
    ],
    [
      { service: 'events', metricName: 'HarshBraking', condition: 'true' },
      { metadata: '{"a":1}', durationNs: 5 },
      { event: { name: 'behavior.harshBraking', metadata: '{"a":1}', durationNs: 5 } },
    ],
  ])('%j tells of the sample that is given: %j', async (fields, sample, data) => {
    const id = await developer.register(fields);
    expect(await act(id, 'test', { sample })).toMatchObject({ status: 200 });
    expect(JSON.parse(api.target.received[0]!.body).data).toMatchObject(data);
  });

  test('a duration keeps its digits', async () => {
    const id = await developer.register({ service: 'events', metricName: 'HarshBraking', condition: 'true' });
    await act(id, 'test', { sample: { durationNs: '18446744073709551615' } });
    expect(api.target.received[0]!.body).toContain('"durationNs":18446744073709551615');
  });

  test('a sample of another kind is refused, and nothing is sent', async () => {
    const id = await developer.register();
    const answer = await act(id, 'test', { sample: { value: 'fast' } });
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ pointer: '#/sample/value' }] } });
    expect(api.target.received).toEqual([]);
  });

  test('a failed webhook is tested all the same, and a failure counts for nothing', async () => {
    const id = await developer.register();
    await giveUp(id);
    const { failures } = await endpointOf(id);
    expect((await act(id, 'test')).body).toMatchObject({ status: 'delivered' });
    await api.database.pool.query('update endpoints set url = $1', [api.target.url('/status/503')]);
    const { body } = await act(id, 'test');
    expect(body).toMatchObject({ status: 'failed', statusCode: 503, error: 'Answered 503.' });
    expect((await rows('select status from deliveries where id = $1', body.deliveryId))[0]).toEqual({
      status: 'failed',
    });
    expect(await endpointOf(id)).toMatchObject({ status: 'failed', failures });
    expect(await developer.config(id)).toMatchObject({ status: 'failed', failureCount: 0 });
  });

  test('a secret that cannot be opened is said, and nothing is sent', async () => {
    const id = await developer.register();
    await api.database.pool.query(
      `update endpoints set secret = 'v1.00000000.AAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAA'`,
    );
    expect(await act(id, 'test')).toMatchObject({ status: 409 });
    expect(api.target.received).toEqual([]);
  });
});

describe('copying', () => {
  test('what is copied makes the same webhook again', async () => {
    const rule = { displayName: 'Fast', coolDownPeriod: 5, maxSampleAgeSeconds: 90, autoSubscribe: true };
    const fields = { ...rule, profile: 'dodev', retry: '1s', headers: { 'X-A': 'a' } };
    const id = await developer.register({ ...fields, asymmetric: true });
    const { body } = await developer.call('GET', `/v1/webhooks/${id}/copyable`);
    const other = await api.developer();
    const made = await other.call('POST', '/v1/webhooks', { ...body.definition, verificationToken: 'abc' });
    expect(made).toMatchObject({ status: 201, body: { warnings: [] } });
    const same = {
      ...(await developer.config(id)),
      endpointId: '',
      publicKey: '',
      createdAt: '',
      updatedAt: '',
      verifiedAt: '',
    };
    const copy = { ...(await other.config(made.body.id as string)) };
    expect({ ...copy, endpointId: '', publicKey: '', createdAt: '', updatedAt: '', verifiedAt: '', id }).toEqual(same);
  });

  test('it has no secrets, and its example can be verified with the secret that it names', async () => {
    const answer = await developer.call(
      'POST',
      '/v1/webhooks',
      developer.webhook({ headers: { Authorization: 'Bearer of-the-owner' } }),
    );
    const { text, body } = await developer.call('GET', `/v1/webhooks/${answer.body.id}/copyable`);
    expect(text).not.toContain('of-the-owner');
    expect(text).not.toContain((answer.body.secret as string).slice(6));
    expect(body.definition.headers).toEqual({ Authorization: expect.stringMatching(/^•+$/) });
    expect(body.definition.displayName).toBeUndefined();
    new Webhook(body.exampleSecret as string).verify(body.example.body as string, body.example.headers);
  });

  test.each([
    ['a number', {}],
    ['a location', { metricName: 'currentLocationCoordinates', condition: 'true' }],
    ['an event', { service: 'events', metricName: 'HarshBraking', condition: 'true' }],
    ['CloudEvents by name', { contentType: 'application/cloudevents+json', asymmetric: true, headers: { 'X-A': 'a' } }],
    ['DIMO', { profile: 'dimo' }],
    ['Desmo', { profile: 'desmo', headerPrefix: 'X-Acme' }],
    ['dembrane', { profile: 'dembrane' }],
    ['do.dev', { profile: 'dodev' }],
  ])('its example is what a test sends, but live: %s', async (_what, fields) => {
    const id = await developer.register(fields);
    const { example } = (await developer.call('GET', `/v1/webhooks/${id}/copyable`)).body;
    await act(id, 'test');
    const [sent] = api.target.received as [(typeof api.target.received)[0]];
    const live = JSON.parse(example.body as string) as { specversion?: string };
    // Only CloudEvents have no such member when they are live.
    const expected = live.specversion === undefined ? live : { ...live, livemode: false };
    expect(live).not.toHaveProperty('livemode', false);
    expect(shapeOf(JSON.parse(sent.body))).toEqual(shapeOf(expected));
    expect(headerNames(sent.headers)).toEqual(headerNames(example.headers as Record<string, unknown>));
    expect(sent.headers['content-type']).toBe(example.headers['content-type']);
    expect(example).toMatchObject({ method: 'POST', url: api.target.url(sent.path) });
  });
});

test('the shape of a body is its members and their types', () => {
  expect(shapeOf({ b: [1, 2, 'c'], a: { d: null, e: true } })).toEqual({
    a: { d: 'null', e: 'boolean' },
    b: ['"number"', '"string"'],
  });
});
