import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { silentLog } from '../src/observability/log.js';
import { Database } from '../src/store/database.js';
import { Doorbell } from '../src/store/doorbell.js';
import { newLogId } from '../src/store/log-id.js';
import { deliveryRequest } from '../src/target/delivery-request.js';
import { SecretBox } from '../src/target/secret-box.js';
import type { Bench, BenchContext, BenchReport } from './bench.js';
import { inTurn, type Round } from './comparison.js';
import { addEndpoints, emptyLog, firingBody, type LoadedEndpoint, queueFirings } from './delivery-load.js';
import { ProductProcess } from './product-process.js';
import { quantile } from './quantile.js';
import type { Expectation, ReceiversReady } from './delivery-receivers.js';
import type { QueueOrder } from './floor/queue-loop.js';
import type { LoopOrder, LoopResult } from './floor/undici-loop.js';

const SETTINGS = {
  deliveries: 50_000,
  endpoints: 100,
  receivers: 10,
  vehicles: 100,
  concurrency: 100,
  concurrencyPerEndpoint: 10,
  rounds: 3,
};
type Settings = typeof SETTINGS;

/** The part of a round that warms everything up. */
const WARM_UP = 0.3;
const BODIES = 500;
const LOOK_MS = 10;
const CLOSE_MS = 100;

/** A full queue, from the bell until all of it is sent and settled. */
export const delivery: Bench = {
  name: 'delivery',
  summary: 'Due deliveries a second, signed, sent over TLS and settled',
  defaults: SETTINGS,
  trial: { deliveries: 500, endpoints: 10, receivers: 2, vehicles: 10, rounds: 1 },
  isPartOfAll: true,
  run,
};

async function run({ databaseUrl, settings: given, progress }: BenchContext): Promise<BenchReport> {
  const settings = given as Settings;
  const directory = mkdtempSync(join(tmpdir(), 'tripline-delivery-'));
  const applicationName = 'tripline bench delivery';
  const database = await Database.open({ url: databaseUrl, controlPoolSize: 1, dataPoolSize: 2, applicationName });
  const children: ChildProcess[] = [];
  let sender: ProductProcess | undefined;
  try {
    const receivers = fork(modulePath('./delivery-receivers.js'), [String(settings.receivers)]);
    children.push(receivers);
    const { ports, caPem } = ((await once(receivers, 'message')) as [ReceiversReady])[0];
    const caFile = join(directory, 'ca.pem');
    writeFileSync(caFile, caPem);
    const trust = { PATH: process.env.PATH, NODE_EXTRA_CA_CERTS: caFile };
    const loop = fork(modulePath('./floor/undici-loop.js'), { env: trust });
    children.push(loop);
    const key = randomBytes(32);
    const endpoints = await addEndpoints(database, new SecretBox([key]), { ...settings, ports });
    const order = orderOf(endpoints, settings);
    const queueLoop = fork(modulePath('./floor/queue-loop.js'), { env: trust });
    children.push(queueLoop);
    // Before there is a sender that would take its endpoints.
    const bare = await bareQueue(queueLoop, { database, databaseUrl, endpoints, order, settings });
    progress(`  a bare loop over the queue: ${Math.round(bare)}`);
    sender = await startSender({ settings, databaseUrl, key, trust, logFile: join(directory, 'log') });
    const parts = { database, receivers, endpoints, settings, sender };
    const requested: number[] = [];
    const cpu: Record<'floor' | 'ours', number[]> = { floor: [], ours: [] };
    const measure = {
      floor: async (share = 1) => {
        const count = Math.ceil(settings.deliveries * share);
        requested.push((await floor(loop, { ...order, count, with: 'request' })).rate);
        const { rate, cpuMs } = await floor(loop, { ...order, count });
        cpu.floor.push(cpuMs);
        return rate;
      },
      ours: async (share = 1) => {
        const { rate, cpuMs } = await ours({ ...parts, deliveries: Math.ceil(settings.deliveries * share) });
        cpu.ours.push(cpuMs);
        return rate;
      },
    };
    const measured = async () => {
      await measure.floor(WARM_UP);
      await measure.ours(WARM_UP);
      for (const warmUp of [requested, cpu.floor, cpu.ours]) warmUp.length = 0;
      return inTurn(settings.rounds, measure, progress);
    };
    const rounds = await Promise.race([measured(), sender.ended]);
    return report(rounds, order.bodies, { bare, requested, cpu });
  } finally {
    await Promise.all([...children.map(stop), sender?.stop()]);
    await database.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

function modulePath(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}

/** The program itself, in the role that sends; `PRODUCT_FLAGS=--cpu-prof` profiles it. */
function startSender(parts: {
  settings: Settings;
  databaseUrl: string;
  key: Buffer;
  trust: NodeJS.ProcessEnv;
  logFile: string;
}): Promise<ProductProcess> {
  const { settings, databaseUrl, key, trust, logFile } = parts;
  const environment = {
    ...(trust as Record<string, string>),
    ...{ DATABASE_URL: databaseUrl, SECRET_ENCRYPTION_KEY: key.toString('base64') },
    ...{ KAFKA_BROKERS: '127.0.0.1:9', TARGET_ALLOW_CIDRS: '127.0.0.1' },
    DELIVERY_CONCURRENCY: String(settings.concurrency),
    DELIVERY_CONCURRENCY_PER_ENDPOINT: String(settings.concurrencyPerEndpoint),
  };
  return ProductProcess.start('delivery', environment, { logFile });
}

/** The same requests as a sender makes, with the signature of one. */
function orderOf(endpoints: readonly LoadedEndpoint[], settings: Settings): LoopOrder {
  const secrets = { open: (text: string) => text };
  const targets = endpoints.map((endpoint) => {
    const id = newLogId();
    const message = {
      ...{ deliveryId: id, eventId: id, eventType: 'trigger.fired', attempt: 1, nowMs: Date.now() },
      envelope: firingBody(id, endpoint, 0),
    };
    const { url, headers } = deliveryRequest(message, targetOf(endpoint), secrets).request;
    const { origin, pathname: path } = new URL(url);
    return { origin, path, headers };
  });
  const bodies = Array.from({ length: Math.min(BODIES, settings.deliveries) }, (_, at) =>
    firingBody(newLogId(), endpoints[at % endpoints.length]!, at % settings.vehicles),
  );
  return { targets, bodies, count: settings.deliveries, concurrency: settings.concurrency, with: 'dispatch' };
}

function targetOf({ id: endpointId, license, url, secret }: LoadedEndpoint) {
  const unused = {
    previousSecret: null,
    signingKey: null,
    previousSigningKey: null,
    headers: null,
    headerPrefix: null,
  };
  const standard = { status: 'active', profile: 'standard', contentType: 'application/json' } as const;
  return {
    endpointId,
    license,
    url,
    secret,
    ...unused,
    ...standard,
    timeoutSeconds: null,
    retry: null,
    maxPerSecond: null,
  };
}

/** What was done in a second, and the processor time that one took of the process that sends, in ms. */
interface Measured {
  rate: number;
  cpuMs: number;
}

async function floor(loop: ChildProcess, order: LoopOrder): Promise<Measured> {
  loop.send(order);
  const [{ elapsedMs, cpuMs, failed }] = (await once(loop, 'message')) as [LoopResult];
  if (failed > 0) throw new Error(`${failed} requests of the bare loop failed`);
  return { rate: perSecond(order.count, elapsedMs), cpuMs: cpuMs / order.count };
}

/** Deliveries a second of a loop that only reads, sends and settles. */
async function bareQueue(
  loop: ChildProcess,
  parts: {
    database: Database;
    databaseUrl: string;
    endpoints: readonly LoadedEndpoint[];
    order: LoopOrder;
    settings: Settings;
  },
): Promise<number> {
  const { database, databaseUrl, endpoints, order, settings } = parts;
  const { concurrency, deliveries: count } = settings;
  await queueFirings(database, endpoints, settings);
  const { headers } = order.targets[0]!;
  loop.send({ databaseUrl, headers, count, concurrency, endpoints: endpoints.length } satisfies QueueOrder);
  const [elapsedMs] = (await once(loop, 'message')) as [number];
  await checkAll(database, count);
  await database.pool.query('update endpoint_leases set holder = null');
  await emptyLog(database);
  return perSecond(count, elapsedMs);
}

/** From the bell, right after the rows are committed, until none is left. */
async function ours(parts: {
  database: Database;
  receivers: ChildProcess;
  endpoints: readonly LoadedEndpoint[];
  settings: Settings;
  sender: ProductProcess;
  deliveries: number;
}): Promise<Measured> {
  const { database, receivers, endpoints, settings, sender, deliveries } = parts;
  const bell = new Doorbell({ database, log: silentLog, announce: true });
  const arrived = once(receivers, 'message');
  receivers.send({ expect: deliveries } satisfies Expectation);
  await queueFirings(database, endpoints, { ...settings, deliveries });
  const cpuBeforeMs = await sender.cpuMs();
  const startedMs = performance.now();
  bell.ring(endpoints.map(({ id }) => id));
  await arrived;
  while (!(await isEmpty(database))) await sleep(LOOK_MS);
  const elapsedMs = performance.now() - startedMs;
  const cpuMs = ((await sender.cpuMs()) - cpuBeforeMs) / deliveries;
  await bell.close();
  await checkAll(database, deliveries);
  await emptyLog(database);
  await sleep(CLOSE_MS);
  return { rate: perSecond(deliveries, elapsedMs), cpuMs };
}

async function isEmpty(database: Database): Promise<boolean> {
  const { rows } = await database.pool.query<{ left: boolean }>('select exists (select from outbox) as left');
  return !rows[0]!.left;
}

async function checkAll(database: Database, wanted: number): Promise<void> {
  const { rows } = await database.pool.query<{ count: string }>(
    `select count(*) from deliveries d join attempts a on a.delivery_id = d.id where d.status = 'delivered'`,
  );
  if (Number(rows[0]!.count) !== wanted) throw new Error(`${rows[0]!.count} of ${wanted} deliveries were delivered`);
}

function perSecond(count: number, elapsedMs: number): number {
  return (count / elapsedMs) * 1_000;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  if (child.connected) child.disconnect();
  else child.kill('SIGTERM');
  await once(child, 'exit');
}

/**
 * `bare`: a second, of a loop over the queue. `requested`: the same of the floor in each round, had it been written with
 * `request`. `cpu`: processor time of one, in ms, in each round.
 */
function report(
  rounds: Round[],
  bodies: readonly string[],
  { bare, requested, cpu }: { bare: number; requested: readonly number[]; cpu: Record<'floor' | 'ours', number[]> },
): BenchReport {
  const median = (numbers: readonly number[]) => quantile(numbers, 0.5);
  const ofFloor = (bare / median(rounds.map((round) => round.floor))).toFixed(2);
  const ofRequested = median(rounds.map(({ ours }, round) => ours / requested[round]!)).toFixed(2);
  const ofCpu = median(cpu.ours.map((ours, round) => ours / cpu.floor[round]!)).toFixed(2);
  const micros = (ms: readonly number[]) => Math.round(median(ms) * 1_000);
  const bytes = Math.round(bodies.reduce((sum, body) => sum + Buffer.byteLength(body), 0) / bodies.length);
  return {
    measured:
      'Floor: a bare undici loop in a process of its own, which neither signs nor writes. Ours: ' +
      '`ROLE=delivery`, from the bell until every delivery is settled, with leases, permissions, signatures, attempts and ' +
      `logs. The same receivers, headers and bodies (${bytes} bytes), over TLS, and as many requests at once.`,
    comparisons: [{ what: 'a full queue', unit: 'deliveries/s', rounds, target: { kind: 'at least', ratio: 0.7 } }],
    findings: [
      'Receivers, PostgreSQL and the sender share the processors of one machine; the floor needs no PostgreSQL.',
      "A loop that reads what is due and settles it with the product's statements, and does nothing else, sends " +
        `${Math.round(bare)} a second: ${ofFloor} of the floor.`,
      "The floor uses undici's `dispatch`, as the product does; with its `request`, in the same rounds, the loop sends " +
        `${Math.round(median(requested))} a second; ours is ${ofRequested} of that.`,
      `Processor time of one, all threads: the sender ${micros(cpu.ours)} µs, the floor ${micros(cpu.floor)} µs: ${ofCpu} times.`,
    ],
  };
}
