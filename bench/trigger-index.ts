import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { IndexContents } from '../src/engine/index-contents.js';
import { Database } from '../src/store/database.js';
import { IndexLog } from '../src/store/index-log.js';
import type { Bench, BenchContext, BenchReport } from './bench.js';
import { inTurn, type Round } from './comparison.js';
import { readRows } from './floor/pg-rows.js';
import { fleetOf, SHAPES, type Shape, writeFleet } from './trigger-index-rows.js';
import { quantile } from './quantile.js';

const SETTINGS = { subscriptions: 1_000_000, rounds: 3 };
type Settings = typeof SETTINGS;

const AT_MOST = 1.3;
const BYTES_MOST = 120;

/** What the start of an engine costs: its index is loaded before it takes its first record. */
export const triggerIndex: Bench = {
  name: 'index',
  summary: 'The trigger index: its load from PostgreSQL, and its memory',
  defaults: SETTINGS,
  trial: { subscriptions: 20_000, rounds: 1 },
  isPartOfAll: true,
  run,
};

interface Load {
  ms: number;
  longestBlockMs: number;
  /** In use because of it, for each subscription. */
  bytesEach: number;
  size: IndexContents['size'];
}

interface Measured {
  shape: Shape;
  rounds: Round[];
  loads: Load[];
}

async function run({ databaseUrl, settings: given, progress }: BenchContext): Promise<BenchReport> {
  const settings = given as Settings;
  const applicationName = 'tripline bench index';
  const database = await Database.open({ url: databaseUrl, controlPoolSize: 1, dataPoolSize: 2, applicationName });
  const measured: Measured[] = [];
  try {
    for (const shape of SHAPES) {
      const count = await writeFleet(database, shape, fleetOf(settings.subscriptions));
      progress(`${shape}: ${count} subscriptions`);
      const loads: Load[] = [];
      const measure = {
        floor: async () => (await timed(() => readRows(database))).ms,
        ours: async () => loads[loads.push(await load(database)) - 1]!.ms,
      };
      // Warms everything up and does not count.
      await inTurn(1, measure, () => undefined);
      const rounds = await inTurn(settings.rounds, measure, progress);
      measured.push({ shape, rounds, loads: loads.slice(1) });
    }
  } finally {
    await database.close();
  }
  return report(measured);
}

async function load(database: Database): Promise<Load> {
  const before = memory();
  const contents = new IndexContents();
  const timing = await timed(() => new IndexLog(database).load(contents.loader()));
  const bytes = memory() - before;
  // Asked last: until then the index is in use, and no garbage.
  const { size } = contents;
  return { ...timing, bytesEach: bytes / size.subscriptions, size };
}

async function timed(work: () => Promise<unknown>): Promise<Pick<Load, 'ms' | 'longestBlockMs'>> {
  collectGarbage();
  const delays = monitorEventLoopDelay({ resolution: 1 });
  delays.enable();
  const startedMs = performance.now();
  await work();
  const elapsedMs = performance.now() - startedMs;
  delays.disable();
  return { ms: elapsedMs, longestBlockMs: delays.max / 1e6 };
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Bytes that are in use once the garbage is gone. */
function memory(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function report(measured: readonly Measured[]): BenchReport {
  const median = (loads: readonly Load[], value: (load: Load) => number) => quantile(loads.map(value), 0.5);
  return {
    measured:
      'All rows of triggers and subscriptions read with bare pg, and an index loaded. `shared`: vehicles of a few ' +
      'licenses each, many with the same triggers. `random`: ten triggers by chance, a set of its own for each vehicle.',
    comparisons: measured.map(({ shape, rounds }) => {
      return { what: `load, ${shape}`, unit: 'ms', rounds, target: { kind: 'at most', ratio: AT_MOST } };
    }),
    limits: measured.map(({ shape, loads }) => {
      const values = loads.map(({ bytesEach }) => bytesEach);
      return { what: `memory of a subscription, ${shape}`, unit: 'bytes', values, atMost: BYTES_MOST };
    }),
    findings: measured.map(
      ({ shape, loads }) =>
        `\`${shape}\`: ${loads[0]!.size.subscriptions} subscriptions of ${loads[0]!.size.sets} different sets; ` +
        `no turn of a load is longer than ${median(loads, ({ longestBlockMs }) => longestBlockMs).toFixed(0)} ms (median).`,
    ),
  };
}
