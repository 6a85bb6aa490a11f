import { setTimeout as sleep } from 'node:timers/promises';
import type { Arrivals } from './arrivals.js';
import type { Bench, BenchContext, BenchReport } from './bench.js';
import { short, type Limit } from './comparison.js';
import { createTopics, PacedLoad, type Pace } from './paced-load.js';
import { metricOf, type ProductProcess } from './product-process.js';
import { quantile } from './quantile.js';
import { WholeProduct } from './whole-product.js';

const SETTINGS = {
  minutes: 20,
  /** 0: half of what a ramp finds to be the most. */
  recordsPerSecond: 0,
  firingEvery: 100,
  sampleSeconds: 5,
  warmUpPercent: 15,
  vehicles: 10_000,
  licenses: 20,
  partitions: 8,
};
type Settings = typeof SETTINGS;

/** The ramp: from a rate that any machine takes, by so much more, so long each, until records wait for longer than this. */
const RAMP = { firstPerSecond: 2_000, factor: 1.4, mostPerSecond: 60_000, seconds: 4, waitMost: 0.5 };
/** Records are counted again so often while the last of a step are waited for. */
const LOOK_MS = 50;

/**
 * What each sample has, how it is read, which of a third's samples count (the median if nothing else is said), and by how
 * much it may be more in the last third than in the first. Of the heap it is the least: all above it is garbage, of which
 * V8 lets more come together the longer a process runs.
 */
const WATCHED: readonly { what: string; metric: string; factor: number; share?: number; most: number }[] = [
  { what: 'resident memory, MiB', metric: 'process_resident_memory_bytes', factor: 2 ** -20, most: 1.15 },
  {
    what: 'heap after collections, MiB',
    metric: 'nodejs_heap_size_used_bytes',
    factor: 2 ** -20,
    share: 0,
    most: 1.15,
  },
  { what: 'event loop delay p99, ms', metric: 'nodejs_eventloop_lag_p99_seconds', factor: 1_000, most: 1.5 },
  { what: 'lag, records', metric: 'tripline_consumer_lag_records', factor: 1, most: 1.5 },
  { what: 'pending deliveries', metric: 'tripline_queue_depth', factor: 1, most: 1.5 },
  { what: 'oldest due, s', metric: 'tripline_queue_oldest_due_seconds', factor: 1, most: 1.5 },
];
/** Added to both sides of a ratio of numbers that are nearly nothing: a lag of two records is no more than one of none. */
const NEARLY_NOTHING = { 'lag, records': 100, 'pending deliveries': 50, 'oldest due, s': 1 } as Record<string, number>;

/** Whether anything grows while the product works for a long time. */
export const soak: Bench = {
  name: 'soak',
  summary: 'Memory, event loop and lag of the whole product under a steady load for a long time',
  defaults: SETTINGS,
  trial: { minutes: 0, recordsPerSecond: 500, sampleSeconds: 1, vehicles: 200, licenses: 2, partitions: 2 },
  isPartOfAll: false,
  run,
};

/** With 0 minutes. */
const TRIAL_SECONDS = 3;

interface Sample {
  atMs: number;
  values: number[];
  latenciesMs: number[];
}

async function run({ databaseUrl, settings, progress }: BenchContext): Promise<BenchReport> {
  const chosen = settings as Settings;
  return WholeProduct.with({ ...chosen, databaseUrl }, async (whole) => {
    const topics = await createTopics(whole.brokers, chosen.partitions);
    const [product] = await whole.start(['all'], topics);
    const load = await PacedLoad.connect(whole.brokers, topics);
    try {
      const parts = { load, product: product!, arrivals: whole.arrivals };
      const recordsPerSecond = chosen.recordsPerSecond || (await topRate(parts, chosen, progress)) / 2;
      await whole.arrivals.take();
      const pace = { ...chosen, recordsPerSecond, seconds: chosen.minutes * 60 || TRIAL_SECONDS };
      progress(`${Math.round(recordsPerSecond)} records/s for ${pace.seconds} s`);
      const samples = await watch(parts, pace, chosen, progress);
      const { missing } = await whole.arrivals.take();
      return report(samples, { pace, missing, warmUpPercent: chosen.warmUpPercent });
    } finally {
      await load.close();
      await product!.stop();
    }
  });
}

interface Parts {
  load: PacedLoad;
  product: ProductProcess;
  arrivals: Arrivals;
}

/** The most records a second that were processed as fast as they came, everything on this machine. */
async function topRate(
  { load, product, arrivals }: Parts,
  settings: Settings,
  progress: BenchContext['progress'],
): Promise<number> {
  let top = RAMP.firstPerSecond;
  const processed = () => product.metric('tripline_records_total');
  for (let rate = RAMP.firstPerSecond; rate <= RAMP.mostPerSecond; rate *= RAMP.factor) {
    const pace = { ...settings, recordsPerSecond: rate, seconds: RAMP.seconds };
    const wanted = (await processed()) + Math.round(rate * RAMP.seconds);
    const startedMs = performance.now();
    await load.send(pace, (value, dueMs) => arrivals.expect(value, dueMs));
    while ((await processed()) < wanted) await sleep(LOOK_MS);
    const tookS = (performance.now() - startedMs) / 1_000;
    progress(`ramp: ${Math.round(rate)} records/s took ${short(tookS)} s instead of ${RAMP.seconds}`);
    if (tookS > RAMP.seconds + RAMP.waitMost) return top;
    top = rate;
  }
  return top;
}

async function watch(
  { load, product, arrivals }: Parts,
  pace: Pace,
  { sampleSeconds }: Settings,
  progress: BenchContext['progress'],
): Promise<Sample[]> {
  const samples: Sample[] = [];
  const startedMs = performance.now();
  let isOver = false;
  const sending = load.send(pace, (value, dueMs) => arrivals.expect(value, dueMs)).finally(() => (isOver = true));
  sending.catch(() => undefined); // Awaited below.
  for (let next = 1; !isOver; next++) {
    await Promise.race([sending, sleep(Math.max(0, startedMs + next * sampleSeconds * 1_000 - performance.now()))]);
    const text = await product.metrics();
    const values = WATCHED.map(({ metric, factor }) => metricOf(text, metric) * factor);
    samples.push({ atMs: performance.now() - startedMs, values, latenciesMs: arrivals.takeArrived() });
    if (next % 12 === 0) progress(`${Math.round((next * sampleSeconds) / 60)} min: ${values.map(short).join(', ')}`);
  }
  await sending;
  return samples;
}

function report(
  samples: readonly Sample[],
  { pace, missing, warmUpPercent }: { pace: Pace; missing: number; warmUpPercent: number },
): BenchReport {
  const steady = samples.filter(({ atMs }) => atMs >= pace.seconds * 10 * warmUpPercent);
  const third = Math.max(1, Math.floor(steady.length / 3));
  const valueOf = (some: readonly Sample[], at: number) =>
    quantile(
      some.map(({ values }) => values[at]!),
      WATCHED[at]!.share ?? 0.5,
    );
  const limits: Limit[] = WATCHED.map(({ what, most }, at) => {
    const more = NEARLY_NOTHING[what] ?? 0;
    const [first, last] = [steady.slice(0, third), steady.slice(-third)].map((some) => valueOf(some, at) + more);
    return { what: `${what}: last third / first`, unit: 'times', values: [last! / first!], atMost: most };
  });
  const parts = [
    { name: 'warm-up', some: samples.slice(0, samples.length - steady.length) },
    { name: 'first third', some: steady.slice(0, third) },
    { name: 'second third', some: steady.slice(third, -third) },
    { name: 'last third', some: steady.slice(-third) },
  ].filter(({ some }) => some.length > 0);
  const rows = parts.map(({ name, some }) => {
    const latencies = some.flatMap(({ latenciesMs }) => latenciesMs);
    const shares = [0.5, 0.99].map((share) => short(quantile(latencies, share)));
    const until = `${name}, until ${Math.round(some.at(-1)!.atMs / 1_000)} s`;
    return [until, ...WATCHED.map((_one, at) => short(valueOf(some, at))), ...shares];
  });
  return {
    measured:
      `${Math.round(pace.recordsPerSecond)} records/s for ${Math.round(pace.seconds)} s, one in ${pace.firingEvery} firing, ` +
      `ROLE=all; medians of what /metrics said, of the heap the least, without the first ${warmUpPercent} % of the time.`,
    limits,
    details: {
      columns: ['time', ...WATCHED.map(({ what }) => what), 'record to request p50, ms', 'p99, ms'],
      rows,
    },
    findings: [
      `${missing} firings had not arrived at the end.`,
      'Before the ratio is taken, 100 records, 50 deliveries and 1 s are added to both sides of what is nearly nothing.',
    ],
  };
}
