import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { builtInCatalog } from '../src/core/catalog.js';
import { parseRetrySchedule } from '../src/core/retry-schedule.js';
import { Sender } from '../src/delivery/sender.js';
import { silentLog } from '../src/observability/log.js';
import { Metrics } from '../src/observability/metrics.js';
import { Database } from '../src/store/database.js';
import { Doorbell } from '../src/store/doorbell.js';
import { EndpointHealthStore } from '../src/store/endpoint-health.js';
import { DeliveryQueue } from '../src/store/queue.js';
import { AddressGuard } from '../src/target/address-guard.js';
import { TargetClient } from '../src/target/http-client.js';
import { SecretBox } from '../src/target/secret-box.js';
import type { Bench, BenchContext, BenchReport } from './bench.js';
import { startBenchReceiver, type BenchReceiver } from './bench-receiver.js';
import { besideDisk } from './beside-disk.js';
import { inTurn, type Round } from './comparison.js';
import { addEndpoints, emptyQueue, queueFirings, type BenchEndpoint } from './isolation-queue.js';
import { quantile } from './quantile.js';
import { sharedNowMs } from './shared-clock.js';

const SETTINGS = {
  endpoints: 1_000,
  hanging: 10,
  /** What is due at each endpoint that hangs before anything else is; then they all time out, and begin again, at once. */
  backlog: 0,
  perSecond: 250,
  /** Connections are made, and nothing counts. */
  warmUpSeconds: 1,
  seconds: 5,
  rounds: 5,
  concurrency: 100,
  concurrencyPerEndpoint: 10,
  timeoutSeconds: 2,
};
type Settings = typeof SETTINGS;

/** Firings are queued in steps of this. */
const STEP_MS = 20;
/** What has not arrived so long after the last was queued counts as missing. */
const PATIENCE_MS = 20_000;
const POOL_SIZE = 10;

/** What the others notice when some endpoints never answer. */
export const isolation: Bench = {
  name: 'isolation',
  summary: 'What endpoints notice of others that never answer',
  defaults: SETTINGS,
  trial: { endpoints: 50, hanging: 1, perSecond: 50, warmUpSeconds: 0, seconds: 1, rounds: 1, timeoutSeconds: 1 },
  isPartOfAll: true,
  run,
};

interface Load {
  isHanging: boolean;
  /** Of the endpoints that answer, ms. */
  latenciesMs: number[];
  missing: number;
}

async function run({ databaseUrl, settings: given, progress }: BenchContext): Promise<BenchReport> {
  const settings = given as Settings;
  const arrivals = new Arrivals();
  const receiver = await startBenchReceiver((eventId, atMs) => arrivals.arrived(eventId, atMs));
  const database = await open(databaseUrl, 'load');
  const loads: Load[] = [];
  const measure = async (hanging: number) => {
    const load = await runLoad({ databaseUrl, database, receiver, arrivals, settings: { ...settings, hanging } });
    loads.push(load);
    return quantile(load.latenciesMs, 0.99);
  };
  try {
    await measure(settings.hanging); // Warms everything up.
    loads.length = 0;
    const sides = { floor: () => measure(0), ours: () => measure(settings.hanging) };
    return await besideDisk(async () => report(await inTurn(settings.rounds, sides, progress), loads, settings));
  } finally {
    await database.close();
    await receiver.stop();
  }
}

/** Each has endpoints and a sender of its own, so that none knows of the round before. */
async function runLoad(parts: {
  databaseUrl: string;
  database: Database;
  receiver: BenchReceiver;
  arrivals: Arrivals;
  settings: Settings;
}): Promise<Load> {
  const { database, receiver, arrivals, settings } = parts;
  const secrets = new SecretBox([randomBytes(32)]);
  const { endpoints: count, hanging } = settings;
  const endpoints = await addEndpoints(database, secrets, { count, hanging, address: receiver.address });
  const own = await open(parts.databaseUrl, 'sender');
  const bell = new Doorbell({ database: own, log: silentLog });
  const client = new TargetClient({
    guard: new AddressGuard({ allow: [receiver.address] }),
    timeoutMs: settings.timeoutSeconds * 1_000,
    connectionsPerOrigin: settings.endpoints,
    ca: receiver.caPem,
    log: silentLog,
  });
  const sender = newSender({ database: own, bell, client, secrets, settings });
  arrivals.reset();
  await sender.start();
  await load({ database, bell, endpoints, arrivals, settings });
  await arrivals.complete(PATIENCE_MS);
  await sender.stop(100);
  await client.close();
  await bell.close();
  await own.close();
  await emptyQueue(database);
  return { isHanging: hanging > 0, latenciesMs: arrivals.latenciesMs, missing: arrivals.missing };
}

function open(url: string, name: string): Promise<Database> {
  const applicationName = `tripline bench ${name}`;
  return Database.open({ url, controlPoolSize: POOL_SIZE, dataPoolSize: POOL_SIZE, applicationName });
}

function newSender(parts: {
  database: Database;
  bell: Doorbell;
  client: TargetClient;
  secrets: SecretBox;
  settings: Settings;
}): Sender {
  const { database, bell, client, secrets, settings } = parts;
  const parsed = parseRetrySchedule('stepped');
  if (parsed.kind === 'invalid') throw new Error(parsed.reason);
  return new Sender({
    queue: new DeliveryQueue(database),
    client,
    secrets,
    bell,
    schedule: parsed.schedule,
    permissions: { check: (_license, vehicles) => Promise.resolve(vehicles.map(() => 'granted' as const)) },
    catalog: builtInCatalog,
    health: new EndpointHealthStore(database),
    revoke: () => Promise.resolve(),
    concurrency: settings.concurrency,
    concurrencyPerEndpoint: settings.concurrencyPerEndpoint,
    timeoutMs: settings.timeoutSeconds * 1_000,
    permissionCacheMs: 60_000,
    failureLimits: { hours: 120 },
    log: silentLog,
    metrics: new Metrics(),
  });
}

/** Queues firings at a constant rate whatever becomes of them, for one endpoint after the other in a shuffled order. */
async function load(parts: {
  database: Database;
  bell: Doorbell;
  endpoints: BenchEndpoint[];
  arrivals: Arrivals;
  settings: Settings;
}): Promise<void> {
  const { database, bell, endpoints, arrivals, settings } = parts;
  const { backlog, perSecond, warmUpSeconds, seconds } = settings;
  const hanging = endpoints.filter(({ isHanging }) => isHanging);
  for (let each = 0; each < backlog && hanging.length > 0; each++) {
    await queueFirings(database, hanging, () => undefined);
  }
  bell.ring(hanging.map(({ id }) => id));
  const order = [...endpoints].sort((a, b) => (a.id < b.id ? -1 : 1));
  const [warmUp, total] = [perSecond * warmUpSeconds, perSecond * (warmUpSeconds + seconds)];
  const startedMs = performance.now();
  for (let queued = 0; queued < total; await sleep(STEP_MS)) {
    const due = Math.min(total, Math.ceil(((performance.now() - startedMs) / 1_000) * perSecond));
    if (due === queued) continue;
    const next = Array.from({ length: due - queued }, (_, at) => order[(queued + at) % order.length]!);
    const counts = queued >= warmUp;
    queued = due;
    await queueFirings(database, next, (eventId, endpoint) => {
      if (counts && !endpoint.isHanging) arrivals.expect(eventId);
    });
    bell.ring(next.map(({ id }) => id));
  }
}

/** From right before a firing is queued until its first request has been read by the receiver. */
class Arrivals {
  latenciesMs: number[] = [];
  private readonly queuedAtMs = new Map<string, number>();
  private onComplete: (() => void) | undefined;

  get missing(): number {
    return this.queuedAtMs.size;
  }

  reset(): void {
    this.latenciesMs = [];
    this.queuedAtMs.clear();
  }

  expect(eventId: string): void {
    this.queuedAtMs.set(eventId, sharedNowMs());
  }

  arrived(eventId: string, atMs: number): void {
    const queuedAtMs = this.queuedAtMs.get(eventId);
    if (queuedAtMs === undefined) return;
    this.queuedAtMs.delete(eventId);
    this.latenciesMs.push(atMs - queuedAtMs);
    if (this.queuedAtMs.size === 0) this.onComplete?.();
  }

  /** Resolves when everything that is expected has arrived, or the time is over. */
  async complete(patienceMs: number): Promise<void> {
    if (this.queuedAtMs.size === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, patienceMs);
      this.onComplete = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

function report(rounds: readonly Round[], loads: readonly Load[], { hanging, endpoints }: Settings): BenchReport {
  const all = (isHanging: boolean) => {
    const own = loads.filter((load) => load.isHanging === isHanging);
    return {
      latenciesMs: own.flatMap((load) => load.latenciesMs),
      missing: own.reduce((sum, one) => sum + one.missing, 0),
    };
  };
  const row = (name: string, { latenciesMs, missing }: Omit<Load, 'isHanging'>) => [
    name,
    String(latenciesMs.length),
    ...[0.5, 0.99, 1].map((share) => ms(quantile(latenciesMs, share))),
    String(missing),
  ];
  const [without, with_] = [all(false), all(true)];
  const ratio = (share: number) =>
    (quantile(with_.latenciesMs, share) / quantile(without.latenciesMs, share)).toFixed(2);
  return {
    measured:
      'From right before a firing is queued until its first request has been read, of endpoints that answer; ' +
      'receiver and PostgreSQL are processes of their own.',
    comparisons: [
      {
        what: `p99 with ${hanging} of ${endpoints} hanging`,
        unit: 'ms',
        rounds,
        target: { kind: 'at most', ratio: 1.2 },
      },
    ],
    details: {
      columns: ['endpoints that hang', 'requests', 'p50', 'p99', 'longest', 'missing'],
      rows: [row('0', without), row(String(hanging), with_), ['**ratio**', '', ratio(0.5), ratio(0.99), ratio(1), '']],
    },
    findings: [
      `Of all rounds together the others' p50 is ${ratio(0.5)} times, their p99 ${ratio(0.99)} times what it is without.`,
    ],
  };
}

function ms(value: number): string {
  return `${value.toFixed(1)} ms`;
}
