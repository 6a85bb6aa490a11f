/** A sender whose way to PostgreSQL is gone without a word, for longer than its lease: real connections, real waits. */
import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { builtInCatalog } from '../../src/core/catalog.js';
import { Sender } from '../../src/delivery/sender.js';
import { silentLog } from '../../src/observability/log.js';
import { Metrics } from '../../src/observability/metrics.js';
import { Database } from '../../src/store/database.js';
import { DeliveryQueue } from '../../src/store/queue.js';
import type { TargetAnswer } from '../../src/target/http-client.js';
import { newSigningSecret, SecretBox } from '../../src/target/secret-box.js';
import { createTestDatabase, testSettings, type TestDatabase } from '../support/database.js';
import { FIRING, VEHICLE } from '../support/queue-bench.js';
import { TcpProxy } from '../support/tcp-proxy.js';

const LEASE_SECONDS = 4;
const LICENSE = '0xF26421509Efe92861a587482100c6d728aBf1CD0';

let server: TestDatabase;
let proxy: TcpProxy;
/** The sender's way to the database, and ours. */
let remote: Database;
let database: Database;
const secrets = new SecretBox([randomBytes(32)]);

beforeAll(async () => {
  server = await createTestDatabase();
  const url = new URL(server.url);
  proxy = await TcpProxy.start(Number(url.port));
  url.hostname = '127.0.0.1';
  url.port = String(proxy.port);
  database = await Database.open(testSettings(server.url));
  remote = await Database.open(testSettings(url.href));
}, 60_000);
afterAll(async () => {
  await remote?.close();
  await proxy?.stop();
  await database?.close();
  await server?.drop();
});

test('stops before the lease is over, and goes on by itself when the way is back; every attempt counts once', async () => {
  const endpointId = randomUUID();
  await database.pool.query(
    `insert into endpoints (id, license, url, secret, created_at, updated_at) values ($1, $2, 'https://a', $3, now(), now())`,
    [endpointId, LICENSE, secrets.seal(newSigningSecret(), endpointId)],
  );
  await database.pool.query('insert into endpoint_leases (endpoint_id, license) values ($1, $2)', [
    endpointId,
    LICENSE,
  ]);
  const sentMs: number[] = [];
  const sender = newSender(() => sentMs.push(performance.now()));
  await sender.start();
  const queued = setInterval(() => void enqueue(endpointId), 50);
  await until(() => sentMs.length > 20);

  proxy.freeze();
  const frozenMs = performance.now();
  await until(() => performance.now() - frozenMs > 3 * LEASE_SECONDS * 1_000);
  expect(sentMs.at(-1)! - frozenMs).toBeLessThan(LEASE_SECONDS * 1_000);
  expect(sender.isHealthy()).toBe(false);
  clearInterval(queued);
  const before = sentMs.length;

  proxy.heal();
  await until(async () => (await count('outbox')) === 0, 40_000);
  expect(sentMs.length).toBeGreaterThan(before);
  expect(await count(`deliveries where status = 'delivered'`)).toBe(await count('events'));
  expect(await count('attempts')).toBe(await count('deliveries'));
  await sender.stop(1_000);
}, 90_000);

function newSender(onSent: () => void): Sender {
  const answer: TargetAnswer = {
    ...{ kind: 'answered', statusCode: 200, headers: {} },
    ...{ body: Buffer.alloc(0), truncated: false, durationMs: 1 },
  };
  return new Sender({
    queue: new DeliveryQueue(remote, { lifeSeconds: LEASE_SECONDS }),
    client: { post: () => Promise.resolve(answer).finally(onSent) },
    secrets,
    bell: { ring: () => undefined, listen: () => Promise.resolve(() => Promise.resolve()) },
    schedule: { delaysMs: [1_000] },
    permissions: { check: (_license, vehicles) => Promise.resolve(vehicles.map(() => 'granted')) },
    catalog: builtInCatalog,
    health: { warn: () => Promise.resolve(), giveUp: () => Promise.resolve(false) },
    revoke: () => Promise.resolve(),
    ...{ concurrency: 50, concurrencyPerEndpoint: 5, timeoutMs: 5_000, permissionCacheMs: 60_000 },
    failureLimits: { hours: 120 },
    log: silentLog,
    metrics: new Metrics(),
    scanMs: 50,
  });
}

async function enqueue(endpointId: string): Promise<void> {
  const eventId = randomUUID();
  await database.pool.query(
    `with event as (
       insert into events (id, type, license, vehicle, payload) values ($1, 'trigger.fired', $2, $3, $4)
     )
     insert into outbox (endpoint_id, due_at, id, event_id)
     values ($5, date_trunc('milliseconds', now()), gen_random_uuid(), $1)`,
    [eventId, LICENSE, VEHICLE, FIRING, endpointId],
  );
}

async function count(of: string): Promise<number> {
  const { rows } = await database.pool.query<{ n: number }>(`select count(*)::int as n from ${of}`);
  return rows[0]!.n;
}

/** Looks every 50 ms. */
async function until(condition: () => boolean | Promise<boolean>, withinMs = 30_000): Promise<void> {
  const endMs = performance.now() + withinMs;
  while (!(await condition())) {
    if (performance.now() > endMs) throw new Error('it did not come to that');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
