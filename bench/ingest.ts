import type { Bench, BenchContext, BenchReport } from './bench.js';
import { type Comparison, inTurn, type Round } from './comparison.js';
import { becomeFleet, forgetRuns, type FleetLoad } from './engine-fleet.js';
import { EngineProcesses } from './engine-process.js';
import { type Filled, withFilledTopics } from './filled-broker.js';
import { KafkaLoop } from './kafka-loop-process.js';
import { readingRate } from './reader.js';

const SETTINGS = { records: 300_000, vehicles: 2_000, partitions: 8, rounds: 3, load: 0 };
type Settings = typeof SETTINGS;

/** `--load` chooses one by its place, from 1; 0 is all. */
const LOADS: readonly { what: FleetLoad; ratio: number }[] = [
  { what: 'unsubscribed', ratio: 1 },
  { what: 'not firing', ratio: 0.8 },
  { what: '1 %', ratio: 0.6 },
];

/** What an engine makes of a stream in which little or nothing happens. */
export const ingest: Bench = {
  name: 'ingest',
  summary: 'Records a second through one engine process, beside kafkajs and JSON.parse alone',
  defaults: SETTINGS,
  trial: { records: 2_000, vehicles: 100, partitions: 2, rounds: 1, load: 3 },
  isPartOfAll: true,
  run: (context) => withFilledTopics(context, (filled) => run(context, filled)),
};

async function run(context: BenchContext, { brokers, topics, database }: Filled): Promise<BenchReport> {
  const { databaseUrl, settings, progress } = context;
  const { records, vehicles, rounds, load } = settings as Settings;
  const rounded = new Map<FleetLoad, Round[]>();
  for (const { what } of LOADS.filter((_, place) => load === 0 || load === place + 1)) {
    await becomeFleet(database, vehicles, what);
    progress(what);
    rounded.set(
      what,
      await inTurn(
        rounds,
        {
          floor: () => readingRate(new KafkaLoop(brokers, topics.signals), records),
          async ours() {
            await forgetRuns(database);
            return readingRate(await EngineProcesses.start({ databaseUrl, brokers, topics }), records);
          },
        },
        progress,
      ),
    );
  }
  return report(rounded);
}

function report(rounded: ReadonlyMap<FleetLoad, Round[]>): BenchReport {
  const comparisons = LOADS.filter(({ what }) => rounded.has(what)).map(({ what, ratio }): Comparison => ({
    ...{ what, unit: 'records/s', rounds: rounded.get(what)! },
    target: { kind: 'at least', ratio },
  }));
  return {
    measured: 'From when a process has read three tenths of a topic until it has nearly read all of it.',
    comparisons,
    findings: [
      'Unsubscribed: there are 3 subscriptions for each of as many vehicles, but none of these is in the records.',
      'Not firing, 1 % firing: each vehicle in the records has 3 subscriptions, with conditions of all kinds.',
      'Broker, PostgreSQL and the process that reads share the processors of one machine.',
    ],
  };
}
