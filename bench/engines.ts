import type { Bench, BenchContext, BenchReport } from './bench.js';
import { becomeFleet, forgetRuns, type FleetLoad } from './engine-fleet.js';
import { EngineProcesses } from './engine-process.js';
import { type Filled, withFilledTopics } from './filled-broker.js';
import { quantile } from './quantile.js';
import { readingRate } from './reader.js';

const SETTINGS = { records: 240_000, vehicles: 2_000, partitions: 8, enginesMost: 2, rounds: 3 };
type Settings = typeof SETTINGS;

/** Where every record fires it is slower by far: fewer of them tell as much. */
const LOADS: readonly { what: FleetLoad; share: number }[] = [
  { what: 'not firing', share: 1 },
  { what: '1 %', share: 1 },
  { what: 'all', share: 0.1 },
];

/** How much more several engine processes do on one machine, PostgreSQL and Kafka beside them. */
export const engines: Bench = {
  name: 'engines',
  summary: 'Records a second through one and more engine processes',
  defaults: SETTINGS,
  trial: { records: 2_000, vehicles: 100, partitions: 2, enginesMost: 1, rounds: 1 },
  isPartOfAll: false,
  run: (context) => withFilledTopics(context, (filled) => run(context, filled)),
};

async function run(context: BenchContext, filled: Filled): Promise<BenchReport> {
  const { databaseUrl, settings, progress } = context;
  const { records, vehicles, enginesMost, rounds } = settings as Settings;
  const rates = new Map<string, number[]>();
  for (const { what, share } of LOADS) {
    await becomeFleet(filled.database, vehicles, what);
    for (let round = 1; round <= rounds; round++) {
      for (let count = 1; count <= enginesMost; count++) {
        await forgetRuns(filled.database);
        const processes = await EngineProcesses.start({ ...filled, databaseUrl, count });
        const rate = await readingRate(processes, Math.round(records * share));
        progress(`round ${round}: ${what}, ${count} engines: ${Math.round(rate)} records/s`);
        rates.set(`${what} ${count}`, [...(rates.get(`${what} ${count}`) ?? []), rate]);
      }
    }
  }
  return report(rates, enginesMost);
}

function report(rates: ReadonlyMap<string, number[]>, enginesMost: number): BenchReport {
  const median = (what: FleetLoad, count: number) => quantile(rates.get(`${what} ${count}`)!, 0.5);
  const rows = LOADS.flatMap(({ what }) =>
    Array.from({ length: enginesMost }, (_, place) => {
      const rate = median(what, place + 1);
      return [what, String(place + 1), String(Math.round(rate)), (rate / median(what, 1)).toFixed(2)];
    }),
  );
  return {
    measured: 'From three tenths of a topic until nearly all of it was read; each vehicle has 3 subscriptions.',
    details: { columns: ['firing', 'engines', 'records/s', 'times one engine'], rows },
    findings: [
      'Broker, PostgreSQL and engines share the processors of one machine: more engines than these can only lose.',
    ],
  };
}
