import { PARTITIONS_AT_ONCE } from '../src/ingest/consumer-settings.js';
import { ChunkStore } from '../src/store/chunks.js';
import type { Bench, BenchContext, BenchReport } from './bench.js';
import { inTurn, type Round } from './comparison.js';
import { becomeFleet, forgetRuns } from './engine-fleet.js';
import { EngineProcesses } from './engine-process.js';
import { type Filled, withFilledTopics } from './filled-broker.js';
import { ChunkCommits } from './floor/chunk-commits.js';
import { readingRate } from './reader.js';
import { recordedChunks } from './recorded-chunks.js';

/** A round of 60,000 records was over before the engine's code was compiled. */
const SETTINGS = { records: 160_000, vehicles: 2_000, partitions: 8, rounds: 3 };
type Settings = typeof SETTINGS;

/** What an engine makes of a stream in which every record makes a trigger fire. */
export const firing: Bench = {
  name: 'firing',
  summary: 'Firings a second of one engine process, beside the bare transactions that store them',
  defaults: SETTINGS,
  trial: { records: 1_000, vehicles: 100, partitions: 2, rounds: 1 },
  isPartOfAll: true,
  run: (context) => withFilledTopics(context, (filled) => run(context, filled)),
};

/**
 * Ours goes through Kafka and a process of its own, as in production: the floor has neither to read nor to evaluate, so
 * all of that counts against ours.
 */
async function run(context: BenchContext, { brokers, topics, database }: Filled): Promise<BenchReport> {
  const { databaseUrl, settings, progress } = context;
  const { records, partitions, rounds, ...fleet } = settings as Settings;
  await becomeFleet(database, fleet.vehicles, 'all');
  const topic = 'floor';
  progress('preparing the rows');
  const chunks = await recordedChunks(database, { ...fleet, topic, records, partitions });
  const store = new ChunkStore(database);
  const compared = await inTurn(
    rounds,
    {
      async floor() {
        await forgetRuns(database);
        for (let partition = 0; partition < partitions; partition++) await store.open(topic, partition, 0n, partitions);
        return readingRate(new ChunkCommits(database, chunks, PARTITIONS_AT_ONCE), records);
      },
      async ours() {
        await forgetRuns(database);
        return readingRate(await EngineProcesses.start({ databaseUrl, brokers, topics }), records);
      },
    },
    progress,
  );
  return report(compared);
}

function report(rounds: Round[]): BenchReport {
  return {
    measured: 'From three tenths of the records until nearly all of them were done; each fires once.',
    comparisons: [{ what: 'every record fires', unit: 'firings/s', rounds, target: { kind: 'at least', ratio: 0.7 } }],
    findings: [
      'The floor is a program that has the very rows at hand that an engine would store, and stores them in the same chunks.',
      'Kafka, decoding, evaluation, quotas and the doorbell are all on our side.',
    ],
  };
}
