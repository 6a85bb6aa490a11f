import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { IndexContents } from '../src/engine/index-contents.js';
import { Database } from '../src/store/database.js';
import { IndexLog } from '../src/store/index-log.js';
import type { Bench, BenchContext, BenchReport } from './bench.js';
import { fleetOf, SHAPES, type Shape, writeFleet } from './trigger-index-rows.js';
import { quantile } from './quantile.js';

const SETTINGS = { subscriptions: 1_000_000, rounds: 5 };
type Settings = typeof SETTINGS;

/** Rows of one `fetch` of the bare read. */
const PAGE = 5_000;

/** What the start of an engine costs: its index is loaded before it takes its first record. */
export const triggerIndex: Bench = {
  name: 'index',
  summary: 'The trigger index: its load from PostgreSQL, and its memory',
  defaults: SETTINGS,
  trial: { subscriptions: 10_000, rounds: 1 },
  isPartOfAll: true,
  run,
};

interface Timing {
  ms: number;
  longestBlockMs: number;
}

interface Round {
  shape: Shape;
  bare: Timing;
  load: Timing;
  bytes: number;
  size: IndexContents['size'];
}

async function run({ databaseUrl, settings: given, progress }: BenchContext): Promise<BenchReport> {
  const settings = given as Settings;
  const applicationName = 'tripline bench index';
  const database = await Database.open({ url: databaseUrl, controlPoolSize: 1, dataPoolSize: 2, applicationName });
  const rounds: Round[] = [];
  try {
    for (const shape of SHAPES) {
      const count = await writeFleet(database, shape, fleetOf(settings.subscriptions));
      progress(`${shape}: ${count} subscriptions`);
      // The first round warms everything up and does not count.
      for (let round = 0; round <= settings.rounds; round++) {
        const measured = await runRound(database, shape);
        progress(
          `${shape}, round ${round} of ${settings.rounds}: rows ${ms(measured.bare)}, load ${ms(measured.load)}`,
        );
        if (round > 0) rounds.push(measured);
      }
    }
  } finally {
    await database.close();
  }
  return report(rounds);
}

async function runRound(database: Database, shape: Shape): Promise<Round> {
  const bare = await timed(() => readRows(database));
  const before = memory();
  const contents = new IndexContents();
  const load = await timed(() => new IndexLog(database).load(contents.loader()));
  const bytes = memory() - before;
  return { shape, bare, load, bytes, size: contents.size };
}

/** Reads the same rows through a cursor, and does nothing with them. */
async function readRows(database: Database): Promise<void> {
  await database.session(async (client) => {
    await client.query('begin read only; set local enable_seqscan = on; set local cursor_tuple_fraction = 1');
    for (const sql of ['select * from triggers', 'select trigger_id, vehicle from subscriptions']) {
      await client.query(`declare bare no scroll cursor for ${sql}`);
      while ((await client.query(`fetch ${PAGE} from bare`)).rows.length === PAGE);
      await client.query('close bare');
    }
    await client.query('commit');
  });
}

async function timed(work: () => Promise<unknown>): Promise<Timing> {
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

function report(rounds: readonly Round[]): BenchReport {
  const of = (shape: Shape) => rounds.filter((round) => round.shape === shape);
  const median = (shape: Shape, value: (round: Round) => number) => quantile(of(shape).map(value), 0.5);
  const ratio = (shape: Shape) => median(shape, ({ bare, load }) => load.ms / bare.ms).toFixed(2);
  const bytes = (shape: Shape) => median(shape, (round) => round.bytes / round.size.subscriptions).toFixed(0);
  const row = (name: string, { bare, load, bytes: used, size }: Round) => [
    ...[name, String(size.subscriptions), String(size.sets), ms(bare), ms(load), (load.ms / bare.ms).toFixed(2)],
    ...[`${bare.longestBlockMs.toFixed(0)} ms`, `${load.longestBlockMs.toFixed(0)} ms`],
    (used / size.subscriptions).toFixed(0),
  ];
  return {
    measured:
      'In turn: all rows of triggers and subscriptions read with bare pg, and an index loaded. `shared`: vehicles of a ' +
      'few licenses each, many with the same triggers. `random`: ten triggers by chance, a set of its own for each vehicle.',
    details: {
      columns: ['round', 'subscriptions', 'sets', 'rows', 'load', 'ratio', 'block, rows', 'block, load', 'bytes each'],
      rows: SHAPES.flatMap((shape) => of(shape).map((round, at) => row(`${shape} ${at + 1}`, round))),
    },
    findings: SHAPES.map(
      (shape) =>
        `\`${shape}\`: the load takes ${ratio(shape)} times what reading the rows does, ${bytes(shape)} bytes a subscription; ` +
        `no turn is longer than ${Math.max(...of(shape).map(({ load }) => load.longestBlockMs)).toFixed(0)} ms (medians; the longest of all).`,
    ),
  };
}

function ms(timing: Timing): string {
  return `${timing.ms.toFixed(0)} ms`;
}
