import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Broker } from '../dev/broker/broker.js';
import { Database } from '../src/store/database.js';
import type { Bench, BenchContext, BenchReport } from './bench.js';
import { addFleet, fillTopics, type FilledTopics } from './engine-fleet.js';
import { quantile } from './quantile.js';

const SETTINGS = { records: 120_000, vehicles: 2_000, partitions: 8, enginesMost: 2, rounds: 3 };
type Settings = typeof SETTINGS;

/** How often a record makes a trigger fire: never, one in a hundred, each. */
const LOADS = [
  { name: 'none', firingEvery: 0, share: 1 },
  { name: '1 %', firingEvery: 100, share: 1 },
  // Slower by far: fewer of them tell as much.
  { name: 'all', firingEvery: 1, share: 0.2 },
] as const;

/** What is read first, and last, is not counted: not every engine has joined, or still has something to do. */
const MARGIN = 0.1;
const LOOK_MS = 50;

/** How much more several engine processes do on one machine, PostgreSQL and Kafka beside them. */
export const engines: Bench = {
  name: 'engines',
  summary: 'Records a second through one and more engine processes',
  defaults: SETTINGS,
  trial: { records: 2_000, vehicles: 100, partitions: 2, enginesMost: 1, rounds: 1 },
  isPartOfAll: false,
  run,
};

interface Load {
  name: string;
  firingEvery: number;
  records: number;
  topics: FilledTopics;
}

async function run({ databaseUrl, settings, progress }: BenchContext): Promise<BenchReport> {
  const chosen = settings as Settings;
  const given = process.env.KAFKA_BROKERS;
  const broker = given ? undefined : await Broker.start({ retentionBytes: 512 * 1024 * 1024 });
  const brokers = given ?? broker!.address;
  const database = await Database.open({
    url: databaseUrl,
    controlPoolSize: 1,
    dataPoolSize: 2,
    applicationName: 'bench',
  });
  try {
    await addFleet(database, chosen.vehicles);
    const loads: Load[] = [];
    for (const { name, firingEvery, share } of LOADS) {
      const records = Math.round(chosen.records * share);
      progress(`filling topics: ${records} records, ${name} firing`);
      loads.push({
        name,
        firingEvery,
        records,
        topics: await fillTopics(brokers, { ...chosen, records, firingEvery }),
      });
    }
    const rates = new Map<string, number[]>();
    for (let round = 1; round <= chosen.rounds; round++) {
      for (const load of loads) {
        for (let count = 1; count <= chosen.enginesMost; count++) {
          const rate = await measure({ database, databaseUrl, brokers, load, count });
          progress(`round ${round}: ${load.name} firing, ${count} engines: ${Math.round(rate)} records/s`);
          rates.set(`${load.name} ${count}`, [...(rates.get(`${load.name} ${count}`) ?? []), rate]);
        }
      }
    }
    return report(loads, rates, chosen);
  } finally {
    await database.close();
    await broker?.stop();
  }
}

/** One run from the first record of a topic to its last, as a group of its own that nobody has read for before. */
async function measure(run: {
  database: Database;
  databaseUrl: string;
  brokers: string;
  load: Load;
  count: number;
}): Promise<number> {
  const { database, databaseUrl, brokers, load, count } = run;
  await database.pool.query('truncate stream_positions, states, events, outbox, deliveries');
  const group = `bench-${randomBytes(4).toString('hex')}`;
  const environment = {
    PATH: process.env.PATH,
    ...{ ROLE: 'engine', HOST: '127.0.0.1', PORT: '0', MON_PORT: '0', LOG_LEVEL: 'error' },
    ...{ DATABASE_URL: databaseUrl, KAFKA_BROKERS: brokers, KAFKA_GROUP_ID: group },
    ...{ DEVICE_SIGNALS_TOPIC: load.topics.signals, DEVICE_EVENTS_TOPIC: load.topics.events },
    ...{ JWK_KEY_SET_URL: 'http://127.0.0.1:9/', SECRET_ENCRYPTION_KEY: randomBytes(32).toString('base64') },
    // What is measured is the engine, not its quota.
    ...{ QUOTA_FIRINGS_PER_MINUTE: '100000000', QUOTA_PENDING_DELIVERIES: '100000000' },
  };
  const start = (name: number) =>
    spawn(process.execPath, ['dist/main.js'], {
      env: { ...environment, INSTANCE_NAME: `engine-${name}` },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
  const processes = Array.from({ length: count }, (_, name) => start(name));
  const ended = processes.map(async (child) => {
    const [code] = (await once(child, 'exit')) as [number | null];
    throw new Error(`an engine ended by itself with code ${code}`);
  });
  for (const end of ended) end.catch(() => undefined); // All of them do, in the end.
  try {
    return await Promise.race([rateOf(database, load), ...ended]);
  } finally {
    await Promise.all(processes.map(stop));
  }
}

/** Records a second between the first and the last tenth. */
async function rateOf(database: Database, { records, topics }: Load): Promise<number> {
  const looks: { atMs: number; done: number }[] = [];
  for (;;) {
    const { rows } = await database.pool.query<{ done: string }>(
      'select coalesce(sum(next_offset), 0) as done from stream_positions where topic = $1',
      [topics.signals],
    );
    const done = Number(rows[0]!.done);
    looks.push({ atMs: performance.now(), done });
    if (done >= records) break;
    await sleep(LOOK_MS);
  }
  const counted = looks.filter((look) => look.done >= records * MARGIN && look.done <= records * (1 - MARGIN));
  const [first, last] =
    counted.length > 1 ? [counted[0]!, counted.at(-1)!] : [looks.findLast(({ done }) => done === 0)!, looks.at(-1)!];
  return ((last.done - first.done) / (last.atMs - first.atMs)) * 1_000;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}

function report(loads: readonly Load[], rates: ReadonlyMap<string, number[]>, { enginesMost }: Settings): BenchReport {
  const median = (load: Load, count: number) => quantile(rates.get(`${load.name} ${count}`)!, 0.5);
  const rows = loads.flatMap((load) =>
    Array.from({ length: enginesMost }, (_, place) => {
      const rate = median(load, place + 1);
      return [load.name, String(place + 1), String(Math.round(rate)), (rate / median(load, 1)).toFixed(2)];
    }),
  );
  return {
    measured:
      'Positions stored in PostgreSQL, from the first to the last tenth of a topic; each vehicle has 3 subscriptions.',
    details: { columns: ['firing', 'engines', 'records/s', 'times one engine'], rows },
    findings: [
      'Broker, PostgreSQL and engines share the processors of one machine: more engines than these can only lose.',
    ],
  };
}
