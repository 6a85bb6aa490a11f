import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { each, TestApi, vehicle, type ApiDeveloper } from '../../../test/support/api.js';
import { addEvent, type EventRowFields } from '../../../test/support/log-rows.js';
import { newLogId } from '../../store/log-id.js';

const NOW_MS = Date.now();
let api: TestApi;
let developer: ApiDeveloper;

beforeAll(async () => {
  api = await TestApi.start();
});
afterAll(() => api.stop());
beforeEach(async () => {
  developer = await api.developer();
});

const write = (given: Partial<EventRowFields> = {}) =>
  addEvent(api.database.pool, { license: developer.license, ...given });
const list = async (query: string) => each((await developer.call('GET', `/v1/events?${query}`)).body.data, 'id');

test('a change stands in the log with who made it and in which call', async () => {
  const id = await developer.register();
  const changed = await developer.call('PATCH', `/v1/webhooks/${id}`, { description: 'other' });
  const { body } = await developer.call('GET', '/v1/events?type=webhook.updated');
  expect(body).toMatchObject({
    data: [
      {
        ...{ type: 'webhook.updated', webhookId: id, actor: { license: developer.license } },
        ...{ requestId: changed.headers.get('x-request-id'), data: { changed: ['description'] } },
      },
    ],
    next: null,
  });
  expect(body.data[0].data).not.toHaveProperty('actor');
  const one = await developer.call('GET', `/v1/events/${body.data[0].id}`);
  expect([one.status, one.body]).toEqual([200, body.data[0]]);
});

test('of a firing the data is the CloudEvent, and the time is that of the id', async () => {
  const payload = { id: 'x', specversion: '1.0', requestId: 'of its own', data: {} };
  const { id } = await write({ id: newLogId(NOW_MS), vehicle: vehicle(1), payload: JSON.stringify(payload) });
  const { body } = await developer.call('GET', `/v1/events/${id}`);
  const time = new Date(NOW_MS).toISOString();
  expect(body).toEqual({ id, type: 'trigger.fired', time, vehicle: vehicle(1), data: payload });
});

test('the log comes in pages, newest first, and can be narrowed', async () => {
  const triggerId = randomUUID();
  const at = (minutes: number) => newLogId(NOW_MS - minutes * 60_000);
  const old = (await write({ id: at(60), type: 'trigger.throttled' })).id;
  const fired = (await write({ id: at(2), triggerId, vehicle: vehicle(3) })).id;
  const failed = (await write({ id: at(1), type: 'delivery.failed', triggerId })).id;
  expect(await list('')).toEqual([failed, fired, old]);
  expect(await list('type=trigger.*')).toEqual([fired, old]);
  expect(await list('type=delivery.failed,trigger.throttled')).toEqual([failed, old]);
  expect(await list('type=*')).toHaveLength(3);
  expect(await list(`webhookId=${triggerId}`)).toEqual([failed, fired]);
  expect(await list(`vehicle=${vehicle(3)}`)).toEqual([fired]);
  expect(await list(`since=${new Date(NOW_MS - 600_000).toISOString()}`)).toEqual([failed, fired]);
  expect(await list(`until=${new Date(NOW_MS - 600_000).toISOString()}`)).toEqual([old]);
  const first = (await developer.call('GET', '/v1/events?limit=2')).body;
  expect(each((await developer.call('GET', `/v1/events?limit=2&cursor=${first.next}`)).body.data, 'id')).toEqual([old]);
});

test.each([
  ['trigger.fire', 'trigger.fired'],
  ['webhok.*', 'webhook.*'],
  ['delivery.failed,webhook.create', 'webhook.created'],
])('an unknown type is refused with the nearest: %s', async (type, nearest) => {
  const { status, body } = await developer.call('GET', `/v1/events?type=${type}`);
  expect([status, body.nearest[0], each(body.errors, 'pointer')]).toEqual([400, nearest, ['type']]);
});

test('a list of types may repeat itself, but not go on and on', async () => {
  const { id } = await write();
  expect(await list(`type=${Array(60).fill('trigger.fired').join(',')}`)).toEqual([id]);
  const many = Array.from({ length: 51 }, (_, place) => `t${place}`).join(',');
  const { status, body } = await developer.call('GET', `/v1/events?type=${many}`);
  expect([status, each(body.errors, 'pointer'), body.detail]).toEqual([400, ['type'], expect.stringContaining('50')]);
});

test("another license's events are as unknown as none, and operators' are nobody's", async () => {
  const { id } = await write();
  const operators = await write({ type: 'stream.lost' });
  const stranger = await api.developer();
  const [foreign, none] = [
    await stranger.call('GET', `/v1/events/${id}`),
    await stranger.call('GET', `/v1/events/${randomUUID()}`),
  ];
  expect([foreign.status, foreign.text]).toEqual([404, none.text]);
  expect((await stranger.call('GET', '/v1/events')).body).toEqual({ data: [], next: null });
  expect(await list('')).toEqual([id]);
  expect((await developer.call('GET', `/v1/events/${operators.id}`)).status).toBe(404);
  expect((await developer.call('GET', '/v1/events?type=stream.lost')).status).toBe(400);
});

test('every type that a license can see is listed with what it says', async () => {
  const { body } = await developer.call('GET', '/v1/event-types');
  expect(each(body.data, 'type')).toContain('webhook.failing');
  expect(each(body.data, 'type')).not.toContain('stream.lost');
  for (const description of each(body.data, 'description')) expect(description).toMatch(/^[A-Z].*\.$/);
});
