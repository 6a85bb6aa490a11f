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
import { Crew, START_PATIENCE_MS, type Role } from '../support/crew.js';
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
import { readTopics } from '../support/topic-reader.js';

const SEED = Number(process.env.TEST_SEED ?? Date.now() % 1_000_000_000);
const MINUTES = Number(process.env.CHAOS_MINUTES ?? 0);
const RECORDS_MIN = 40_000;
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
    load.add([...keyed, ...keyedOtherwise, ...scattered, ...switched, ...leavers]);
    const startedMs = Date.now();
    load.start();
    let areFaultsOver = false;
    const changing = change(() => areFaultsOver);
    changing.catch(() => undefined); // Its failure is told where it is awaited.
    await makeFaults();
    areFaultsOver = true;
    await changing;
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
    expect(await stored()).toEqual(storedOf(expected));
    expect(crew.errors.filter(({ msg }) => /duplicate|not_storable|refuse/i.test(msg))).toEqual([]);
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

/** The kinds of faults. Each resolves when the next may come, which may be before what it broke is whole again. */
const FAULTS: Record<string, () => Promise<void>> = {
  'kill -9 of an engine': () => replace('engine', 'kill'),
  'SIGTERM of an engine': () => replace('engine', 'end'),
  'SIGSTOP of an engine': () => freeze('engine', SESSION_MS),
  'an engine joins': () => {
    if (crew.running('engine').length < ENGINES_MAX) crew.launch('engine');
    return Promise.resolve();
  },
  'kill -9 of a sender': () => replace('delivery', 'kill'),
  'SIGTERM of a sender': () => replace('delivery', 'end'),
  'SIGSTOP of a sender': () => freeze('delivery', LEASE_SECONDS * 1_000),
  'kill -9 of the API': () => replace('api', 'kill'),
  'SIGTERM of the API': () => replace('api', 'end'),
  'a restart of PostgreSQL': () => postgres.restart('SIGINT'),
  'a crash of PostgreSQL': () => postgres.restart('SIGQUIT'),
  'a restart of Kafka': () => kafka.restart('SIGTERM'),
  'a crash of Kafka': () => kafka.restart('SIGKILL'),
};

/** Those that are most about who owns what come twice in a round. */
const ROUND = [...Object.keys(FAULTS), 'kill -9 of an engine', 'SIGSTOP of an engine', 'SIGTERM of an engine'];

async function makeFaults(): Promise<void> {
  const untilMs = performance.now() + MINUTES * 60_000;
  do {
    for (const kind of shuffled(ROUND)) {
      await sleep(1_000 + dice.faults.below(3_000));
      faults.set(kind, (faults.get(kind) ?? 0) + 1);
      await FAULTS[kind]!();
    }
  } while (performance.now() < untilMs);
}

function shuffled<T>(items: readonly T[]): T[] {
  const rest = [...items];
  return items.map(() => rest.splice(dice.faults.below(rest.length), 1)[0]!);
}

/** One goes, and another comes under its name, unless there are more than enough. */
async function replace(role: Role, how: 'kill' | 'end'): Promise<void> {
  const running = crew.running(role);
  const member = running[dice.faults.below(running.length)];
  if (!member) return;
  const ended = crew[how](member);
  if (role === 'engine' && running.length > ENGINES) return void healing.push(ended);
  await ended;
  const successor = crew.launch(role, member.name);
  if (role !== 'api') return;
  await successor.product.ready(START_PATIENCE_MS);
  setup.product = successor.product;
}

/** Stands still for longer than it is waited for, and goes on with what it thinks is its own. */
function freeze(role: Role, waitedForMs: number): Promise<void> {
  const running = crew.running(role);
  const member = running[dice.faults.below(running.length)];
  if (member) healing.push(crew.freeze(member, waitedForMs + 500 + dice.faults.below(4_000)));
  return Promise.resolve();
}

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

async function countChange(kind: string, work: () => Promise<void>): Promise<void> {
  await work();
  changes.set(kind, (changes.get(kind) ?? 0) + 1);
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

/** What the database says in the end, in the words of `storedOf`. */
async function stored(): Promise<ReturnType<typeof storedOf>> {
  const [pending, others, events, letters, deliveries, states] = [
    await query('select id from outbox'),
    await query(`select type from events where type like 'stream.%' or type like '%.failed'`),
    await query(`select id from events where type = 'trigger.fired' order by id`),
    await query(
      `select topic, partition, record_offset as offset, sample_index as index, sum(1 + suppressed) as count
       from dead_letters group by 1, 2, 3, 4 order by 1, 2, 3, 4`,
    ),
    await query('select status, count(*)::int from deliveries group by 1'),
    await query('select trigger_id, vehicle, sequence from states where sequence > 0 order by 1, 2'),
  ];
  return {
    pending: pending.length,
    otherEvents: others.map(({ type }) => String(type)),
    events: events.map(({ id }) => String(id)),
    deadLetters: letters.map(({ topic, partition, offset, index, count }) =>
      [topic, partition, offset, index ?? '-', count].join(' '),
    ),
    deliveries: deliveries.map(({ status, count }) => `${String(status)} ${String(count)}`),
    counts: states.map(({ trigger_id: id, vehicle, sequence }) => [id, vehicle, sequence].join(' ')).sort(),
  };
}

function storedOf({ firings, deadLetters }: Expected) {
  const counts = new Map<string, number>();
  for (const { webhookId, vehicle } of firings.values()) {
    const key = `${webhookId} ${vehicle}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return {
    pending: 0,
    otherEvents: [] as string[],
    events: [...firings.keys()].sort(),
    deadLetters: deadLetters.map(({ topic, partition, offset, index }) =>
      [topic, partition, offset, index ?? '-', 1].join(' '),
    ),
    deliveries: [`delivered ${firings.size}`],
    counts: [...counts].map(([key, count]) => `${key} ${count}`).sort(),
  };
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
