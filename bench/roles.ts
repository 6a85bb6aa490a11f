import { setTimeout as sleep } from 'node:timers/promises';
import type { Bench, BenchContext, BenchReport } from './bench.js';
import { short } from './comparison.js';
import { createTopics, PacedLoad } from './paced-load.js';
import { metricOf, type ProductProcess } from './product-process.js';
import { quantile } from './quantile.js';
import { WholeProduct } from './whole-product.js';

const SETTINGS = {
  slowPerSecond: 500,
  fastPerSecond: 2_000,
  seconds: 6,
  /** How many records come at once. */
  burst: 40_000,
  /** The same where each fires. */
  firingBurst: 4_000,
  listsPerSecond: 50,
  rounds: 3,
  vehicles: 2_000,
  licenses: 20,
  partitions: 8,
};
type Settings = typeof SETTINGS;

const LAYOUTS = [
  { name: 'one process', roles: ['all'] },
  { name: 'three processes', roles: ['engine', 'api', 'delivery'] },
] as const;
const ONE_IN_A_HUNDRED = 100;
const LOOK_MS = 20;
/** Bursts are sent faster than anybody reads. */
const BURST_PER_SECOND = 1_000_000;

/** How much the stages hold each other up when they share a process, and so an event loop. */
export const roles: Bench = {
  name: 'roles',
  summary: 'The whole product in one process beside three of a role each, while lists are read over REST',
  defaults: SETTINGS,
  trial: {
    slowPerSecond: 100,
    fastPerSecond: 200,
    seconds: 1,
    burst: 200,
    firingBurst: 50,
    rounds: 1,
    vehicles: 200,
    licenses: 2,
    partitions: 2,
  },
  isPartOfAll: false,
  run,
};

/** By what was measured: one value, or many, for each round. */
type Results = Map<string, number[]>;

async function run({ databaseUrl, settings, progress }: BenchContext): Promise<BenchReport> {
  const chosen = settings as Settings;
  return WholeProduct.with({ ...chosen, databaseUrl }, async (whole) => {
    const results = LAYOUTS.map((): Results => new Map());
    for (let round = 1; round <= chosen.rounds; round++) {
      const turns = [...LAYOUTS.entries()];
      for (const [at, { name, roles: each }] of round % 2 === 0 ? turns.toReversed() : turns) {
        progress(`round ${round}: ${name}`);
        await measure(whole, each, chosen, (what, values) =>
          results[at]!.set(what, [...(results[at]!.get(what) ?? []), ...values]),
        );
      }
    }
    return report(results, chosen);
  });
}

async function measure(
  whole: WholeProduct,
  each: readonly string[],
  settings: Settings,
  note: (what: string, values: readonly number[]) => void,
): Promise<void> {
  const topics = await createTopics(whole.brokers, settings.partitions);
  const processes = await whole.start(each, topics);
  const load = await PacedLoad.connect(whole.brokers, topics);
  const api = processes[Math.max(0, each.indexOf('api'))]!;
  const lists = new Lists(api.apiUrl, await whole.token(), settings.listsPerSecond);
  const parts = { whole, load, processes };
  try {
    await paced(parts, settings, settings.fastPerSecond / 2); // Warms up.
    for (const perSecond of [settings.slowPerSecond, settings.fastPerSecond]) {
      lists.begin();
      const latenciesMs = await paced(parts, settings, perSecond);
      note(`record to request at ${perSecond}/s`, latenciesMs);
      note(`list at ${perSecond}/s`, await lists.end());
    }
    const bursts = [
      { name: 'one in a hundred firing', records: settings.burst, firingEvery: ONE_IN_A_HUNDRED },
      { name: 'all firing', records: settings.firingBurst, firingEvery: 1 },
    ];
    for (const { name, ...burst } of bursts) {
      lists.begin();
      note(`records/s, ${name}`, [await drained(parts, settings, burst)]);
      note(`list, ${name}`, await lists.end());
    }
  } finally {
    await load.close();
    await Promise.all(processes.map((one) => one.stop()));
  }
}

interface Parts {
  whole: WholeProduct;
  load: PacedLoad;
  processes: readonly ProductProcess[];
}

async function paced({ whole, load }: Parts, settings: Settings, recordsPerSecond: number): Promise<number[]> {
  const pace = { ...settings, recordsPerSecond, firingEvery: ONE_IN_A_HUNDRED };
  await load.send(pace, (value, dueMs) => whole.arrivals.expect(value, dueMs));
  return (await whole.arrivals.take()).latenciesMs;
}

/** Records a second, from the first that is sent until the last is processed and all that fired is delivered. */
async function drained(
  { load, processes }: Parts,
  settings: Settings,
  { records, firingEvery }: { records: number; firingEvery: number },
): Promise<number> {
  const done = async () => {
    const all = await Promise.all(processes.map((one) => one.metrics()));
    return ['tripline_records_total', 'tripline_deliveries_total'].map((name) =>
      all.reduce((sum, text) => sum + metricOf(text, name), 0),
    );
  };
  const [recordsBefore, deliveriesBefore] = await done();
  const startedMs = performance.now();
  const pace = { ...settings, recordsPerSecond: BURST_PER_SECOND, seconds: records / BURST_PER_SECOND, firingEvery };
  await load.send(pace, () => undefined);
  for (;;) {
    const [processed, delivered] = await done();
    const isProcessed = processed! - recordsBefore! >= records;
    if (isProcessed && delivered! - deliveriesBefore! >= Math.floor(records / firingEvery)) break;
    await sleep(LOOK_MS);
  }
  return records / ((performance.now() - startedMs) / 1_000);
}

/** Reads a list over REST, so many times a second, whatever becomes of it. */
class Lists {
  private latenciesMs: number[] = [];
  private readonly open = new Set<Promise<void>>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly url: string,
    private readonly token: string,
    private readonly perSecond: number,
  ) {}

  begin(): void {
    this.latenciesMs = [];
    this.timer = setInterval(() => {
      const reading = this.read().finally(() => this.open.delete(reading));
      this.open.add(reading);
    }, 1_000 / this.perSecond);
  }

  /** How long each took since `begin`, ms. */
  async end(): Promise<number[]> {
    clearInterval(this.timer);
    await Promise.all(this.open);
    return this.latenciesMs;
  }

  private async read(): Promise<void> {
    const startedMs = performance.now();
    const answer = await fetch(`${this.url}/v1/webhooks`, { headers: { authorization: `Bearer ${this.token}` } });
    if (!answer.ok) throw new Error(`a list was answered ${answer.status}`);
    await answer.text();
    this.latenciesMs.push(performance.now() - startedMs);
  }
}

function report(results: readonly Results[], { rounds }: Settings): BenchReport {
  const row = (what: string, share: number) => {
    const [one, three] = results.map((result) => quantile(result.get(what)!, share));
    const shown = what.startsWith('records/s') ? what : `${what}, p${share * 100}, ms`;
    return [shown, short(one!), short(three!), short(three! / one!)];
  };
  const rows = [...results[0]!.keys()].flatMap((what) =>
    what.startsWith('records/s') ? [row(what, 0.5)] : [row(what, 0.5), row(what, 0.99)],
  );
  return {
    measured: `Latencies of all ${rounds} rounds together, rates as the median of the rounds; lists are read meanwhile.`,
    details: { columns: ['what', ...LAYOUTS.map(({ name }) => name), 'three / one'], rows },
    findings: [
      'Three processes share no loop and no heap, so that threads could process no more in a second, and keep lists waiting ' +
        'no less. Of latency they say nothing about threads: theirs includes a notification through PostgreSQL.',
    ],
  };
}
