import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Health } from './health.js';
import { silentLog } from './log.js';
import { Metrics } from './metrics.js';
import { MonitoringServer } from './monitoring-server.js';

let health: Health;
let metrics: Metrics;
let server: MonitoringServer;
let origin: string;

beforeEach(async () => {
  health = new Health({ checkTimeoutMs: 20 });
  metrics = new Metrics();
  server = new MonitoringServer({ port: 0, host: '127.0.0.1', metrics, health, log: silentLog });
  origin = `http://127.0.0.1:${await server.start()}`;
});

afterEach(() => server.stop());

test.each<[string, () => boolean | Promise<boolean>, number]>([
  ['passes', () => true, 200],
  ['passes later', () => Promise.resolve(true), 200],
  ['fails', () => false, 503],
  [
    'throws',
    () => {
      throw new Error('no');
    },
    503,
  ],
  ['rejects', () => Promise.reject(new Error('no')), 503],
  ['hangs', () => new Promise<boolean>(() => undefined), 503],
])('/ready when one of two checks %s', async (_, check, status) => {
  health.register('good', () => true);
  health.register('other', check);
  const answer = await fetch(`${origin}/ready`);
  expect(answer.status).toBe(status);
  expect(await answer.json()).toEqual({ ready: status === 200, checks: { good: true, other: status === 200 } });
});

test('a process without checks is ready', async () => {
  expect(await new Health().report()).toEqual({ ready: true, checks: {} });
});

test('/ready tells when a check recovers', async () => {
  let works = false;
  health.register('database', () => works);
  expect((await fetch(`${origin}/ready`)).status).toBe(503);
  works = true;
  expect((await fetch(`${origin}/ready`)).status).toBe(200);
});

test('/health is 200 while every check fails', async () => {
  health.register('database', () => false);
  expect((await fetch(`${origin}/health`)).status).toBe(200);
});

test("/metrics is Prometheus' text", async () => {
  metrics.records.inc({ topic: 't' }, 3);
  const answer = await fetch(`${origin}/metrics`);
  expect(answer.headers.get('content-type')).toContain('text/plain');
  expect(await answer.text()).toContain('tripline_records_total{topic="t"} 3');
});

test.each([
  ['GET', '/other', 404],
  ['GET', '/metrics?x=1', 200],
  ['POST', '/health', 405],
])('%s %s answers %i', async (method, path, status) => {
  expect((await fetch(origin + path, { method })).status).toBe(status);
});

test('a taken port is an error of start', async () => {
  const second = new MonitoringServer({
    port: Number(new URL(origin).port),
    host: '127.0.0.1',
    metrics,
    health,
    log: silentLog,
  });
  await expect(second.start()).rejects.toThrow(/EADDRINUSE/);
  await second.stop();
});

test('stop ends idle connections and can be called twice', async () => {
  await fetch(`${origin}/health`);
  await server.stop();
  await server.stop();
  await expect(fetch(`${origin}/health`)).rejects.toThrow();
});
