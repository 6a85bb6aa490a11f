import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { createAuthority, type Authority } from '../../dev/certificates.js';
import { createTestDatabase, type TestDatabase } from '../../test/support/database.js';
import { DeliveryReceiver } from '../../test/support/delivery-receiver.js';
import { FIRING, QueueBench, VEHICLE, type NewDelivery, type NewEndpoint } from '../../test/support/queue-bench.js';
import type { CheckOptions, Verdict } from '../access/permission-provider.js';
import { builtInCatalog } from '../core/catalog.js';
import type { AilingEndpoint, Settlement } from '../store/settlement.js';
import { QueueLine } from '../../test/support/queue-line.js';
import { parseRetrySchedule } from '../core/retry-schedule.js';
import { silentLog, type Log } from '../observability/log.js';
import { Metrics } from '../observability/metrics.js';
import { AddressGuard } from '../target/address-guard.js';
import { TargetClient } from '../target/http-client.js';
import { newSigningSecret, SecretBox } from '../target/secret-box.js';
import { Sender } from './sender.js';
import type { SenderOptions } from './sender-options.js';

const LICENSE = '0xF26421509Efe92861a587482100c6d728aBf1CD0';
const SECRET = newSigningSecret();
const MANY = 1_000;

let authority: Authority;
let server: TestDatabase;
const key = randomBytes(32);
const secrets = new SecretBox([key]);

beforeAll(async () => {
  [authority, server] = await Promise.all([createAuthority(), createTestDatabase()]);
});
afterAll(() => server.drop());

/** Wakes listeners in this process, like the real one. */
class Bell {
  private readonly listeners = new Set<(endpointIds: string[]) => void>();

  ring(endpointIds: readonly string[]): void {
    for (const listener of this.listeners) listener([...endpointIds]);
  }

  listen(listener: (endpointIds: string[]) => void): Promise<() => Promise<void>> {
    this.listeners.add(listener);
    return Promise.resolve(() => {
      this.listeners.delete(listener);
      return Promise.resolve();
    });
  }
}

/** Grants everything unless told; remembers what it was asked. */
class Permissions {
  readonly asked: { license: string; vehicles: readonly string[]; permissions: readonly string[]; fresh: boolean }[] =
    [];
  answer: (fresh: boolean, vehicle: string) => Verdict | Promise<Verdict> = () => 'granted';

  async check(
    license: string,
    vehicles: readonly string[],
    permissions: readonly string[],
    { fresh = false }: CheckOptions = {},
  ): Promise<Verdict[]> {
    this.asked.push({ license, vehicles, permissions, fresh });
    return Promise.all(vehicles.map(async (vehicle) => this.answer(fresh, vehicle)));
  }
}

/** Writes down what it is told, and has the endpoint's status change. */
class Health {
  readonly warnings: [endpointId: string, percent: number, limit: string][] = [];
  readonly given: [endpointId: string, url: string, status: string, reason: string][] = [];
  failures = 0;

  constructor(private readonly bench: QueueBench) {}

  warn({ endpointId }: AilingEndpoint, percent: number, limit: string): Promise<void> {
    this.warnings.push([endpointId, percent, limit]);
    return Promise.resolve();
  }

  async giveUp(endpointId: string, url: string, status: 'failed' | 'gone', reason: string): Promise<boolean> {
    if (this.failures-- > 0) throw new Error('connection refused');
    this.given.push([endpointId, url, status, reason]);
    await this.bench.setStatus(endpointId, status);
    await this.bench.endPause(endpointId);
    return true;
  }
}

describe('a sender', () => {
  let bench: QueueBench;
  let receiver: DeliveryReceiver;
  let client: TargetClient;
  let bell: Bell;
  let permissions: Permissions;
  let health: Health;
  let revoked: [license: string, vehicle: string][];
  /** What this test's senders took as now, ahead of the real time: as if they had been frozen for so long. */
  let aheadMs: number;
  const senders: Sender[] = [];

  beforeEach(async () => {
    bench = await QueueBench.open(server);
    receiver = await DeliveryReceiver.start(authority);
    bell = new Bell();
    permissions = new Permissions();
    health = new Health(bench);
    revoked = [];
    aheadMs = 0;
    client = new TargetClient({
      guard: new AddressGuard({ allow: ['127.0.0.1'] }),
      timeoutMs: 5_000,
      connectionsPerOrigin: 100,
      ca: authority.caPem,
      resolve: () => Promise.reject(Object.assign(new Error('not found'), { code: 'ENOTFOUND' })),
      log: silentLog,
    });
  });

  afterEach(async () => {
    await Promise.all(senders.splice(0).map((sender) => sender.stop(0)));
    await client.close();
    await receiver.stop();
    await bench.close();
  });

  /** An endpoint at a path of the receiver, or anywhere else. */
  async function endpoint(path: string, more: Partial<NewEndpoint> = {}): Promise<string> {
    const id = randomUUID();
    const url = more.url ?? receiver.url(path);
    await bench.addEndpoint({ id, license: LICENSE, secret: secrets.seal(SECRET, id), ...more, url });
    return id;
  }

  function times(count: number, delivery: NewDelivery): NewDelivery[] {
    return Array.from({ length: count }, () => delivery);
  }

  async function sender(options: Partial<SenderOptions> = {}, line = new QueueLine(bench.queue)) {
    const schedule = parseRetrySchedule('1h,2h');
    if (schedule.kind === 'invalid') throw new Error(schedule.reason);
    const made = new Sender({
      queue: line.queue,
      client,
      secrets,
      bell,
      schedule: schedule.schedule,
      permissions,
      catalog: builtInCatalog,
      health,
      revoke: (license, vehicle) => {
        revoked.push([license, vehicle]);
        return Promise.resolve();
      },
      permissionCacheMs: 60_000,
      failureLimits: { hours: 120 },
      concurrency: 50,
      concurrencyPerEndpoint: 5,
      timeoutMs: 5_000,
      log: silentLog,
      metrics: new Metrics(),
      ticks: () => performance.now() + aheadMs,
      random: () => 0,
      heartbeatMs: 20,
      scanMs: 20,
      ...options,
    });
    senders.push(made);
    await made.start();
    return { sender: made, line };
  }

  const settled = (line: QueueLine, count: number) => line.until(async () => (await bench.statuses()).size >= count);
  const isNothingPending = async () => (await bench.pending()).length === 0;

  test('a delivery arrives once, as Standard Webhooks describe it', async () => {
    const body = '{"id":"größe","data":{"service":"signals","metricName":"vss.speed"}}';
    const endpointId = await endpoint('/hook');
    const [id] = await bench.enqueue([{ endpointId, payload: body }]);
    const { line } = await sender();
    await settled(line, 1);
    expect(receiver.received).toHaveLength(1);
    const { headers, body: received } = receiver.received[0]!;
    expect(received).toBe(body);
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'user-agent': expect.stringMatching(/^Tripline\/\d/),
      'webhook-id': expect.stringMatching(/^[0-9a-f-]{36}$/),
      'x-webhook-event': 'trigger.fired',
      'x-webhook-delivery': id,
      'x-webhook-attempt': '1',
    });
    expect(new Webhook(SECRET).verify(received, headers as Record<string, string>)).toMatchObject({ id: 'größe' });
    expect(await bench.statuses()).toEqual(new Map([[id, 'delivered']]));
    expect(await bench.attempts()).toEqual([{ id, number: 1, outcome: 'delivered', statusCode: 200 }]);
    expect(await bench.pending()).toEqual([]);
  });

  describe('2xx is delivered, everything else is tried again', () => {
    test.each<[string, { behaviour?: number | 'close' | 'hang'; url?: string }, string, number | null]>([
      ['201', { behaviour: 201 }, 'delivered', 201],
      ['204', { behaviour: 204 }, 'delivered', 204],
      ['299', { behaviour: 299 }, 'delivered', 299],
      ['a redirect', { behaviour: 302 }, 'redirect', 302],
      ['400', { behaviour: 400 }, 'rejected', 400],
      ['401', { behaviour: 401 }, 'rejected', 401],
      ['429', { behaviour: 429 }, 'rejected', 429],
      ['500', { behaviour: 500 }, 'rejected', 500],
      ['503', { behaviour: 503 }, 'rejected', 503],
      ['a closed connection', { behaviour: 'close' }, 'connection', null],
      ['no answer', { behaviour: 'hang' }, 'timeout', null],
      ['nobody there', { url: 'https://127.0.0.1:9/' }, 'connection', null],
      ['a blocked address', { url: 'https://10.0.0.1/' }, 'blocked', null],
      ['an unknown name', { url: 'https://gone.example/' }, 'dns', null],
      ['http', { url: 'http://127.0.0.1/' }, 'blocked', null],
    ])('%s', async (_what, { behaviour = 200, url }, outcome, statusCode) => {
      receiver.behave('/hook', behaviour);
      const [id] = await bench.enqueue([{ endpointId: await endpoint('/hook', { url }) }]);
      const { line } = await sender({ timeoutMs: behaviour === 'hang' ? 100 : 5_000 });
      await line.until(async () => (await bench.attempts()).length > 0);
      expect(await bench.attempts()).toEqual([{ id, number: 1, outcome, statusCode }]);
      const isDelivered = outcome === 'delivered';
      expect(await bench.pending()).toEqual(isDelivered ? [] : [{ id, attempt: 1 }]);
      expect((await bench.statuses()).get(id!)).toBe(isDelivered ? 'delivered' : undefined);
    });
  });

  test('the schedule is followed to its end, and then the delivery has failed', async () => {
    receiver.behave('/hook', 500);
    const [id] = await bench.enqueue([{ endpointId: await endpoint('/hook') }]);
    const { line } = await sender();
    for (const attempt of [1, 2]) {
      await line.until(async () => (await bench.pending())[0]?.attempt === attempt);
      await bench.makeDue();
    }
    await settled(line, 1);
    expect(await bench.statuses()).toEqual(new Map([[id, 'failed']]));
    expect((await bench.attempts()).map(({ number, outcome }) => [number, outcome])).toEqual([
      [1, 'rejected'],
      [2, 'rejected'],
      [3, 'rejected'],
    ]);
    expect(receiver.received.map(({ headers }) => headers['x-webhook-attempt'])).toEqual(['1', '2', '3']);
    expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  });

  test('what fails at first and then arrives is delivered', async () => {
    receiver.behave('/hook', [503, 'close', 200]);
    const [id] = await bench.enqueue([{ endpointId: await endpoint('/hook') }]);
    const schedule = { delaysMs: [10, 10, 10] };
    const { line } = await sender({ schedule });
    await settled(line, 1);
    expect(await bench.statuses()).toEqual(new Map([[id, 'delivered']]));
    expect((await bench.attempts()).map(({ outcome }) => outcome)).toEqual(['rejected', 'connection', 'delivered']);
  });

  test.each<[string, Partial<NewDelivery>]>([
    ['whose webhook was deleted', { isLive: false }],
    ['whose event is forgotten', { isForgotten: true }],
  ])('a delivery %s is cancelled and not sent', async (_what, more) => {
    const endpointId = await endpoint('/hook');
    const ids = await bench.enqueue([{ endpointId, ...more }, { endpointId }]);
    const { line } = await sender();
    await settled(line, 2);
    expect(await bench.statuses()).toEqual(
      new Map([
        [ids[0], 'cancelled'],
        [ids[1], 'delivered'],
      ]),
    );
    expect(receiver.received).toHaveLength(1);
    expect(await bench.attempts()).toHaveLength(1);
  });

  test('an endpoint gets its deliveries in order, one at a time if so limited', async () => {
    const endpointId = await endpoint('/hook');
    const ids = await bench.enqueue(times(20, { endpointId }));
    const { line } = await sender({ concurrencyPerEndpoint: 1 });
    await settled(line, 20);
    expect(receiver.received.map(({ headers }) => headers['x-webhook-delivery'])).toEqual(ids);
    expect(receiver.mostAtOnce.get('/hook')).toBe(1);
  });

  test('thousands of deliveries to many endpoints arrive once each, are settled in batches, and the limits hold', async () => {
    const endpointIds = await Promise.all(Array.from({ length: 20 }, (_, n) => endpoint(`/${n}`)));
    const ids = await bench.enqueue(
      Array.from({ length: MANY }, (_, n) => ({ endpointId: endpointIds[n % 20]!, dueMsAgo: n % 7 })),
    );
    const { line } = await sender({ concurrency: 30, concurrencyPerEndpoint: 3 });
    await settled(line, MANY);
    expect(receiver.received).toHaveLength(MANY);
    expect(ids.every((id) => receiver.countOf(id) === 1)).toBe(true);
    expect(Math.max(...receiver.mostAtOnce.values())).toBeLessThanOrEqual(3);
    expect(line.batches.length).toBeLessThan(MANY / 2);
    expect(Math.max(...line.batches)).toBeLessThanOrEqual(500);
  });

  describe('nobody waits for a slow endpoint', () => {
    test('of the same license', async () => {
      receiver.behave('/slow', 'hang');
      const [slow, quick] = await Promise.all([endpoint('/slow'), endpoint('/quick')]);
      await bench.enqueue(times(100, { endpointId: slow, dueMsAgo: 1_000 }));
      const ids = await bench.enqueue(times(100, { endpointId: quick }));
      const { line } = await sender();
      await settled(line, 100);
      expect([...(await bench.statuses()).keys()].sort()).toEqual(ids);
      expect(receiver.at('/slow')).toHaveLength(2);
    });

    test('nor for a license whose endpoints all hang, were they more than there are requests', async () => {
      const paths = Array.from({ length: 40 }, (_, n) => `/slow/${n}`);
      for (const path of paths) receiver.behave(path, 'hang');
      const slow = await Promise.all(paths.map((path) => endpoint(path)));
      await bench.enqueue(slow.flatMap((endpointId) => times(5, { endpointId, dueMsAgo: 1_000 })));
      const { line } = await sender({ concurrency: 20 });
      await receiver.until(() => receiver.received.length === 10);
      const other = await endpoint('/quick', { license: 'another' });
      const ids = await bench.enqueue(times(50, { endpointId: other }));
      bell.ring([other]);
      await settled(line, 50);
      expect([...(await bench.statuses()).keys()].sort()).toEqual(ids);
      expect(receiver.received).toHaveLength(60);
    });
  });

  test('licenses take turns, however much one has', async () => {
    const [busy, modest] = await Promise.all([endpoint('/busy'), endpoint('/modest', { license: 'another' })]);
    await bench.enqueue(times(200, { endpointId: busy, dueMsAgo: 1_000 }));
    await bench.enqueue(times(5, { endpointId: modest }));
    const { line } = await sender({ concurrency: 1, concurrencyPerEndpoint: 1 });
    await line.until(async () => (await bench.statuses()).size >= 40);
    const paths = receiver.received.map(({ path }) => path);
    // Its fifth is the tenth in strict turns; reading on from the queue may cost it a few.
    expect(paths.lastIndexOf('/modest')).toBeLessThanOrEqual(20);
  });

  describe('what is due is found', () => {
    const NEVER_MS = 3_600_000;

    test('at once when a bell names its endpoint, held or not', async () => {
      receiver.behave('/hook', 'hang');
      const endpointId = await endpoint('/hook');
      const { line } = await sender({ scanMs: NEVER_MS });
      await line.until(async () => (await bench.tokens()) === 1);
      for (const count of [1, 2]) {
        await bench.enqueue([{ endpointId }]);
        bell.ring([endpointId, randomUUID()]);
        await receiver.until(() => receiver.received.length === count);
      }
      receiver.release('/hook');
      await settled(line, 2);
      expect(receiver.received).toHaveLength(2);
    });

    test('by the scan without any bell', async () => {
      const endpointId = await endpoint('/hook');
      const { line } = await sender();
      await line.until(async () => (await bench.tokens()) === 1);
      await bench.enqueue([{ endpointId }]);
      await settled(line, 1);
      expect(receiver.received).toHaveLength(1);
    });

    test('when it was committed behind what was read already, at the next bell', async () => {
      receiver.behave('/hook', 'hang');
      const endpointId = await endpoint('/hook');
      const { line } = await sender({ scanMs: NEVER_MS });
      await line.until(async () => (await bench.tokens()) === 1);
      for (const [index, dueMsAgo] of [0, 60_000].entries()) {
        await bench.enqueue([{ endpointId, dueMsAgo }]);
        bell.ring([endpointId]);
        await receiver.until(() => receiver.received.length === index + 1);
      }
      receiver.release('/hook');
      await settled(line, 2);
      expect(receiver.received).toHaveLength(2);
    });

    test('when it was committed behind what was read already, without any bell', async () => {
      receiver.behave('/hook', 'hang');
      const endpointId = await endpoint('/hook');
      await bench.enqueue([{ endpointId }]);
      const { line } = await sender();
      await receiver.until(() => receiver.received.length === 1);
      await bench.enqueue([{ endpointId, dueMsAgo: 60_000 }]);
      await receiver.until(() => receiver.received.length === 2);
      receiver.release('/hook');
      await settled(line, 2);
      expect(receiver.received).toHaveLength(2);
    });
  });

  test('what hangs is met again at every scan, and not sent again', async () => {
    receiver.behave('/hook', 'hang');
    const endpointId = await endpoint('/hook');
    await bench.enqueue(times(2, { endpointId }));
    let fetches = 0;
    const line = new QueueLine(bench.queue);
    line.before = (method) => void (method === 'fetch' && fetches++);
    await sender({}, line);
    await line.until(() => fetches >= 10);
    expect(receiver.received).toHaveLength(2);
    receiver.release('/hook');
    await settled(line, 2);
  });

  test('an idle endpoint is given back', async () => {
    const idle = await endpoint('/idle');
    await bench.enqueue([{ endpointId: idle }]);
    const { line } = await sender();
    await settled(line, 1);
    expect(await bench.held()).toEqual([idle]);
    let scans = 0;
    line.before = (method) => void (method === 'lease' && scans++);
    await line.until(() => scans >= 2);
    expect(await bench.held()).toEqual([idle]);
    aheadMs = 31_000;
    await line.until(async () => (await bench.held()).length === 0);
  });

  describe('a secret that cannot be opened', () => {
    test('is looked at again later, and uses up no attempt', async () => {
      const errors: object[] = [];
      const log: Log = { ...silentLog, error: (fields) => errors.push(fields), child: () => log };
      const otherKey = randomBytes(32);
      const sealed = (id: string) => new SecretBox([otherKey]).seal(SECRET, id);
      const id = randomUUID();
      await bench.addEndpoint({ id, license: LICENSE, url: receiver.url('/locked'), secret: sealed(id) });
      const healthy = await endpoint('/healthy');
      const locked = await bench.enqueue(times(3, { endpointId: id }));
      await bench.enqueue(times(10, { endpointId: healthy }));
      let box = secrets;
      const { line } = await sender({ log, secrets: { open: (...of) => box.open(...of) } });
      await settled(line, 10);
      expect(receiver.at('/locked')).toEqual([]);
      expect(await bench.pending()).toEqual(locked.map((one) => ({ id: one, attempt: 0 })));
      expect(errors).toEqual([expect.objectContaining({ endpoint: id })]);

      box = new SecretBox([key, otherKey]);
      aheadMs = 61_000;
      await settled(line, 13);
      expect(receiver.at('/locked').map(({ headers }) => headers['x-webhook-attempt'])).toEqual(['1', '1', '1']);
    });

    test('is left to a process that can, which then sends at once', async () => {
      const otherKey = randomBytes(32);
      const both = new SecretBox([key, otherKey]);
      const id = randomUUID();
      await bench.addEndpoint({ id, license: LICENSE, url: receiver.url('/hook'), secret: both.seal(SECRET, id) });
      const unable = new SecretBox([otherKey]);
      let tries = 0;
      const open: SecretBox['open'] = (...of) => {
        tries++;
        return unable.open(...of);
      };
      const ids = await bench.enqueue(times(2, { endpointId: id }));
      const first = await sender({ secrets: { open } });
      await first.line.until(() => tries > 0);
      const { line } = await sender({ secrets: both });
      await settled(line, 2);
      expect(await bench.statuses()).toEqual(new Map(ids.map((one) => [one, 'delivered'])));
      // What it read with the first: not once for each lease.
      expect(tries).toBeLessThanOrEqual(2);
    });
  });

  describe('when the token is over', () => {
    test('a new one is taken, and what was under way is settled under it and not sent again', async () => {
      receiver.behave('/hook', 'hang');
      const ids = await bench.enqueue(times(2, { endpointId: await endpoint('/hook') }));
      const { line } = await sender();
      await receiver.until(() => receiver.received.length === 2);
      await bench.endTokens();
      await line.until(async () => (await bench.tokens()) === 2);
      receiver.release('/hook', 500);
      await line.until(async () => (await bench.pending()).every(({ attempt }) => attempt === 1));
      expect(receiver.received).toHaveLength(2);
      expect(await bench.attempts()).toHaveLength(ids.length);
    });

    test('and an outcome comes while the endpoints are leased anew, it waits for that', async () => {
      receiver.behave('/hook', 'hang');
      const [id] = await bench.enqueue([{ endpointId: await endpoint('/hook') }]);
      const line = new QueueLine(bench.queue);
      let unblock = () => {};
      const unblocked = new Promise<void>((resolve) => (unblock = resolve));
      let open = 0;
      let mostOpen = 0;
      let starts = 0;
      let isRenewed = false;
      let heartbeats = 0;
      line.before = async (method) => {
        isRenewed = method === 'startSender' ? ++starts === 2 : isRenewed;
        if (isRenewed && method === 'heartbeat' && ++heartbeats === 10) unblock();
        if (method !== 'lease') return;
        mostOpen = Math.max(mostOpen, ++open);
        if (!isRenewed) return;
        // Time enough for the outcome to come and to ask for a lease of its own.
        receiver.release('/hook', 500);
        await unblocked;
      };
      line.after = (method) => void (method === 'lease' && open--);
      await sender({}, line);
      await receiver.until(() => receiver.received.length === 1);
      await bench.endTokens();
      await line.until(async () => (await bench.attempts()).length === 1);
      expect(mostOpen).toBe(1);
      expect(await bench.pending()).toEqual([{ id, attempt: 1 }]);
      expect(receiver.received).toHaveLength(1);
    });

    test('and the endpoint went to another, what was delivered is recorded all the same', async () => {
      receiver.behave('/hook', 'hang');
      const [id] = await bench.enqueue([{ endpointId: await endpoint('/hook') }]);
      const cut = new QueueLine(bench.queue);
      await sender({ heartbeatMs: 3_600_000 }, cut);
      await receiver.until(() => receiver.received.length === 1);
      await bench.endTokens();
      const { line } = await sender();
      await receiver.until(() => receiver.received.length === 2);
      receiver.release('/hook');
      await settled(line, 1);
      expect(await bench.statuses()).toEqual(new Map([[id, 'delivered']]));
      expect(await bench.attempts()).toHaveLength(1);
      expect(receiver.countOf(id!)).toBe(2);
    });
  });

  test('an endpoint that is gone while something is under way is not sent to again', async () => {
    receiver.behave('/gone', 'hang');
    const [gone, other] = await Promise.all([endpoint('/gone'), endpoint('/other')]);
    await bench.enqueue([{ endpointId: gone }]);
    const { line } = await sender();
    await receiver.until(() => receiver.received.length === 1);
    await bench.removeLease(gone);
    receiver.release('/gone', 500);
    for (let turn = 1; turn <= 5; turn++) {
      await bench.enqueue([{ endpointId: other }]);
      await settled(line, turn);
    }
    expect(receiver.at('/gone')).toHaveLength(1);
    expect(await bench.tokens()).toBe(1);
  });

  test('an endpoint that was given back while something was under way is leased for its outcome', async () => {
    receiver.behave('/hook', ['hang', 500]);
    receiver.behave('/gone', 500);
    const [first, hook, gone] = await Promise.all([endpoint('/first'), endpoint('/hook'), endpoint('/gone')]);
    await bench.enqueue([{ endpointId: first }]);
    let unblock = () => {};
    const unblocked = new Promise<void>((resolve) => (unblock = resolve));
    const line = new QueueLine(bench.queue);
    let settles = 0;
    let releases = 0;
    const uses: unknown[] = [];
    line.before = (method, values) => {
      if (method === 'release') uses.push(values[2]);
      return method === 'settle' && ++settles === 1 ? unblocked : undefined;
    };
    line.after = (method) => void (method === 'release' && releases++);
    let attempts = 0;
    const count = (_fields: object, message: string) => void (message === 'attempt to deliver' && attempts++);
    const log: Log = { ...silentLog, info: count, debug: count };
    await sender({ log, scanMs: 3_600_000 }, line);
    await line.until(() => settles === 1);
    // While the first is being written, the outcomes of these come together, and then one of the endpoints is gone.
    const [hanging, answered] = await bench.enqueue([{ endpointId: hook }, { endpointId: hook }, { endpointId: gone }]);
    bell.ring([hook, gone]);
    await line.until(() => attempts === 3);
    await bench.removeLease(gone);
    unblock();
    await line.until(() => releases === 1);
    // Who holds them next is told that something may be under way.
    expect(uses).toEqual([{ isBusy: true }]);
    receiver.release('/hook', 500);
    await line.until(async () => (await bench.attempts()).length === 3);
    expect((await bench.pending()).filter(({ attempt }) => attempt === 1).map(({ id }) => id)).toEqual([
      hanging,
      answered,
    ]);
    expect(receiver.at('/hook')).toHaveLength(2);
  });

  test('two senders share the work, and every delivery is sent by one of them', async () => {
    const endpointIds = await Promise.all(Array.from({ length: 30 }, (_, n) => endpoint(`/${n}`)));
    const ids = await bench.enqueue(Array.from({ length: 300 }, (_, n) => ({ endpointId: endpointIds[n % 30]! })));
    const [{ line }] = await Promise.all([sender(), sender()]);
    await settled(line, 300);
    expect(ids.filter((id) => receiver.countOf(id) !== 1)).toEqual([]);
  });

  test('a sender that is killed in the middle loses nothing: the next one sends the rest', async () => {
    const endpointIds = await Promise.all(Array.from({ length: 10 }, (_, n) => endpoint(`/${n}`)));
    const ids = await bench.enqueue(Array.from({ length: 200 }, (_, n) => ({ endpointId: endpointIds[n % 10]! })));
    const cut = new QueueLine(bench.queue);
    await sender({ concurrency: 10 }, cut);
    await cut.until(async () => (await bench.statuses()).size > 20);
    cut.before = () => Promise.reject(new Error('killed'));
    await bench.endTokens();
    const { line } = await sender();
    await settled(line, 200);
    expect(await bench.pending()).toEqual([]);
    expect(ids.filter((id) => receiver.countOf(id) < 1)).toEqual([]);
    // Sent twice is at most what the first had under way when it died.
    expect(receiver.received.length).toBeLessThanOrEqual(300);
    expect([...(await bench.statuses()).values()].every((status) => status === 'delivered')).toBe(true);
  });

  describe('while the database is away', () => {
    test('outcomes are kept, and written when it is back', async () => {
      const ids = await bench.enqueue(times(20, { endpointId: await endpoint('/hook') }));
      const line = new QueueLine(bench.queue);
      let failures = 0;
      line.before = (method) => {
        if (method === 'settle' && failures++ < 3) throw new Error('connection refused');
      };
      await sender({}, line);
      await settled(line, 20);
      expect(ids.filter((id) => receiver.countOf(id) !== 1)).toEqual([]);
    });

    test('an outcome that is written although its answer got lost changes nothing when it is written again', async () => {
      receiver.behave('/hook', [500, 200]);
      const [id] = await bench.enqueue([{ endpointId: await endpoint('/hook') }]);
      const line = new QueueLine(bench.queue);
      let failures = 0;
      line.after = (method) => {
        if (method === 'settle' && failures++ < 2) throw new Error('connection reset');
      };
      await sender({ schedule: { delaysMs: [10] } }, line);
      await settled(line, 1);
      expect(await bench.statuses()).toEqual(new Map([[id, 'delivered']]));
      expect((await bench.attempts()).map(({ outcome }) => outcome)).toEqual(['rejected', 'delivered']);
    });

    test.each(['startSender', 'lease', 'fetch', 'heartbeat', 'settle', 'release', 'depth'] as const)(
      'a failing or unanswered %s holds nothing up for good',
      async (failing) => {
        const endpointIds = await Promise.all(Array.from({ length: 5 }, (_, n) => endpoint(`/${n}`)));
        const line = new QueueLine(bench.queue);
        let failures = 0;
        line.before = (method) => {
          if (method === failing && ++failures === 1) throw new Error('refused');
        };
        line.after = (method) => {
          if (method === failing && ++failures === 3) throw new Error('no answer');
        };
        await sender({}, line);
        let expected = 0;
        while (expected < 50 || (failures < 4 && failing !== 'depth' && failing !== 'startSender')) {
          await bench.enqueue(endpointIds.map((endpointId) => ({ endpointId })));
          expected += 5;
          await settled(line, expected);
          if (failing !== 'release') continue;
          // Only what is idle is given back. From then on the clock goes with each look.
          await line.until(async () => {
            aheadMs += 3_000;
            return (await bench.held()).length === 0;
          });
        }
        expect(receiver.received.length).toBeGreaterThanOrEqual(expected);
      },
    );

    test('nothing is sent once the lease may be over, and everything goes on by itself at once when it is back', async () => {
      receiver.behave('/hook', 'hang');
      const endpointId = await endpoint('/hook');
      const ids = await bench.enqueue(times(20, { endpointId }));
      const line = new QueueLine(bench.queue);
      const { sender: cut } = await sender({ schedule: { delaysMs: [3_600_000] } }, line);
      await receiver.until(() => receiver.received.length === 2);
      let isAway = true;
      let refused = 0;
      const isRefusedOften = new Promise<void>((resolve) => {
        line.before = () => {
          if (!isAway) return;
          if (++refused === 20) resolve();
          throw new Error('connection refused');
        };
      });
      aheadMs = 13_000;
      receiver.release('/hook', 500);
      await isRefusedOften;
      expect(cut.isHealthy()).toBe(false);
      expect(receiver.received).toHaveLength(2);
      // Longer than the wait of what failed: that is due when it can be written at last.
      aheadMs = 2 * 3_600_000;
      await bench.endTokens();
      receiver.behave('/hook', 200);
      isAway = false;
      await settled(line, 20);
      expect(ids.map((id) => receiver.countOf(id)).sort()).toEqual([...Array.from({ length: 18 }, () => 1), 2, 2]);
    });

    test('and answers get lost, failures are counted once', async () => {
      receiver.behave('/hook', 500);
      const endpointId = await endpoint('/hook');
      await bench.enqueue(times(2, { endpointId }));
      const line = new QueueLine(bench.queue);
      let lost = 0;
      line.after = (method) => {
        if (method === 'settle' && lost++ < 3) throw new Error('connection reset');
      };
      await sender({}, line);
      await line.until(() => lost > 4);
      expect((await bench.health(endpointId)).failures).toBe(2);
      expect(await bench.attempts()).toHaveLength(2);
    });

    test('outcomes that wait for it are so many at most: then sending stops', async () => {
      const endpointIds = await Promise.all(Array.from({ length: 20 }, (_, n) => endpoint(`/${n}`)));
      await Promise.all(endpointIds.map((endpointId) => bench.flood(endpointId, 150)));
      let sent = 0;
      const post: SenderOptions['client']['post'] = () => {
        sent++;
        const answer = { kind: 'answered', statusCode: 200, headers: {}, durationMs: 1 } as const;
        return Promise.resolve({ ...answer, body: Buffer.alloc(0), truncated: false });
      };
      const line = new QueueLine(bench.queue);
      let isAway = true;
      let scans = 0;
      line.before = (method) => {
        if (isAway && method === 'settle') throw new Error('connection refused');
        if (method === 'lease') scans++;
      };
      await sender({ client: { post }, concurrency: 50, concurrencyPerEndpoint: 20 }, line);
      await line.until(() => sent >= 2_000);
      const before = scans;
      await line.until(() => scans > before + 3);
      expect(sent).toBeLessThanOrEqual(2_000 + 50);
      isAway = false;
      // A new one says that the database is back.
      await bench.endTokens();
      await settled(line, 3_000);
      expect(sent).toBe(3_000);
    });

    test('one outcome that can never be written does not hold up the others', async () => {
      const endpointId = await endpoint('/hook');
      const ids = await bench.enqueue(times(10, { endpointId }));
      const line = new QueueLine(bench.queue);
      line.before = (method, values) => {
        if (method === 'settle' && batchOf(values).some(({ delivery }) => delivery.id === ids[4])) {
          throw new Error('invalid input');
        }
      };
      await sender({}, line);
      await settled(line, 9);
      expect(await bench.pending()).toEqual([{ id: ids[4], attempt: 0 }]);
      expect(receiver.received).toHaveLength(10);
    });
  });

  describe('whatever the clocks show', () => {
    const YEAR_MS = 365 * 24 * 3_600_000;

    test.each([
      ['a year ahead', YEAR_MS],
      ['a year behind', -YEAR_MS],
    ])('a sender whose clock is %s sends, waits, pauses and gives up as others do', async (_what, offMs) => {
      receiver.behave('/hook', [500, 200]);
      receiver.behave('/dead', 500);
      const [endpointId, dead] = await Promise.all([endpoint('/hook'), endpoint('/dead')]);
      await bench.setFailures(dead, 4, 1);
      const [id] = await bench.enqueue([{ endpointId }]);
      const [probe] = await bench.enqueue([{ endpointId: dead }]);
      const { line } = await sender({ clock: () => Date.now() + offMs });
      await line.until(async () => (await bench.attempts()).length === 2);
      expect(await bench.waits()).toEqual(new Map([id, probe].map((one) => [one, 60])));
      expect(await bench.health(dead)).toEqual({ failures: 5, isPaused: true });
      expect(await bench.pauseSeconds(dead)).toBeCloseTo(5, 0);
      await bench.makeDue();
      await settled(line, 1);
      expect(await bench.statuses()).toEqual(new Map([[id, 'delivered']]));
      expect(await bench.attemptAges()).toEqual([0, 0, 0]);
      expect(health.warnings).toEqual([]);
      expect(health.given).toEqual([]);
      // The one thing that receivers are told.
      const toldMs = Number(receiver.received[0]!.headers['webhook-timestamp']) * 1_000;
      expect(Math.abs(toldMs - Date.now() - offMs)).toBeLessThan(60_000);
    });

    test('a clock that jumps while a delivery waits for its turn or its answer changes nothing', async () => {
      receiver.behave('/hook', 'hang');
      const [id] = await bench.enqueue([{ endpointId: await endpoint('/hook') }]);
      let offMs = 0;
      const { line } = await sender({ clock: () => Date.now() + offMs });
      await receiver.until(() => receiver.received.length === 1);
      offMs = YEAR_MS;
      receiver.release('/hook', 500);
      await line.until(async () => (await bench.attempts()).length === 1);
      expect(await bench.waits()).toEqual(new Map([[id, 60]]));
      offMs = -YEAR_MS;
      receiver.behave('/hook', 200);
      await bench.makeDue();
      await settled(line, 1);
      expect(receiver.received).toHaveLength(2);
    });

    test.each([
      ["by the receiver's clock, if it tells", { date: 'Thu, 01 Jan 2015 00:00:00 GMT' }, 7_200_000],
      ['by ours otherwise', {}, undefined],
    ])('a time until which a receiver asks to be left alone is taken %s', async (_what, headers, pauseMs) => {
      const until = { 'retry-after': 'Thu, 01 Jan 2015 02:00:00 GMT' };
      const post: SenderOptions['client']['post'] = () =>
        Promise.resolve({
          ...{ kind: 'answered' as const, statusCode: 503, headers: { ...until, ...headers } },
          ...{ body: Buffer.alloc(0), truncated: false, durationMs: 1 },
        });
      await bench.enqueue([{ endpointId: await endpoint('/hook') }]);
      const line = new QueueLine(bench.queue);
      const settlements: Settlement[] = [];
      line.before = (method, values) => void (method === 'settle' && settlements.push(...batchOf(values)));
      await sender({ client: { post } }, line);
      await line.until(() => settlements.length > 0);
      expect(settlements[0]!.pauseMs).toBe(pauseMs);
    });
  });

  describe('a sender that was frozen for longer than its lease', () => {
    test('sends nothing more before it has asked whether it still holds anything', async () => {
      receiver.behave('/hook', 'hang');
      const endpointId = await endpoint('/hook');
      const ids = await bench.enqueue(times(6, { endpointId }));
      const line = new QueueLine(bench.queue);
      let thaw = () => {};
      const thawed = new Promise<void>((resolve) => (thaw = resolve));
      let isFrozen = false;
      let beaten = () => {};
      const isBeaten = new Promise<void>((resolve) => (beaten = resolve));
      line.before = (method) => {
        if (!isFrozen) return undefined;
        if (method === 'heartbeat') beaten();
        return thawed;
      };
      let answered = () => {};
      const isAnswered = new Promise<void>((resolve) => (answered = resolve));
      let attempts = 0;
      const log: Log = {
        ...silentLog,
        debug: (_fields, message) => void (message === 'attempt to deliver' && ++attempts === 2 && answered()),
      };
      const { sender: frozen } = await sender({ concurrencyPerEndpoint: 2, log }, line);
      await receiver.until(() => receiver.received.length === 2);
      // From here on nothing that it asks is answered, as when it stands still.
      isFrozen = true;
      await isBeaten;
      aheadMs = 15_000;
      await bench.endTokens();
      expect(frozen.isHealthy()).toBe(false);
      // What was under way is answered, which makes room: four more wait in its memory.
      receiver.release('/hook');
      await isAnswered;
      bell.ring([endpointId]);
      await new Promise((resolve) => setImmediate(resolve));
      expect(receiver.received).toHaveLength(2);
      isFrozen = false;
      thaw();
      await settled(line, 6);
      expect(ids.filter((id) => receiver.countOf(id) !== 1)).toEqual([]);
      expect(frozen.isHealthy()).toBe(true);
    });
  });

  describe('stopping', () => {
    test('waits for what is under way, writes it, starts nothing new, and gives everything back', async () => {
      receiver.behave('/hook', 'hang');
      const endpointId = await endpoint('/hook');
      const ids = await bench.enqueue(times(20, { endpointId }));
      const { sender: stopping } = await sender();
      await receiver.until(() => receiver.received.length === 2);
      const stopped = stopping.stop(60_000);
      bell.ring([endpointId]);
      receiver.release('/hook');
      await stopped;
      expect([...(await bench.statuses()).keys()].sort()).toEqual(ids.slice(0, 2));
      expect(await bench.pending()).toHaveLength(18);
      expect(receiver.received).toHaveLength(2);
      expect(await bench.held()).toEqual([]);
      expect(await bench.tokens()).toBe(0);
    });

    test('does not wait for longer than it is given; what hangs stays queued', async () => {
      receiver.behave('/hook', 'hang');
      await bench.enqueue(times(2, { endpointId: await endpoint('/hook') }));
      const { sender: stopping } = await sender();
      await receiver.until(() => receiver.received.length === 2);
      await stopping.stop(50);
      expect(await bench.pending()).toHaveLength(2);
      expect(await bench.held()).toEqual([]);
    });

    test('ends also without a database', async () => {
      await bench.enqueue(times(2, { endpointId: await endpoint('/hook') }));
      const line = new QueueLine(bench.queue);
      const { sender: stopping } = await sender({}, line);
      await settled(line, 2);
      line.before = () => Promise.reject(new Error('connection refused'));
      await stopping.stop(50);
      expect(stopping.isHealthy()).toBe(false);
    });

    test('before there was ever a database', async () => {
      const line = new QueueLine(bench.queue);
      line.before = () => Promise.reject(new Error('connection refused'));
      const { sender: stopping } = await sender({}, line);
      expect(stopping.isHealthy()).toBe(false);
      await stopping.stop(50);
    });
  });

  test('each attempt is one line of the log, at info where it failed, and counted', async () => {
    const lines: object[] = [];
    const keep = (level: string) => (fields: object, message: string) =>
      void (message === 'attempt to deliver' && lines.push({ level, ...fields }));
    const log: Log = { ...silentLog, info: keep('info'), debug: keep('debug') };
    const metrics = new Metrics();
    receiver.behave('/hook', [500, 200]);
    const endpointId = await endpoint('/hook');
    const [id] = await bench.enqueue([{ endpointId }]);
    await bench.enqueue([{ endpointId: await endpoint('/hook'), isLive: false }]);
    const { line } = await sender({ log, metrics, schedule: { delaysMs: [10] } });
    await settled(line, 2);
    const always = { delivery: id, endpoint: endpointId, type: 'trigger.fired', durationMs: expect.any(Number) };
    expect(lines).toEqual([
      expect.objectContaining({
        ...{ ...always, level: 'info', attempt: 1, outcome: 'rejected', statusCode: 500, settled: 'retry' },
        ...{
          license: LICENSE,
          profile: 'standard',
          breaker: 'closed',
          retryAfterMs: null,
          retryInMs: 10,
          pauseMs: null,
        },
      }),
      expect.objectContaining({
        ...{ ...always, level: 'debug', attempt: 2, outcome: 'delivered', statusCode: 200, settled: 'delivered' },
      }),
    ]);
    const { values } = await metrics.deliveries.get();
    expect(Object.fromEntries(values.map(({ labels, value }) => [labels.outcome, value]))).toEqual({
      retried: 1,
      delivered: 1,
      cancelled: 1,
    });
    expect((await metrics.attempts.get()).values.map(({ labels, value }) => [labels.outcome, value])).toEqual([
      ['rejected', 1],
      ['delivered', 1],
    ]);
    expect(JSON.stringify(lines)).not.toContain('/hook');
    expect(await isNothingPending()).toBe(true);
  });

  test.each<[string, Partial<NewDelivery>, (endpointId: string) => Promise<void>, string]>([
    ['of an endpoint that was deleted is cancelled', {}, (id) => bench.deleteEndpoint(id), 'cancelled'],
    ['to a paused endpoint is held', {}, (id) => bench.setStatus(id, 'paused'), 'held'],
    ['to a failed endpoint is held', {}, (id) => bench.setStatus(id, 'failed'), 'held'],
    ['to one that is gone is held', {}, (id) => bench.setStatus(id, 'gone'), 'held'],
    [
      'of another event goes out, though its webhook was deleted',
      { eventType: 'webhook.deleted', isLive: false, payload: '{"actor":"x"}' },
      () => Promise.resolve(),
      'delivered',
    ],
  ])('a delivery %s', async (_what, more, change, expected) => {
    const endpointId = await endpoint('/hook');
    await change(endpointId);
    const [id] = await bench.enqueue([{ endpointId, ...more }]);
    const { line } = await sender();
    await settled(line, 1);
    expect(await bench.statuses()).toEqual(new Map([[id, expected]]));
    expect(receiver.received).toHaveLength(expected === 'delivered' ? 1 : 0);
    expect(await bench.attempts()).toHaveLength(expected === 'delivered' ? 1 : 0);
    expect((await bench.health(endpointId)).failures).toBe(0);
  });

  test('a log event goes out as a CloudEvent, and nobody is asked for a permission', async () => {
    const endpointId = await endpoint('/hook');
    await bench.enqueue([{ endpointId, eventType: 'webhook.disabled', payload: '{"actor":"x"}' }]);
    const { line } = await sender();
    await settled(line, 1);
    const [{ body, headers }] = receiver.received as [(typeof receiver.received)[number]];
    expect(headers['x-webhook-event']).toBe('webhook.disabled');
    expect(JSON.parse(body)).toMatchObject({ type: 'tripline.webhook.disabled', data: { actor: 'x' } });
    expect(permissions.asked).toEqual([]);
  });

  test('of each attempt the request is kept without its signature, and what was answered', async () => {
    receiver.behave('/hook', { status: 500, headers: { 'x-trace': 'abc' }, body: 'no\0pe' });
    await bench.enqueue([{ endpointId: await endpoint('/hook') }]);
    const { line } = await sender();
    await line.until(async () => (await bench.attempts()).length === 1);
    const [kept] = await bench.kept();
    expect(JSON.parse(kept!.requestHeaders!)).toMatchObject({
      'x-webhook-attempt': '1',
      'user-agent': expect.any(String),
    });
    const signature = receiver.received[0]!.headers['webhook-signature'] as string;
    expect(kept!.requestHeaders).not.toContain(signature);
    expect(JSON.parse(kept!.responseHeaders!)).toMatchObject({ 'x-trace': 'abc' });
    expect(kept).toMatchObject({ responseBody: expect.stringMatching(/^no.pe$/), isTruncated: false });
  });

  test('of a long answer 16 KiB are kept', async () => {
    receiver.behave('/hook', { status: 200, body: 'ü'.repeat(20_000) });
    await bench.enqueue([{ endpointId: await endpoint('/hook') }]);
    const { line } = await sender();
    await settled(line, 1);
    const [kept] = await bench.kept();
    expect(kept).toMatchObject({ responseBody: 'ü'.repeat(8_192), isTruncated: true });
  });

  describe("an endpoint's own", () => {
    test('schedule counts, from when the delivery was queued anew', async () => {
      receiver.behave('/hook', 500);
      const endpointId = await endpoint('/hook', { retry: '10ms' });
      const [id] = await bench.enqueue([{ endpointId, attempt: 6, round: 6 }]);
      const { line } = await sender();
      await settled(line, 1);
      expect(await bench.statuses()).toEqual(new Map([[id, 'failed']]));
      expect((await bench.attempts()).map(({ number }) => number)).toEqual([7, 8]);
    });

    test('schedule that cannot be read is the general one', async () => {
      receiver.behave('/hook', 500);
      await bench.enqueue([{ endpointId: await endpoint('/hook', { retry: 'often' }) }]);
      const { line } = await sender({ schedule: { delaysMs: [10] } });
      await settled(line, 1);
      expect(receiver.received).toHaveLength(2);
    });

    test('time-out counts', async () => {
      receiver.behave('/hook', 'hang');
      const asked: (number | undefined)[] = [];
      await bench.enqueue([
        { endpointId: await endpoint('/hook', { timeoutSeconds: 7 }) },
        { endpointId: await endpoint('/hook') },
      ]);
      const post: SenderOptions['client']['post'] = (request) => {
        asked.push(request.timeoutMs);
        return client.post({ ...request, timeoutMs: 10 });
      };
      const { line } = await sender({ client: { post } });
      await line.until(async () => (await bench.attempts()).length === 2);
      expect(asked.sort()).toEqual([5_000, 7_000]);
    });
  });

  describe('410', () => {
    test('holds the delivery and what waits, and the endpoint is given up', async () => {
      receiver.behave('/hook', 410);
      const endpointId = await endpoint('/hook');
      const ids = await bench.enqueue(times(5, { endpointId }));
      const { line } = await sender();
      await settled(line, 5);
      expect(await bench.statuses()).toEqual(new Map(ids.map((id) => [id, 'held'])));
      expect(health.given[0]).toEqual([endpointId, receiver.url('/hook'), 'gone', 'Answered 410.']);
      expect(receiver.received.length).toBeLessThanOrEqual(2);
      expect((await bench.attempts())[0]).toMatchObject({ outcome: 'rejected', statusCode: 410 });
    });

    test('that could not be written down is asked for again', async () => {
      receiver.behave('/hook', 410);
      const endpointId = await endpoint('/hook');
      health.failures = 2;
      await bench.enqueue(times(6, { endpointId }));
      const { line } = await sender({ concurrencyPerEndpoint: 1 });
      await settled(line, 6);
      expect(receiver.received).toHaveLength(3);
      expect(health.given).toHaveLength(1);
    });
  });

  describe('Retry-After', () => {
    test('leaves the whole endpoint alone, on record, and puts off the delivery', async () => {
      const now = performance.now();
      receiver.behave('/hook', [{ status: 503, headers: { 'retry-after': '7200' } }, 200]);
      const endpointId = await endpoint('/hook');
      await bench.enqueue(times(2, { endpointId }));
      const line = new QueueLine(bench.queue);
      const settlements: Settlement[] = [];
      line.before = (method, values) => void (method === 'settle' && settlements.push(...batchOf(values)));
      await sender({ concurrencyPerEndpoint: 1, ticks: () => now }, line);
      await line.until(async () => (await bench.held()).length === 0 && settlements.length > 0);
      expect(settlements[0]).toMatchObject({ pauseMs: 7_200_000, retryInMs: 7_200_000 });
      expect(receiver.received).toHaveLength(1);
      expect(await bench.health(endpointId)).toEqual({ failures: 1, isPaused: true });
      // What ends the pause on record ends it here.
      await bench.endPause(endpointId);
      await settled(line, 1);
      expect(receiver.received).toHaveLength(2);
    });

    test('outlasts what was under way and arrives, until it is reset on record', async () => {
      receiver.behave('/hook', ['hang', { status: 429, headers: { 'retry-after': '7200' } }, 200]);
      const endpointId = await endpoint('/hook');
      await bench.enqueue(times(3, { endpointId }));
      const { line } = await sender({ concurrencyPerEndpoint: 2 });
      await line.until(async () => (await bench.health(endpointId)).isPaused);
      receiver.release('/hook');
      await settled(line, 1);
      await line.until(async () => (await bench.held()).length === 0);
      expect(await bench.health(endpointId)).toEqual({ failures: 0, isPaused: true });
      expect(receiver.received).toHaveLength(2);
      await bench.endPause(endpointId);
      await settled(line, 2);
    });
  });

  test('what has waited for its turn is read again before it goes out', async () => {
    receiver.behave('/slow', 'hang');
    const slow = await endpoint('/slow');
    const [gone, paused, moved] = await Promise.all([endpoint('/gone'), endpoint('/paused'), endpoint('/before')]);
    const [slowId] = await bench.enqueue([{ endpointId: slow, dueMsAgo: 1_000 }]);
    let ticks = 0;
    const line = new QueueLine(bench.queue);
    let asked: string[] = [];
    const read = new Set<string>();
    line.before = (method, [heads]) => {
      if (method === 'fetch') asked = (heads as { endpointId: string }[]).map(({ endpointId }) => endpointId);
    };
    line.after = (method) => {
      if (method === 'fetch') for (const endpointId of asked) read.add(endpointId);
    };
    await sender({ concurrency: 1, concurrencyPerEndpoint: 1, ticks: () => ticks, timeoutMs: 60_000 }, line);
    await receiver.until(() => receiver.received.length === 1);
    const ids = await bench.enqueue([gone, paused, moved].map((endpointId) => ({ endpointId })));
    bell.ring([gone, paused, moved]);
    await line.until(() => [gone, paused, moved].every((endpointId) => read.has(endpointId)));
    await bench.deleteEndpoint(gone);
    await bench.setStatus(paused, 'paused');
    await bench.setUrl(moved, receiver.url('/after'));
    ticks = 3_001;
    receiver.release('/slow');
    await settled(line, 4);
    expect(await bench.statuses()).toEqual(
      new Map([
        [slowId, 'delivered'],
        [ids[0], 'cancelled'],
        [ids[1], 'held'],
        [ids[2], 'delivered'],
      ]),
    );
    expect(receiver.received.map(({ path }) => path)).toEqual(['/slow', '/after']);
  });

  test('of which no request can be made, a delivery fails and says so', async () => {
    const endpointId = await endpoint('/hook');
    const [id] = await bench.enqueue([{ endpointId, eventType: 'webhook.disabled', payload: '{' }, { endpointId }]);
    const { line } = await sender();
    await settled(line, 2);
    expect((await bench.statuses()).get(id!)).toBe('failed');
    expect(await bench.lastError(id!)).toBe('No request can be made of it.');
    expect((await bench.attempts()).map(({ outcome }) => outcome)).toEqual(['delivered']);
    expect((await bench.health(endpointId)).failures).toBe(0);
  });

  describe('a dead receiver', () => {
    test('costs one request for each probe, then everything goes again', async () => {
      receiver.behave('/hook', 500);
      const endpointId = await endpoint('/hook');
      await bench.setFailures(endpointId, 4);
      await bench.enqueue(times(20, { endpointId }));
      const now = performance.now();
      const { line } = await sender({ concurrencyPerEndpoint: 1, ticks: () => now });
      for (const failures of [5, 6, 7]) {
        await line.until(
          async () => (await bench.health(endpointId)).failures === failures && (await bench.held()).length === 0,
        );
        expect(receiver.received).toHaveLength(failures - 4);
        expect((await bench.health(endpointId)).isPaused).toBe(true);
        if (failures === 7) receiver.behave('/hook', 200);
        await bench.endPause(endpointId);
      }
      await settled(line, 17);
      expect((await bench.health(endpointId)).failures).toBe(0);
      expect(receiver.received).toHaveLength(20);
    });

    test.each<[string, number, string[]]>([
      ['lets what has waited for too long expire, once a minute', 24, ['failed']],
      ['that was not one for so long lets nothing expire: it may be us who were away', 1, []],
    ])('%s', async (_what, failingHours, expected) => {
      receiver.behave('/hook', 500);
      const endpointId = await endpoint('/hook');
      await bench.setFailures(endpointId, 4, failingHours);
      // Two retries of 1 h and 2 h, a tenth of chance, three time-outs of 5 s and a minute.
      const lifeMs = 3 * 3_600_000 * 1.1 + 15_000 + 60_000;
      const ids = await bench.enqueue([
        { endpointId },
        { endpointId, queuedMsAgo: lifeMs + 60_000 },
        { endpointId, queuedMsAgo: lifeMs - 60_000 },
      ]);
      const line = new QueueLine(bench.queue);
      let expiries = 0;
      line.before = (method) => void (method === 'expire' && expiries++);
      await sender({ concurrencyPerEndpoint: 1 }, line);
      await settled(line, expected.length);
      await line.until(async () => (await bench.health(endpointId)).failures === 5);
      await line.until(async () => (await bench.held()).length === 0);
      await bench.endPause(endpointId);
      await line.until(async () => (await bench.health(endpointId)).failures === 6);
      await line.until(async () => (await bench.held()).length === 0);
      expect(await bench.statuses()).toEqual(new Map(expected.map((status) => [ids[1], status])));
      expect(expiries).toBe(expected.length);
    });
  });

  describe('health', () => {
    test('its owner is warned before that', async () => {
      receiver.behave('/hook', 500);
      const endpointId = await endpoint('/hook');
      await bench.enqueue([{ endpointId }]);
      const { line } = await sender({ failureLimits: { hours: 120, count: 2 } });
      await line.until(() => health.warnings.length === 1);
      expect(health.warnings).toEqual([[endpointId, 50, '2 firings']]);
      expect(health.given).toEqual([]);
    });

    test('the endpoint is given up when so many firings in a row failed, and what waits is held', async () => {
      receiver.behave('/hook', 500);
      const endpointId = await endpoint('/hook');
      await bench.enqueue(times(10, { endpointId }));
      const { line } = await sender({ failureLimits: { hours: 120, count: 4 }, concurrencyPerEndpoint: 1 });
      await settled(line, 5);
      expect(health.given[0]).toEqual([
        endpointId,
        receiver.url('/hook'),
        'failed',
        expect.stringMatching(/^[45] firings in a row failed\.$/),
      ]);
      expect(receiver.received.length).toBeLessThanOrEqual(5);
    });
  });

  describe('a permission is asked for before a firing goes out', () => {
    test('once for many, and remembered', async () => {
      const endpointId = await endpoint('/hook');
      await bench.enqueue(times(20, { endpointId }));
      const { line } = await sender();
      await settled(line, 20);
      const { permissions: needed } = builtInCatalog.find('signal', 'speed')!;
      expect(permissions.asked).toEqual([{ license: LICENSE, vehicles: [VEHICLE], permissions: needed, fresh: false }]);
    });

    test('a no that is repeated cancels, and what depends on it is ended', async () => {
      permissions.answer = () => 'denied';
      const endpointId = await endpoint('/hook');
      const ids = await bench.enqueue(times(2, { endpointId }));
      const { line } = await sender();
      await settled(line, 2);
      expect(await bench.statuses()).toEqual(new Map(ids.map((id) => [id, 'cancelled'])));
      expect(permissions.asked.map(({ fresh }) => fresh).slice(0, 2)).toEqual([false, true]);
      expect(revoked[0]).toEqual([LICENSE, VEHICLE]);
      expect(receiver.received).toEqual([]);
    });

    test('a no that is not repeated was outdated', async () => {
      permissions.answer = (fresh) => (fresh ? 'granted' : 'denied');
      await bench.enqueue([{ endpointId: await endpoint('/hook') }]);
      const { line } = await sender();
      await settled(line, 1);
      expect(receiver.received).toHaveLength(1);
      expect(revoked).toEqual([]);
    });

    test.each<[string, () => Verdict]>([
      ['nobody knows', () => 'unknown'],
      [
        'the question fails',
        () => {
          throw new Error('no database');
        },
      ],
    ])('when %s it is put off without an attempt', async (_what, answer) => {
      permissions.answer = answer;
      const endpointId = await endpoint('/hook');
      const [id] = await bench.enqueue([{ endpointId }]);
      const line = new QueueLine(bench.queue);
      const waits: number[] = [];
      line.before = (method, values) => {
        if (method === 'settle') waits.push(...batchOf(values).map(({ retryInMs }) => retryInMs!));
      };
      const metrics = new Metrics();
      await sender({ metrics }, line);
      for (const count of [1, 2, 3]) {
        await line.until(() => waits.length === count);
        if (count === 3) permissions.answer = () => 'granted';
        // The row is where the settling put it only when that is written.
        await line.until(async () => {
          await bench.makeDue();
          return waits.length > count || (await bench.statuses()).size > 0;
        });
      }
      await settled(line, 1);
      expect(waits.slice(0, 3)).toEqual([1_000, 2_000, 4_000]);
      expect(await bench.attempts()).toEqual([{ id, number: 1, outcome: 'delivered', statusCode: 200 }]);
      expect((await bench.health(endpointId)).failures).toBe(0);
      expect(await metrics.registry.metrics()).toContain('tripline_deliveries_total{outcome="postponed"} 3');
    });

    test('of a metric that is not in the catalog it is put off', async () => {
      const [id] = await bench.enqueue([
        { endpointId: await endpoint('/hook'), payload: FIRING.replace('speed', 'gone') },
      ]);
      const { line } = await sender();
      await line.until(() => line.batches.length > 0);
      expect(await bench.pending()).toEqual([{ id, attempt: 0 }]);
      expect(permissions.asked).toEqual([]);
    });

    test('and what is to be left alone by the time of the answer is not sent', async () => {
      let answer = () => {};
      const answered = new Promise<void>((resolve) => (answer = resolve));
      permissions.answer = async (_fresh, vehicle): Promise<Verdict> => {
        if (vehicle !== VEHICLE) await answered;
        return 'granted';
      };
      // Another permission, so that they are not asked for together.
      const elsewhere = {
        vehicle: 'did:erc721:1:0x0:2',
        payload: FIRING.replace('speed', 'currentLocationCoordinates'),
      };
      receiver.behave('/hook', [{ status: 503, headers: { 'retry-after': '7200' } }, 200]);
      const endpointId = await endpoint('/hook');
      await bench.enqueue([{ endpointId }, { endpointId, ...elsewhere }]);
      const { line } = await sender();
      await line.until(async () => (await bench.attempts()).length === 1);
      answer();
      await line.until(async () => (await bench.held()).length === 0);
      expect(receiver.received).toHaveLength(1);
      expect((await bench.pending()).map(({ attempt }) => attempt)).toEqual([1, 0]);
    });
  });

  test('no second has more requests than the endpoint may have, whoever sent before', async () => {
    const endpointId = await endpoint('/hook', { maxPerSecond: 3 });
    const other = await endpoint('/other');
    await bench.enqueue(times(8, { endpointId }));
    const startsMs: number[] = [];
    const post: SenderOptions['client']['post'] = (request) => {
      if (request.url.endsWith('/hook')) startsMs.push(performance.now());
      return client.post(request);
    };
    const first = await sender({ client: { post } });
    await first.line.until(async () => (await bench.countSettled(endpointId)) >= 3);
    await first.sender.stop(5_000);
    const { line } = await sender({ client: { post } });
    await bench.enqueue(times(20, { endpointId: other }));
    await settled(line, 28);
    const spansMs = startsMs.slice(3).map((atMs, index) => atMs - startsMs[index]!);
    expect(startsMs).toHaveLength(8);
    expect(spansMs.filter((spanMs) => spanMs <= 1_000)).toEqual([]);
  });

  test('with as many hanging endpoints as there are requests the others still go out', async () => {
    const paths = Array.from({ length: 8 }, (_, n) => `/slow/${n}`);
    for (const path of paths) receiver.behave(path, 'hang');
    const slow = await Promise.all(paths.map((path, n) => endpoint(path, { license: `license ${n}` })));
    await bench.enqueue(slow.flatMap((endpointId) => times(5, { endpointId, dueMsAgo: 1_000 })));
    const { line } = await sender({ concurrency: 8 });
    // Each has its two requests: more than there are, so that some have moved.
    await receiver.until(() => receiver.received.length === 16);
    const quick = await endpoint('/quick');
    await bench.enqueue(times(50, { endpointId: quick }));
    bell.ring([quick]);
    await settled(line, 50);
    expect(receiver.at('/quick')).toHaveLength(50);
    expect(receiver.received).toHaveLength(66);
  });

  test('ten deliveries of one license go before a hundredth of a hundred thousand of another', async () => {
    const count = 100_000;
    const [flood, modest] = await Promise.all([endpoint('/flood'), endpoint('/modest', { license: 'another' })]);
    await bench.flood(flood, count);
    const { line } = await sender();
    await receiver.until(() => receiver.received.length > 10);
    const before = receiver.received.length;
    await bench.enqueue(times(10, { endpointId: modest }));
    bell.ring([modest]);
    await receiver.until(() => receiver.at('/modest').length === 10);
    expect(receiver.at('/flood').length - before).toBeLessThan(1_000);
    expect(await line.queue.depth(5)).toMatchObject({ openBreakers: 0 });
  });

  describe('retries are due when the schedule says, from when the attempt ended', () => {
    const [S, M, H] = [1_000, 60_000, 3_600_000];
    const presets: [string, number[]][] = [
      ['stepped', [M, 5 * M, 30 * M, 2 * H, 24 * H]],
      ['exponential', [30 * S, 60 * S, 120 * S, 240 * S, 480 * S]],
      ['standard', [5 * S, 5 * M, 30 * M, 2 * H, 5 * H, 10 * H, 14 * H, 20 * H, 24 * H]],
    ];

    test.each(presets)('%s, whole', async (name, delaysMs) => {
      receiver.behave('/hook', 500);
      const endpointId = await endpoint('/hook');
      await bench.enqueue([{ endpointId }]);
      const parsed = parseRetrySchedule(name);
      if (parsed.kind === 'invalid') throw new Error(parsed.reason);
      const line = new QueueLine(bench.queue);
      let now = performance.now();
      let dueMs = now;
      const settledMs: number[] = [];
      line.before = (method, values) => {
        if (method !== 'settle') return;
        for (const { retryInMs } of batchOf(values)) {
          settledMs.push(now);
          dueMs = now + (retryInMs ?? NaN);
        }
      };
      await sender({ schedule: parsed.schedule, ticks: () => now, random: () => 0.5 }, line);
      const firstMs = now;
      for (let attempt = 1; attempt <= delaysMs.length; attempt++) {
        await line.until(async () => (await bench.pending())[0]?.attempt === attempt);
        now = dueMs;
        await bench.makeDue();
        await bench.endPause(endpointId);
      }
      await settled(line, 1);
      let sumMs = 0;
      const expected = [0, ...delaysMs.map((delayMs) => (sumMs += delayMs * 1.05))];
      expect(settledMs.map((atMs) => Math.round(atMs - firstMs))).toEqual(expected);
      expect([...(await bench.statuses()).values()]).toEqual(['failed']);
      expect(receiver.received).toHaveLength(delaysMs.length + 1);
    });
  });
});

/** What a call of `settle` is to settle. */
function batchOf([, settlements]: unknown[]): Settlement[] {
  return settlements as Settlement[];
}
