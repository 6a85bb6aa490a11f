import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { each, TestApi, vehicle, type ApiDeveloper } from '../../../test/support/api.js';
import { addAttempt, addEvent, addPending, addSettled } from '../../../test/support/log-rows.js';
import { newLogId } from '../../store/log-id.js';

const HOUR_MS = 3_600_000;
const NOW_MS = Date.UTC(2026, 0, 15, 12, 30);
let api: TestApi;
let developer: ApiDeveloper;

beforeAll(async () => {
  api = await TestApi.start({ now: () => NOW_MS, eventRetentionDays: 3 });
  developer = await api.developer();
});
afterAll(() => api.stop());

test('a webhook shows its numbers by hour, without tests, listeners and what is older', async () => {
  const id = await developer.register();
  const { endpointId: own } = await developer.config(id);
  const endpointId = String(own);
  const { pool } = api.database;
  const license = developer.license;
  const at = (hoursAgo: number, type = 'trigger.fired') =>
    addEvent(pool, {
      id: newLogId(NOW_MS - 1000 - hoursAgo * HOUR_MS),
      license,
      triggerId: id,
      type,
      vehicle: vehicle(1),
    });
  const settle = async (hoursAgo: number, status: string, attempts: number) =>
    (await addSettled(pool, status, { endpointId, event: await at(hoursAgo), attempts })).id;
  for (const [n, durationMs] of [10, 20, 30].entries()) {
    await addAttempt(pool, await settle(n, 'delivered', 1), { statusCode: 200, durationMs });
  }
  await settle(1, 'failed', 6);
  await settle(1, 'held', 0);
  await settle(30, 'delivered', 1);
  await addPending(pool, { endpointId, event: await at(0), attempts: 2 });
  await addPending(pool, { endpointId: randomUUID(), event: await at(0, 'webhook.failing') });
  await addSettled(pool, 'delivered', { endpointId: randomUUID(), event: await at(1, 'condition.failed') });
  await addSettled(pool, 'failed', { endpointId, event: await at(1, 'webhook.tested'), isTest: true });
  await addEvent(pool, { id: newLogId(NOW_MS - HOUR_MS), license, type: 'trigger.throttled' });

  const { status, body } = await developer.call('GET', `/v1/webhooks/${id}/stats`);
  expect([status, body]).toMatchObject([
    200,
    {
      ...{ since: '2026-01-14T12:30:00.000Z', until: '2026-01-15T12:30:00.000Z' },
      ...{ firings: 6, throttled: 1, conditionFailures: 1, attempts: 3 + 6 + 2 },
      deliveries: { pending: 1, delivered: 3, failed: 1, held: 1, cancelled: 0 },
      responseTimeMs: { p50: 20, p95: 29 },
    },
  ]);
  expect(body.byHour).toHaveLength(25);
  expect((body.byHour as unknown[]).slice(-3)).toEqual([
    { hour: '2026-01-15T10:00:00.000Z', firings: 1, delivered: 1, failed: 0 },
    { hour: '2026-01-15T11:00:00.000Z', firings: 3, delivered: 1, failed: 1 },
    { hour: '2026-01-15T12:00:00.000Z', firings: 2, delivered: 1, failed: 0 },
  ]);
  const longer = (await developer.call('GET', `/v1/webhooks/${id}/stats?since=2026-01-14T00:00:00Z`)).body;
  expect(longer).toMatchObject({ since: '2026-01-14T00:00:00.000Z', deliveries: { delivered: 4 } });
});

test('a webhook that did nothing has zeros, and no answer times', async () => {
  const id = await developer.register();
  const { body } = await developer.call('GET', `/v1/webhooks/${id}/stats`);
  expect(body).toMatchObject({ firings: 0, attempts: 0, responseTimeMs: { p50: null, p95: null } });
  expect(new Set(each(body.byHour, 'firings'))).toEqual(new Set([0]));
});

test('nothing is counted from before the log begins', async () => {
  const id = await developer.register();
  const { body } = await developer.call('GET', `/v1/webhooks/${id}/stats?since=2020-01-01T00:00:00Z`);
  expect(body.since).toBe('2026-01-12T12:30:00.000Z');
});

test('a time to come is refused, and a foreign webhook is unknown', async () => {
  const id = await developer.register();
  const answer = await developer.call('GET', `/v1/webhooks/${id}/stats?since=2027-01-01T00:00:00Z`);
  expect([answer.status, each(answer.body.errors, 'pointer')]).toEqual([400, ['since']]);
  expect((await (await api.developer()).call('GET', `/v1/webhooks/${id}/stats`)).status).toBe(404);
});
