/**
 * `npm run bench`: all benches that do not take too long, one after the other. `npm run bench -- <name> [--setting=number …]`:
 * one of them. `--trial`: so short that it only shows that they work; keeps nothing.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { api } from './api.js';
import type { Bench, BenchReport } from './bench.js';
import { type BenchServer, withBenchServer } from './bench-database.js';
import { delivery } from './delivery.js';
import { engines } from './engines.js';
import { evaluate } from './evaluate.js';
import { firing } from './firing.js';
import { ingest } from './ingest.js';
import { isolation } from './isolation.js';
import { latency } from './latency.js';
import { permissions } from './permissions.js';
import { overviewText, reportText } from './report-text.js';
import { roles } from './roles.js';
import { readArguments } from './run-arguments.js';
import { soak } from './soak.js';
import { triggerIndex } from './trigger-index.js';

const BENCHES: readonly Bench[] = [
  api,
  delivery,
  engines,
  evaluate,
  firing,
  ingest,
  isolation,
  latency,
  permissions,
  roles,
  soak,
  triggerIndex,
];
const RESULTS = join('bench', 'results');

const wanted = readArguments(process.argv.slice(2), BENCHES);
if (wanted.kind === 'refused') refuse(wanted.reason);
const { benches, settings, isTrial } = wanted;
const startedAt = new Date();
await withBenchServer(async (server) => {
  const finished: { bench: Bench; report: BenchReport }[] = [];
  for (const bench of benches) finished.push({ bench, report: await run(server, bench) });
  if (finished.length > 1) keep('all', overviewText(finished));
});

async function run(server: BenchServer, bench: Bench): Promise<BenchReport> {
  const progress = (line: string) => process.stderr.write(`${bench.name}: ${line}\n`);
  const used = { ...bench.defaults, ...(isTrial ? bench.trial : {}), ...settings };
  const begunAt = new Date();
  return server.database(async ({ url, version }) => {
    const report = await bench.run({ databaseUrl: url, settings: used, progress });
    keep(bench.name, reportText({ bench, settings: used, report, startedAt: begunAt, postgresVersion: version }));
    return report;
  });
}

function keep(name: string, text: string): void {
  process.stdout.write(`${text}\n`);
  if (isTrial) return;
  mkdirSync(RESULTS, { recursive: true });
  const path = join(RESULTS, `${name}-${startedAt.toISOString().slice(0, 16).replace(':', '')}.md`);
  writeFileSync(path, text);
  process.stdout.write(`Kept in ${path}.\n\n`);
}

function refuse(why: string): never {
  const lines = BENCHES.map((each) => `  ${each.name}  ${each.summary}\n    ${JSON.stringify(each.defaults)}`);
  process.stderr.write(
    `${why}\nUsage: npm run bench [-- <name> [--setting=number …]] [--trial]\n${lines.join('\n')}\n`,
  );
  process.exit(2);
}
