import { randomBytes, randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../../test/support/database.js';
import { beginMinute, blocksOver } from '../../test/support/database-minute.js';
import { QueueBench, type NewDelivery, type Queue } from '../../test/support/queue-bench.js';
import { QueueLine } from '../../test/support/queue-line.js';
import { QuotaMinutes } from '../../test/support/quota-minutes.js';
import { actorOf, LICENSE, OTHER_LICENSE } from '../../test/support/triggers.js';
import { builtInCatalog } from '../core/catalog.js';
import { silentLog } from '../observability/log.js';
import { Metrics } from '../observability/metrics.js';
import { QuotaNotices } from '../store/quota-notices.js';
import { DeliveryQueue } from '../store/queue.js';
import { Recovery } from '../store/recovery.js';
import { newSigningSecret, SecretBox } from '../target/secret-box.js';
import type { DeliveryLimits } from './delivery-quota.js';
import { Sender } from './sender.js';

const secrets = new SecretBox([randomBytes(32)]);
const LIFE_SECONDS = 15;

let server: TestDatabase;
let bench: QueueBench;
/** Ids of endpoints, in the order in which requests were made to them. */
let requests: string[];
let metrics: Metrics;
const senders: Sender[] = [];

beforeEach(async () => {
  server = await createTestDatabase();
  bench = await QueueBench.open(server);
  requests = [];
  metrics = new Metrics();
});

afterEach(async () => {
  await Promise.all(senders.splice(0).map((sender) => sender.stop(1_000)));
  await bench.close();
  await server.drop();
});

async function endpoint(license: string): Promise<string> {
  const id = randomUUID();
  const secret = secrets.seal(newSigningSecret(), id);
  await bench.addEndpoint({ id, license, secret, url: `https://example.com/${id}` });
  return id;
}

function times(count: number, delivery: NewDelivery): NewDelivery[] {
  return Array.from({ length: count }, () => delivery);
}

async function sender(blocks?: DeliveryLimits['blocks'], queue: Queue = bench.queue): Promise<QueueLine> {
  const line = new QueueLine(queue);
  const made = new Sender({
    queue: line.queue,
    client: {
      post: ({ url }) => {
        requests.push(url.slice('https://example.com/'.length));
        const answer = {
          kind: 'answered',
          statusCode: 200,
          headers: {},
          body: Buffer.alloc(0),
          truncated: false,
        } as const;
        return Promise.resolve({ ...answer, durationMs: 1 });
      },
    },
    secrets,
    bell: { ring: () => undefined, listen: () => Promise.resolve(() => Promise.resolve()) },
    schedule: { delaysMs: [3_600_000] },
    permissions: { check: (_license, vehicles) => Promise.resolve(vehicles.map(() => 'granted' as const)) },
    catalog: builtInCatalog,
    health: { warn: () => Promise.resolve(), giveUp: () => Promise.resolve(false) },
    revoke: () => Promise.resolve(),
    ...{ concurrency: 50, concurrencyPerEndpoint: 5, timeoutMs: 5_000, permissionCacheMs: 60_000, scanMs: 20 },
    failureLimits: { hours: 120 },
    ...(blocks ? { limits: { blocks, notices: new QuotaNotices(bench.database) } } : {}),
    log: silentLog,
    metrics,
    random: () => 0,
  });
  senders.push(made);
  await made.start();
  return line;
}

/** Resolves after so many more looks at what is due. */
async function looks(line: QueueLine, count: number): Promise<void> {
  let seen = 0;
  line.after = (method) => void (seen += method === 'lease' ? 1 : 0);
  await line.until(() => seen >= count);
}

async function rows(sql: string): Promise<Record<string, unknown>[]> {
  return (await bench.database.pool.query<Record<string, unknown>>(sql)).rows;
}

/** Every row of the queue with the transaction that wrote it. */
const written = () => rows('select id, attempt, due_at::text, xmin::text from outbox order by id');
const notices = () => rows(`select license, payload::json as payload from events where type = 'quota.exceeded'`);
const sentTo = (...ids: string[]) => requests.filter((id) => ids.includes(id)).length;

describe('a license that has used up its requests of a minute', () => {
  test('waits for the next, over all its endpoints: nothing is written for what waits, and others go on', async () => {
    const [a1, a2, b] = [await endpoint(LICENSE), await endpoint(LICENSE), await endpoint(OTHER_LICENSE)];
    await bench.enqueue([...times(4, { endpointId: a1 }), ...times(4, { endpointId: a2 }), { endpointId: b }]);
    const before = await written();
    const minutes = new QuotaMinutes(3);
    minutes.nowMs = 59_000;
    const line = await sender(minutes.blocks());
    await line.until(async () => (await bench.statuses()).size === 4);
    await bench.enqueue(times(2, { endpointId: b }));
    await line.until(async () => (await bench.statuses()).size === 6);
    const read: string[] = [];
    line.before = (method, [heads]) => {
      if (method === 'fetch') read.push(...(heads as { endpointId: string }[]).map(({ endpointId }) => endpointId));
    };
    await looks(line, 3);
    expect([sentTo(a1, a2), sentTo(b)]).toEqual([3, 3]);
    expect(new Set(read)).toEqual(new Set([b]));
    const waiting = await written();
    expect(waiting).toHaveLength(5);
    expect(before).toEqual(expect.arrayContaining(waiting));
    expect(await bench.health(a1)).toEqual({ failures: 0, isPaused: false });
    expect(await metrics.registry.metrics()).toMatch(/tripline_delivery_quota_postponed_total [1-9]/);
    expect(await notices()).toEqual([{ license: LICENSE, payload: { limit: 'deliveriesPerMinute', most: 3 } }]);

    for (const nowMs of [119_800, 120_000]) {
      minutes.nowMs = nowMs;
      const sent = requests.length;
      await line.until(() => requests.length >= Math.min(sent + 3, 11));
    }
    await line.until(async () => (await bench.pending()).length === 0);
    expect([sentTo(a1, a2), sentTo(b)]).toEqual([8, 3]);
    expect((await bench.attempts()).map(({ number }) => number)).toEqual(Array.from({ length: 11 }, () => 1));
  });

  test('is not sent more by several senders together, and is told once', async () => {
    const ids = await Promise.all(Array.from({ length: 8 }, () => endpoint(LICENSE)));
    await bench.enqueue(ids.flatMap((endpointId) => times(5, { endpointId })));
    await beginMinute(bench.database);
    const lines = [await sender(blocksOver(bench.database, 23)), await sender(blocksOver(bench.database, 23))];
    await lines[0]!.until(async () => (await bench.statuses()).size === 23);
    await Promise.all(lines.map((line) => looks(line, 3)));
    expect(requests).toHaveLength(23);
    while ((await notices()).length === 0) await looks(lines[0]!, 1);
    expect(await notices()).toHaveLength(1);
  });

  test('is none while the database does not say what is left: nothing is sent, and nothing uses up an attempt', async () => {
    const endpointId = await endpoint(LICENSE);
    await bench.enqueue(times(3, { endpointId }));
    const minutes = new QuotaMinutes(10);
    let failures = 2;
    minutes.before = () => (failures-- > 0 ? Promise.reject(new Error('away')) : Promise.resolve());
    const line = await sender(minutes.blocks());
    await line.until(async () => (await bench.statuses()).size === 3);
    expect(requests).toHaveLength(3);
    expect((await bench.attempts()).map(({ number }) => number)).toEqual([1, 1, 1]);
  });
});

describe('a license that is gated', () => {
  const gate = (license: string, most: number) =>
    bench.database.pool.query(
      `insert into license_quotas (license, name, most) values ($1, 'webhooks', $2)
       on conflict (license, name) do update set most = excluded.most`,
      [license, most],
    );

  test('has everything held that is due, and recovers it once the gate is open; others are sent to', async () => {
    const [gated, other] = [await endpoint(LICENSE), await endpoint(OTHER_LICENSE)];
    await gate(LICENSE, 0);
    const ids = await bench.enqueue([
      { endpointId: gated },
      { endpointId: gated, eventType: 'webhook.disabled', payload: '{}' },
    ]);
    const [sent] = await bench.enqueue([{ endpointId: other }]);
    const line = await sender();
    await line.until(async () => (await bench.statuses()).size === 3);
    expect(requests).toEqual([other]);
    expect(await bench.statuses()).toEqual(new Map([...ids.map((id) => [id, 'held'] as const), [sent!, 'delivered']]));
    expect(await Promise.all(ids.map((id) => bench.lastError(id)))).toEqual(['gated', 'gated']);

    const range = { endpointId: gated, statuses: ['held'] as const, sinceMs: 0, untilMs: Date.now() + 60_000 };
    const recover = () => new Recovery(bench.database).recover(actorOf(), range);
    await recover();
    await line.until(async () => (await bench.statuses()).size === 3);
    expect(requests).toEqual([other]);
    await gate(LICENSE, 5);
    expect(await recover()).toBe(2);
    await line.until(async () => (await bench.pending()).length === 0);
    expect(requests).toEqual([other, gated, gated]);
    expect([...(await bench.statuses()).values()]).toEqual(['delivered', 'delivered', 'delivered']);
  });

  test('may be every one that has no limit of its own', async () => {
    const [gated, other] = [await endpoint(LICENSE), await endpoint(OTHER_LICENSE)];
    await gate(OTHER_LICENSE, 1);
    const [held, sent] = await bench.enqueue([{ endpointId: gated }, { endpointId: other }]);
    const line = await sender(
      undefined,
      new DeliveryQueue(bench.database, { lifeSeconds: LIFE_SECONDS, isGated: true }),
    );
    await line.until(async () => (await bench.statuses()).size === 2);
    expect(await bench.statuses()).toEqual(
      new Map([
        [held, 'held'],
        [sent, 'delivered'],
      ]),
    );
  });
});
