import { randomBytes } from 'node:crypto';
import type { TelemetryTopics } from '../dev/demo/telemetry-producer.js';
import type { Arrivals } from './arrivals.js';
import type { Bench, BenchContext, BenchReport } from './bench.js';
import { besideDisk } from './beside-disk.js';
import { type Child, startChild } from './child-process.js';
import { short, type Comparison, type Limit } from './comparison.js';
import { FIRING_ABOVE } from './firing-fleet.js';
import type { ConsumeAndPost } from './floor/consume-and-post.js';
import { createTopics, PacedLoad } from './paced-load.js';
import { quantile } from './quantile.js';
import { WholeProduct } from './whole-product.js';

const SETTINGS = {
  slowPerSecond: 500,
  slowSeconds: 15,
  fastPerSecond: 2_000,
  fastSeconds: 4,
  firingEvery: 100,
  rounds: 3,
  warmUpSeconds: 3,
  vehicles: 2_000,
  licenses: 20,
  partitions: 8,
};
type Settings = typeof SETTINGS;

/** Of the product at the lower rate. */
const [P50_MOST_MS, P99_MOST_MS] = [10, 50];
const FLOOR_RATIO_MOST = 3;
const CONCURRENCY = 100;

/** How long it takes from a record to the request that tells of it. */
export const latency: Bench = {
  name: 'latency',
  summary: 'From a record in Kafka to the request at the receiver',
  defaults: SETTINGS,
  trial: { slowSeconds: 1, fastSeconds: 1, slowPerSecond: 500, fastPerSecond: 500, rounds: 1, warmUpSeconds: 0 },
  isPartOfAll: true,
  run,
};

type Side = 'floor' | 'ours';
const SIDES: readonly Side[] = ['floor', 'ours'];

/** What was seen of one side at one rate: each slice's latencies, and how late the load itself was. */
interface Seen {
  slices: number[][];
  missing: number;
  lateMs: number[];
}

interface Measured {
  perSecond: number;
  seen: Record<Side, Seen>;
}

async function run({ databaseUrl, settings, progress }: BenchContext): Promise<BenchReport> {
  const chosen = settings as Settings;
  return WholeProduct.with({ ...chosen, databaseUrl }, (whole) =>
    withBothSides(whole, chosen, (loads) => besideDisk(() => rounds(loads, whole.arrivals, chosen, progress))),
  );
}

async function rounds(
  loads: Record<Side, PacedLoad>,
  arrivals: Arrivals,
  chosen: Settings,
  progress: BenchContext['progress'],
): Promise<BenchReport> {
  const { slowPerSecond, slowSeconds, fastPerSecond, fastSeconds, warmUpSeconds } = chosen;
  const measure = async (side: Side, recordsPerSecond: number, seconds: number) => {
    const pace = { ...chosen, recordsPerSecond, seconds };
    const lateMs = await loads[side].send(pace, (value, dueMs) => arrivals.expect(value, dueMs));
    return { ...(await arrivals.take()), lateMs };
  };
  for (const side of SIDES) await measure(side, fastPerSecond, warmUpSeconds);
  const rates = [
    { perSecond: slowPerSecond, seconds: slowSeconds },
    { perSecond: fastPerSecond, seconds: fastSeconds },
  ];
  const none = (): Seen => ({ slices: [], missing: 0, lateMs: [] });
  const measured = rates.map(({ perSecond }): Measured => ({ perSecond, seen: { floor: none(), ours: none() } }));
  for (let round = 1; round <= chosen.rounds; round++) {
    for (const [at, { perSecond, seconds }] of rates.entries()) {
      for (const side of round % 2 === 0 ? SIDES.toReversed() : SIDES) {
        const { latenciesMs, missing, lateMs } = await measure(side, perSecond, seconds);
        const [p50, p99] = [0.5, 0.99].map((share) => short(quantile(latenciesMs, share)));
        progress(
          `round ${round}: ${perSecond}/s, ${side}: p50 ${p50} ms, p99 ${p99} ms, ${latenciesMs.length} firings`,
        );
        const seen = measured[at]!.seen[side];
        seen.slices.push(latenciesMs);
        seen.missing += missing;
        seen.lateMs.push(...lateMs);
      }
    }
  }
  return report(measured);
}

/** Both are there all the time, warm, and read topics of their own: whose turn it is has all records. */
async function withBothSides(
  whole: WholeProduct,
  { partitions }: Settings,
  use: (loads: Record<Side, PacedLoad>) => Promise<BenchReport>,
): Promise<BenchReport> {
  const { brokers } = whole;
  const stops: (() => Promise<unknown>)[] = [];
  try {
    const topics = { floor: await createTopics(brokers, partitions), ours: await createTopics(brokers, partitions) };
    const floor = await startFloor(whole, topics.floor);
    stops.unshift(() => floor.stop());
    const [product] = await whole.start(['all'], topics.ours);
    stops.unshift(() => product!.stop());
    const loads = {
      floor: await PacedLoad.connect(brokers, topics.floor),
      ours: await PacedLoad.connect(brokers, topics.ours),
    };
    stops.unshift(() => Promise.all(Object.values(loads).map((load) => load.close())));
    return await use(loads);
  } finally {
    for (const stop of stops) await stop();
  }
}

function startFloor({ brokers, arrivals, caFile }: WholeProduct, topics: TelemetryTopics): Promise<Child<unknown>> {
  const settings: ConsumeAndPost = {
    brokers,
    topic: topics.signals,
    groupId: `floor-${randomBytes(4).toString('hex')}`,
    above: FIRING_ABOVE,
    origin: `https://${arrivals.address}`,
    concurrency: CONCURRENCY,
  };
  return startChild('floor/consume-and-post.js', { settings, environment: { NODE_EXTRA_CA_CERTS: caFile } });
}

function report(measured: readonly Measured[]): BenchReport {
  const comparisons = measured.flatMap(({ perSecond, seen }) => [
    compared(`p50 at ${perSecond}/s`, seen, (slices) => slices.map((slice) => quantile(slice, 0.5))),
    // All slices together: a hundredth of one alone is a single request or none.
    compared(`p99 at ${perSecond}/s`, seen, (slices) => [quantile(slices.flat(), 0.99)]),
  ]);
  const [{ perSecond, seen }] = measured as [Measured];
  const limits: Limit[] = [
    { share: 0.5, atMost: P50_MOST_MS },
    { share: 0.99, atMost: P99_MOST_MS },
  ].map(({ share, atMost }) => ({
    what: `p${share * 100} at ${perSecond}/s, ours alone`,
    unit: 'ms',
    values: [quantile(seen.ours.slices.flat(), share)],
    atMost,
  }));
  const rows = measured.flatMap(({ perSecond: rate, seen: sides }) =>
    SIDES.map((side) => {
      const { slices, missing, lateMs } = sides[side];
      const all = slices.flat();
      const shares = [0.1, 0.5, 0.9, 0.99, 1].map((share) => short(quantile(all, share)));
      return [`${rate}/s`, side, String(all.length), ...shares, String(missing), short(quantile(lateMs, 0.5))];
    }),
  );
  return {
    measured:
      'From the moment that a record was due to be sent, fixed beforehand, until the request that tells of it had arrived ' +
      'as a whole, in ms; broker, receiver, load, PostgreSQL and what is measured are processes of one machine.',
    comparisons,
    limits,
    details: {
      columns: ['records', 'side', 'firings', 'p10', 'p50', 'p90', 'p99', 'longest', 'missing', 'load late, p50'],
      rows,
    },
    findings: [
      'The floor remembers nothing and keeps nothing: what is under way when it dies is lost. Ours has stored the firing ' +
        'before it is sent, asked for the permission, and signed.',
    ],
  };
}

function compared(what: string, seen: Record<Side, Seen>, of: (slices: readonly number[][]) => number[]): Comparison {
  const [floors, ours] = [of(seen.floor.slices), of(seen.ours.slices)];
  return {
    what,
    unit: 'ms',
    rounds: floors.map((floor, round) => ({ floor, ours: ours[round]! })),
    target: { kind: 'at most', ratio: FLOOR_RATIO_MOST },
  };
}
