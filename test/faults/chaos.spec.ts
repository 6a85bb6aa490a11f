/**
 * Engines, senders and the API, each in processes of their own, are killed, ended, frozen and joined by others, and
 * PostgreSQL and Kafka restarted under them, in random order, while a fleet reports and webhooks change. A model computes
 * what must fire from what is on the topics; what the receivers got must be exactly that. `TEST_SEED` repeats an order,
 * `CHAOS_MINUTES` makes it long.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import pg from 'pg';
import { ChaosLoad } from '../support/chaos-load.js';
import { Crew, START_PATIENCE_MS, type Member, type Role } from '../support/crew.js';
import type { Answer, Developer } from '../support/developer.js';
import { expectStatus } from '../support/developer.js';
import { vehiclesWith, type FleetVehicle } from '../support/fleet-load.js';
import {
  expectedOf,
  FLEET_RULES,
  verdictOf,
  type Expected,
  type FleetRule,
  type Watch,
} from '../support/fleet-model.js';
import { OwnKafka } from '../support/own-kafka.js';
import { OwnPostgres } from '../support/own-postgres.js';
import { ProductSetup } from '../support/product-setup.js';
import { eventually } from '../support/product.js';
import { random } from '../support/random.js';
import { expectedOutcome, storedOutcome } from '../support/stored-outcome.js';
import { readTopics } from '../support/topic-reader.js';

const SEED = Number(process.env.TEST_SEED ?? Date.now() % 1_000_000_000);
const MINUTES = Number(process.env.CHAOS_MINUTES ?? 0);
const RECORDS_MIN = 40_000;
/** So many of them come while there are still faults. */
const RECORDS_AMID_FAULTS_MIN = 30_000;
const FAULTS_MIN = 12;
const PAUSE_MS = 300;
const RECORDS_MAX = RECORDS_MIN + MINUTES * 60_000;
const SESSION_MS = 1_500;
const LEASE_SECONDS = 2;
const ENGINES = 3;
const ENGINES_MAX = 5;
const SENDERS = 2;
/** Longest that a drain, or a change that waits for one, may take: several faults can come together. */
const PATIENCE_MS = 90_000;

const LICENSES = {
  first: '0x1111111111111111111111111111111111111111',
  second: '0x2222222222222222222222222222222222222222',
};

const keyed = vehiclesWith('did', 1_000, 60);
const keyedOtherwise = vehiclesWith('other', 2_000, 10);
const scattered = vehiclesWith('none', 3_000, 10);
/** Those whose webhook is disabled now and then, and those that are unsubscribed. */
const switched = vehiclesWith('did', 4_000, 4);
const leavers = vehiclesWith('did', 5_000, 4);
/** Whom nobody ever watches. */
const strangers = vehiclesWith('did', 6_000, 6);
const LATE_COUNT = 3;

const dice = {
  load: random(SEED),
  faults: random(SEED + 1),
  changes: random(SEED + 2),
  answers: random(SEED + 3),
};

let postgres: OwnPostgres;
let kafka: OwnKafka;
let setup: ProductSetup;
let crew: Crew;
let load: ChaosLoad;
const watches: (Watch & { developer: Developer; vehicles: Set<string>; pausedReports: Set<string> })[] = [];
const faults = new Map<string, number>();
const changes = new Map<string, number>();
const healing: Promise<unknown>[] = [];
const arrived = { ids: new Set<string>(), markers: new Set<string>(), lastMs: 0, standstillMs: 0 };

beforeAll(async () => {
  [postgres, kafka] = await Promise.all([OwnPostgres.start(), OwnKafka.start()]);
  setup = await ProductSetup.create({ parts: { databaseUrl: postgres.url, brokers: kafka.address }, partitions: 6 });
  crew = new Crew({
    ...setup.environment,
    KAFKA_SESSION_TIMEOUT_MS: String(SESSION_MS),
    DELIVERY_LEASE_SECONDS: String(LEASE_SECONDS),
    DELIVERY_RETRY_SCHEDULE: '1s,1s,2s,2s,5s,5s',
  });
  for (const { path } of Object.values(FLEET_RULES)) listenAt(path);
  await startAll();
}, 120_000);

afterAll(async () => {
  await load?.stop();
  await crew?.killAll();
  await setup?.stop();
  await Promise.all([postgres?.remove(), kafka?.remove()]);
}, 60_000);

test(
  `every firing exactly once, seed ${SEED}`,
  async () => {
    await watchFleet();
    load = new ChaosLoad({
      ...{ stream: setup.stream, topics: setup.topics, dice: dice.load },
      ...{ pauseMs: PAUSE_MS, recordsMax: RECORDS_MAX },
    });
    load.add([...keyed, ...keyedOtherwise, ...scattered, ...switched, ...leavers, ...strangers]);
    const startedMs = Date.now();
    load.start();
    let areFaultsOver = false;
    const changing = change(() => areFaultsOver);
    changing.catch(() => undefined); // Its failure is told where it is awaited.
    try {
      await makeFaults();
    } finally {
      areFaultsOver = true;
      await changing.catch(() => undefined);
    }
    await changing;
    const amidFaults = load.produced;
    await load.finish(RECORDS_MIN);
    await Promise.all(healing);
    const expected = expectedOf(await readTopics(kafka.address, Object.values(setup.topics)), watches);
    const isAllThere = () => [...expected.firings.keys()].every((id) => arrived.ids.has(id));
    await eventually(isAllThere, 'every firing has arrived', PATIENCE_MS).catch(() => undefined);
    await eventually(isQueueEmpty, 'the queue is empty', PATIENCE_MS).catch(() => undefined);
    await crew.endAll();
    const { repeats, ...verdict } = verdictOf(expected.firings, setup.receiver.received);
    tell({ expected, repeats, startedMs });
    expect(verdict).toEqual({ lost: [], extra: [], wrong: [] });
    expect(crew.fallen).toEqual([]);
    expect(await storedOutcome(query)).toEqual(expectedOutcome(expected));
    expect(crew.unexplained()).toEqual([]);
    expect([...faults.keys()].sort()).toEqual(Object.keys(FAULTS).sort());
    expect([...faults.values()].reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(FAULTS_MIN);
    expect([...changes.keys()].sort()).toEqual([...CHANGES].sort());
    expect(amidFaults).toBeGreaterThanOrEqual(RECORDS_AMID_FAULTS_MIN);
    expect(load.produced).toBeGreaterThanOrEqual(RECORDS_MIN);
    expect(expected.firings.size).toBeGreaterThan(load.produced / 20);
  },
  (6 + MINUTES) * 60_000,
);

async function startAll(): Promise<void> {
  const roles: Role[] = ['api', ...Array<Role>(ENGINES).fill('engine'), ...Array<Role>(SENDERS).fill('delivery')];
  // The first one migrates.
  setup.product = (await crew.start(roles[0]!)).product;
  await Promise.all(roles.slice(1).map((role) => crew.start(role)));
}

/** Keeps what arrives; now and then it is not answered well, and comes again. */
function listenAt(path: string): void {
  setup.receiver.behave(path, (request, response) => {
    const nowMs = performance.now();
    if (arrived.lastMs > 0) arrived.standstillMs = Math.max(arrived.standstillMs, nowMs - arrived.lastMs);
    arrived.lastMs = nowMs;
    setup.receiver.received.push(request);
    arrived.ids.add(request.event.id);
    if (path === FLEET_RULES.marker.path) {
      arrived.markers.add(`${request.event.subject} ${String(request.event.data.signal.value)}`);
    }
    response.writeHead(dice.answers.below(100) === 0 ? 503 : 200).end();
  });
}

async function watchFleet(): Promise<void> {
  const [first, second] = [await setup.developer(LICENSES.first), await setup.developer(LICENSES.second)];
  const inOrder = [...keyed, ...keyedOtherwise];
  const halves = (which: number) => inOrder.filter((_, i) => i % 2 === which);
  await watch(first, FLEET_RULES.fast, [...inOrder, ...scattered, ...switched]);
  await watch(first, FLEET_RULES.geared, inOrder);
  await watch(first, FLEET_RULES.faulty, halves(0));
  await watch(first, FLEET_RULES.marker, [...switched, ...leavers]);
  await watch(second, FLEET_RULES.cooled, halves(1));
  await watch(second, FLEET_RULES.abroad, [...inOrder, ...scattered]);
  await watch(second, FLEET_RULES.braking, [...inOrder, ...scattered, ...leavers]);
  await watch(second, FLEET_RULES.slow, switched);
  await watch(second, FLEET_RULES.fast, leavers);
}

async function watch(developer: Developer, rule: FleetRule, vehicles: readonly FleetVehicle[]): Promise<void> {
  const { path, kind, metric: metricName, condition, coolDownPeriod } = rule;
  const dids = vehicles.map(({ did }) => did);
  const webhook = { service: `telemetry.${kind}`, metricName, condition, coolDownPeriod };
  const displayName = `${path} ${watches.length}`;
  const { id } = await developer.watch({ ...webhook, displayName, targetURL: setup.receiver.url(path) }, dids);
  watches.push({ rule, webhookId: id, developer, vehicles: new Set(dids), pausedReports: new Set() });
}

/**
 * The kinds of faults. Each resolves when the next may come, which may be before what it broke is whole again, and says
 * whether it was made.
 */
const FAULTS: Record<string, () => Promise<boolean>> = {
  'kill -9 of an engine': () => replace('engine', 'kill'),
  'SIGTERM of an engine': () => replace('engine', 'end'),
  'SIGSTOP of an engine': () => freeze('engine', SESSION_MS),
  'an engine joins': () => {
    const hasRoom = crew.running('engine').length < ENGINES_MAX;
    if (hasRoom) crew.launch('engine');
    return Promise.resolve(hasRoom);
  },
  'kill -9 of a sender': () => replace('delivery', 'kill'),
  'SIGTERM of a sender': () => replace('delivery', 'end'),
  'SIGSTOP of a sender': () => freeze('delivery', LEASE_SECONDS * 1_000),
  'kill -9 of the API': () => replace('api', 'kill'),
  'SIGTERM of the API': () => replace('api', 'end'),
  'a restart of PostgreSQL': () => postgres.restart('SIGINT').then(() => true),
  'a crash of PostgreSQL': () => postgres.restart('SIGQUIT').then(() => true),
  'a restart of Kafka': () => kafka.restart('SIGTERM').then(() => true),
  'a crash of Kafka': () => kafka.restart('SIGKILL').then(() => true),
};

/** Those that are most about who owns what come twice in a round. */
const ROUND = [...Object.keys(FAULTS), 'kill -9 of an engine', 'SIGSTOP of an engine', 'SIGTERM of an engine'];

/** One round, in which each kind comes, and then more until there has been time and load enough. */
async function makeFaults(): Promise<void> {
  const untilMs = performance.now() + MINUTES * 60_000;
  const isEnough = () => performance.now() >= untilMs && load.produced >= RECORDS_AMID_FAULTS_MIN;
  for (let round = 0; round === 0 || !isEnough(); round++) {
    for (const kind of shuffled(ROUND)) {
      if (round > 0 && isEnough()) return;
      await sleep(1_000 + dice.faults.below(3_000));
      if (await FAULTS[kind]!()) count(faults, kind);
    }
  }
}

function count(counts: Map<string, number>, kind: string): void {
  counts.set(kind, (counts.get(kind) ?? 0) + 1);
}

function shuffled<T>(items: readonly T[]): T[] {
  const rest = [...items];
  return items.map(() => rest.splice(dice.faults.below(rest.length), 1)[0]!);
}

/** One of a role, as soon as there is one that can be had. */
async function anyOf(role: Role): Promise<Member> {
  await eventually(() => crew.running(role).length > 0, `there is a process of ${role}`, PATIENCE_MS);
  const running = crew.running(role);
  return running[dice.faults.below(running.length)]!;
}

/** One goes, and another comes under its name, unless there are more than enough. */
async function replace(role: Role, how: 'kill' | 'end'): Promise<boolean> {
  const member = await anyOf(role);
  const isOneTooMany = role === 'engine' && crew.running(role).length > ENGINES;
  const ended = crew[how](member);
  if (isOneTooMany) {
    healing.push(ended);
    return true;
  }
  await ended;
  const successor = crew.launch(role, member.name);
  if (role !== 'api') return true;
  await successor.product.ready(START_PATIENCE_MS);
  setup.product = successor.product;
  return true;
}

/** Stands still for longer than it is waited for, and goes on with what it thinks is its own. */
async function freeze(role: Role, waitedForMs: number): Promise<boolean> {
  healing.push(crew.freeze(await anyOf(role), waitedForMs + 500 + dice.faults.below(4_000)));
  return true;
}

const CHANGES = [
  'vehicles subscribed',
  'webhook disabled and enabled',
  'vehicles unsubscribed and subscribed',
] as const;

/** Changes over REST whose effect the model knows exactly, one after the other. */
async function change(isOver: () => boolean): Promise<void> {
  const slow = watches.find(({ rule }) => rule === FLEET_RULES.slow)!;
  const left = watches.findLast(({ rule }) => rule === FLEET_RULES.fast)!;
  const status = (value: string) => () =>
    slow.developer.call('PUT', `/v1/webhooks/${slow.webhookId}`, { status: value });
  const list = { assetDIDs: leavers.map(({ did }) => did) };
  const subscription = (method: string, action: string) => () =>
    left.developer.call(method, `/v1/webhooks/${left.webhookId}/${action}/list`, list);
  for (let round = 0; !isOver(); round++) {
    await countChange('vehicles subscribed', () => subscribeLate(round));
    const disable = { off: status('disabled'), on: status('enabled') };
    await countChange('webhook disabled and enabled', () => pause(slow, switched, disable));
    const leave = { off: subscription('DELETE', 'unsubscribe'), on: subscription('POST', 'subscribe') };
    await countChange('vehicles unsubscribed and subscribed', () => pause(left, leavers, leave));
    await sleep(dice.changes.below(1_000));
  }
}

async function countChange(kind: (typeof CHANGES)[number], work: () => Promise<void>): Promise<void> {
  await work();
  count(changes, kind);
}

/** Vehicles that nobody had heard of: their first record is produced after the answer. */
async function subscribeLate(round: number): Promise<void> {
  const late = vehiclesWith('did', 10_000 + round * LATE_COUNT, LATE_COUNT);
  const rules: FleetRule[] = [FLEET_RULES.fast, FLEET_RULES.geared, FLEET_RULES.cooled];
  for (const { rule, developer, webhookId, vehicles } of watches.slice(0, 5)) {
    if (!rules.includes(rule)) continue;
    for (const { did } of late) vehicles.add(did);
    await insist(async () => {
      await developer.subscribe(
        webhookId,
        late.map(({ did }) => did),
      );
    });
  }
  load.add(late);
}

/**
 * A webhook is switched off for vehicles and on again: each time when nothing of theirs is under way, and they report at
 * once after the answer.
 */
async function pause(
  watch: { webhookId: string; pausedReports: Set<string> },
  vehicles: readonly FleetVehicle[],
  { off, on }: Record<'off' | 'on', () => Promise<Answer>>,
): Promise<void> {
  const reportId = `paused-${watch.pausedReports.size}`;
  watch.pausedReports.add(reportId);
  await settle(vehicles, watch.webhookId);
  await insist(async () => expectStatus(await off(), 200));
  load.add(vehicles, reportId);
  await sleep(500 + dice.changes.below(2_000));
  await settle(vehicles, watch.webhookId);
  await insist(async () => expectStatus(await on(), 200));
  load.add(vehicles);
}

/** Resolves when all that these vehicles have reported is evaluated and sent. */
async function settle(vehicles: readonly FleetVehicle[], webhookId: string): Promise<void> {
  await load.remove(vehicles);
  const markers = await load.mark(vehicles);
  const isThrough = () => [...markers].every(([did, value]) => arrived.markers.has(`${did} ${value}`));
  await eventually(isThrough, `the markers ${JSON.stringify([...markers])} have fired`, PATIENCE_MS);
  await eventually(() => isQueueEmpty(webhookId), 'nothing of the webhook is pending', PATIENCE_MS);
}

/** Until it is done: whoever is killed in the middle of an answer is asked again. */
async function insist(work: () => Promise<void>): Promise<void> {
  const done = async () => {
    await work();
    return true;
  };
  await eventually(done, 'the API has done it', PATIENCE_MS);
}

async function isQueueEmpty(webhookId?: string): Promise<boolean> {
  const rows = await query(
    `select 1 from outbox o join triggers t on t.endpoint_id = o.endpoint_id
     where $1::uuid is null or t.id = $1 limit 1`,
    [webhookId ?? null],
  );
  return rows.length === 0;
}

async function query(text: string, values: unknown[] = []): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: setup.database.url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query(text, values)).rows as Record<string, unknown>[];
  } finally {
    await client.end();
  }
}

function tell({ expected, repeats, startedMs }: { expected: Expected; repeats: number; startedMs: number }): void {
  const list = (counts: Map<string, number>) => [...counts].map(([kind, count]) => `${count} x ${kind}`).join(', ');
  const lines = [
    `seed ${SEED}: ${load.produced} records in ${Math.round((Date.now() - startedMs) / 1000)} s`,
    `${expected.firings.size} firings, ${expected.deadLetters.length} dead letters`,
    `${setup.receiver.received.length} deliveries, ${repeats} of them repeats`,
    `longest standstill ${Math.round(arrived.standstillMs)} ms`,
    `faults: ${list(faults)}`,
    `changes: ${list(changes)}`,
    ...crew.errors.slice(0, 10).map(({ member, msg }) => `an error line of ${member}: ${msg}`),
  ];
  process.stdout.write(`${lines.map((line) => `  ${line}\n`).join('')}`);
}
