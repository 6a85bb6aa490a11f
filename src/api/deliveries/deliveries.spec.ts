import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { each, TestApi, vehicle, type ApiDeveloper } from '../../../test/support/api.js';
import { addAttempt, addEvent, addPending, addSettled, type EventRowFields } from '../../../test/support/log-rows.js';
import { newLogId } from '../../store/log-id.js';

let api: TestApi;
let developer: ApiDeveloper;
let webhookId: string;
let endpointId: string;

beforeAll(async () => {
  api = await TestApi.start();
});
afterAll(() => api.stop());
beforeEach(async () => {
  developer = await api.developer();
  webhookId = await developer.register();
  endpointId = String((await developer.config(webhookId)).endpointId);
});

const firing = (given: Partial<EventRowFields> = {}) =>
  addEvent(api.database.pool, { license: developer.license, triggerId: webhookId, vehicle: vehicle(1), ...given });

async function settled(status: string, given: Parameters<typeof addSettled>[2] = {}): Promise<string> {
  const event = given.event ?? (await firing());
  return (await addSettled(api.database.pool, status, { endpointId, ...given, event })).id;
}

const pause = (status: string) =>
  api.database.pool.query('update endpoints set status = $1 where id = $2', [status, endpointId]);

test('a delivery is shown with what is sent and every attempt', async () => {
  const event = await firing({ payload: '{"id":"x","type":"dimo.trigger","data":{"b":1}}' });
  const { id, createdAt } = await addSettled(api.database.pool, 'failed', {
    ...{ endpointId, event, statusCode: 500, error: 'answered 500' },
  });
  await addAttempt(api.database.pool, id);
  const { status, body } = await developer.call('GET', `/v1/deliveries/${id}`);
  const shown = {
    ...{ id, eventId: event.id, eventType: 'trigger.fired', webhookId, endpointId, vehicle: vehicle(1) },
    ...{
      status: 'failed',
      attemptCount: 1,
      nextAttemptAt: null,
      createdAt: createdAt.toISOString(),
      deliveredAt: null,
    },
    ...{ lastStatusCode: 500, lastError: 'answered 500', isTest: false },
  };
  expect([status, body]).toEqual([
    200,
    {
      ...shown,
      payload: { id: 'x', type: 'dimo.trigger', data: { b: 1 } },
      attempts: [
        {
          ...{ number: 1, startedAt: expect.any(String), durationMs: 12, outcome: 'rejected', statusCode: 500 },
          ...{ error: 'answered', requestHeaders: { 'webhook-id': 'x' }, responseHeaders: { 'set-cookie': 'a, b' } },
          ...{ responseBody: 'no', truncated: true },
        },
      ],
    },
  ]);
  expect((await developer.call('GET', '/v1/deliveries')).body).toEqual({ data: [shown], next: null });
});

test('a log event that is no firing is shown as the CloudEvent that goes out', async () => {
  const event = await firing({ type: 'webhook.disabled', payload: '{"requestId":"r"}' });
  const { id } = await addPending(api.database.pool, { endpointId, event });
  const { body } = await developer.call('GET', `/v1/deliveries/${id}`);
  expect(body).toMatchObject({ status: 'pending', payload: { type: 'tripline.webhook.disabled', specversion: '1.0' } });
});

test('the list comes in pages and can be narrowed', async () => {
  const at = (secondsAgo: number) => newLogId(Date.now() - secondsAgo * 1000);
  const held = await settled('held', { event: await firing({ id: at(3) }) });
  const delivered = await settled('delivered', { event: await firing({ id: at(2), vehicle: vehicle(2) }) });
  const { id: pending } = await addPending(api.database.pool, { endpointId, event: await firing({ id: at(1) }) });
  const list = async (query: string) => each((await developer.call('GET', `/v1/deliveries?${query}`)).body.data, 'id');
  expect(await list('')).toEqual([pending, delivered, held]);
  expect(await list('status=held,%20pending')).toEqual([pending, held]);
  expect(await list(`vehicle=${encodeURIComponent(vehicle(2))}&webhookId=${webhookId.toUpperCase()}`)).toEqual([
    delivered,
  ]);
  expect(await list(`endpointId=${randomUUID()}`)).toEqual([]);
  expect(await list('since=2100-01-01T00:00:00Z')).toEqual([]);
  expect(await list('until=2100-01-01T02:00:00%2B02:00')).toHaveLength(3);
  const first = (await developer.call('GET', '/v1/deliveries?limit=2')).body;
  expect(each(first.data, 'id')).toEqual([pending, delivered]);
  const rest = (await developer.call('GET', `/v1/deliveries?limit=2&cursor=${first.next}`)).body;
  expect([each(rest.data, 'id'), rest.next]).toEqual([[held], null]);
});

test.each([
  ['status=lost', 'status'],
  ['webhookId=x', 'webhookId'],
  ['endpointId=x', 'endpointId'],
  ['vehicle=x', 'vehicle'],
  ['since=yesterday', 'since'],
  ['since=2026-01-02T00:00:00Z&until=2026-01-01T00:00:00Z', 'until'],
  ['cursor=x', 'cursor'],
])('the list refuses %s and names it', async (query, pointer) => {
  const { status, body } = await developer.call('GET', `/v1/deliveries?${query}`);
  expect([status, each(body.errors, 'pointer')]).toEqual([400, [pointer]]);
  expect(body.errors[0].detail).toContain(pointer);
});

test.each(['GET /v1/deliveries/', 'POST /v1/deliveries/resend'])(
  '%s: a foreign id is as unknown as none',
  async (route) => {
    const [method, path] = route.split(' ') as [string, string];
    const at = (id: string) => (path.endsWith('resend') ? `/v1/deliveries/${id}/resend` : path + id);
    const foreign = await settled('failed');
    const stranger = await api.developer();
    const [one, other] = [await stranger.call(method, at(foreign)), await stranger.call(method, at(randomUUID()))];
    expect([one.status, one.text]).toEqual([404, other.text]);
  },
);

test('a delivery that failed is sent again under its id, one that arrived under a new one', async () => {
  const failed = await settled('failed');
  const delivered = await settled('delivered');
  const again = await developer.call('POST', `/v1/deliveries/${failed}/resend`);
  expect([again.status, again.body]).toEqual([202, { deliveryId: failed }]);
  const anew = await developer.call('POST', `/v1/deliveries/${delivered}/resend`);
  expect(anew.status).toBe(202);
  expect(anew.body.deliveryId).not.toBe(delivered);
  const { body } = await developer.call('GET', '/v1/deliveries?status=pending');
  expect(each(body.data, 'id').sort()).toEqual([failed, anew.body.deliveryId].sort());
  const log = (await developer.call('GET', '/v1/events?type=delivery.resent')).body.data;
  expect(each(log, 'data')).toMatchObject([
    { deliveryId: delivered, newDeliveryId: anew.body.deliveryId },
    { deliveryId: failed, was: 'failed' },
  ]);
  expect(log[0]).toMatchObject({ actor: { license: developer.license }, requestId: expect.any(String), webhookId });
});

test('nothing is sent again to an endpoint that is not active, which the answer says', async () => {
  const id = await settled('held');
  await pause('failed');
  const answer = await developer.call('POST', `/v1/deliveries/${id}/resend`);
  expect([answer.status, answer.body.detail]).toEqual([409, expect.stringMatching(/failed.*verify/)]);
  const recover = await developer.call('POST', `/v1/webhooks/${webhookId}/recover`, { since: '2026-01-01T00:00:00Z' });
  expect([recover.status, recover.body.detail]).toEqual([409, expect.stringMatching(/failed.*verify/)]);
});

test.each([
  ['0000-01-01T00:00:00Z', undefined],
  ['0001-01-01T00:00:00+14:00', '9999-12-31T23:59:59-14:00'],
])('a range from %s to %s takes everything', async (since, until) => {
  await settled('failed');
  const path = `/v1/webhooks/${webhookId}/recover`;
  const dry = await developer.call('POST', path, { since, ...(until && { until }), dryRun: true });
  expect([dry.status, dry.body]).toEqual([200, { count: 1 }]);
});

test('all that an endpoint missed can be recovered, whichever webhook it concerns, by its owner alone', async () => {
  const otherWebhook = await firing({ triggerId: randomUUID() });
  const heard = await firing({ type: 'webhook.updated', payload: '{}' });
  for (const event of [await firing(), otherWebhook, heard]) await settled('held', { event });
  const path = `/v1/endpoints/${endpointId}/recover`;
  const since = new Date(Date.now() - 60_000).toISOString();
  expect((await developer.call('POST', `/v1/webhooks/${webhookId}/recover`, { since, dryRun: true })).body.count).toBe(
    2,
  );
  expect((await developer.call('POST', path, { since, dryRun: true })).body).toEqual({ count: 3 });
  const stranger = await api.developer();
  const unknown = await stranger.call('POST', `/v1/endpoints/${randomUUID()}/recover`, { since });
  const foreign = await stranger.call('POST', path, { since });
  expect([foreign.status, foreign.text]).toEqual([404, unknown.text]);
  const done = await developer.call('POST', path, { since });
  expect([done.status, done.body]).toEqual([202, { count: 3 }]);
  expect((await developer.call('POST', path, { since })).body).toEqual({ count: 0 });
  const [told] = (await developer.call('GET', '/v1/events?type=delivery.recovered')).body.data;
  expect(told).toMatchObject({ endpointId, data: { count: 3 } });
});

test('what did not arrive is counted, then queued, then nothing is left', async () => {
  for (const status of ['failed', 'held', 'cancelled', 'delivered']) await settled(status);
  await settled('failed', { isTest: true });
  const path = `/v1/webhooks/${webhookId}/recover`;
  const since = new Date(Date.now() - 60_000).toISOString();
  const dry = await developer.call('POST', path, { since, dryRun: true });
  expect([dry.status, dry.body]).toEqual([200, { count: 2 }]);
  const done = await developer.call('POST', path, { since });
  expect([done.status, done.body]).toEqual([202, { count: 2 }]);
  expect((await developer.call('POST', path, { since })).body).toEqual({ count: 0 });
  expect((await developer.call('POST', path, { since, statuses: ['cancelled'] })).body).toEqual({ count: 1 });
  const log = (await developer.call('GET', '/v1/events?type=delivery.recovered')).body.data;
  expect(each(log, 'data')).toMatchObject([
    { count: 1, statuses: ['cancelled'] },
    { count: 2, since },
  ]);
});

test.each([
  [{}, '#/since'],
  [{ since: '2026-01-01T00:00:00Z', until: '2025-01-01T00:00:00Z' }, '#/until'],
  [{ since: '2100-01-01T00:00:00Z' }, '#/since'],
  [{ since: '2026-01-01T00:00:00Z', dryrunn: true }, '#/dryrunn'],
  [{ request: { since: '2026-01-01T00:00:00Z' }, dryRun: true }, '#/dryRun'],
  [{ since: '2026-01-01T00:00:00Z', statuses: ['delivered'] }, '#/statuses/0'],
  [{ since: '2026-01-01T00:00:00Z', statuses: [] }, '#/statuses'],
])('recovering refuses %j and names the field', async (request, pointer) => {
  const { status, body } = await developer.call('POST', `/v1/webhooks/${webhookId}/recover`, request);
  expect([status, each(body.errors, 'pointer')]).toEqual([400, [pointer]]);
});

test('a foreign webhook cannot be recovered', async () => {
  const stranger = await api.developer();
  const answer = await stranger.call('POST', `/v1/webhooks/${webhookId}/recover`, { since: '2026-01-01T00:00:00Z' });
  expect(answer.status).toBe(404);
});

test('a resend with a body that would be ignored is refused', async () => {
  const id = await settled('failed');
  const answer = await developer.call('POST', `/v1/deliveries/${id}/resend`, { dryRun: true });
  expect([answer.status, each(answer.body.errors, 'pointer')]).toEqual([400, ['#/dryRun']]);
  expect((await developer.call('GET', `/v1/deliveries/${id}`)).body.status).toBe('failed');
});

test('what a listener was told of a deleted webhook can be sent again; a firing of it cannot', async () => {
  const gone = await developer.register();
  const about = { license: developer.license, triggerId: gone };
  const told = await settled('failed', { event: await firing({ ...about, type: 'webhook.deleted', payload: '{}' }) });
  const fired = await settled('failed', { event: await firing(about) });
  expect((await developer.call('DELETE', `/v1/webhooks/${gone}`)).status).toBe(200);
  const resend = (id: string) => developer.call('POST', `/v1/deliveries/${id}/resend`);
  expect(await resend(told)).toMatchObject({ status: 202, body: { deliveryId: told } });
  expect(await resend(fired)).toMatchObject({ status: 409, body: { detail: 'Its webhook was deleted.' } });
});
