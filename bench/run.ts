/**
 * `npm run bench`: all benches that do not take too long, one after the other. `npm run bench -- <name> [--setting=number …]`:
 * one of them. `--trial`: so short that it only shows that they work; keeps nothing.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Bench, BenchReport, BenchSettings } from './bench.js';
import { type BenchServer, withBenchServer } from './bench-database.js';
import { engines } from './engines.js';
import { isolation } from './isolation.js';
import { permissions } from './permissions.js';
import { overviewText, reportText } from './report-text.js';
import { triggerIndex } from './trigger-index.js';

const BENCHES: readonly Bench[] = [engines, isolation, permissions, triggerIndex];
const RESULTS = join('bench', 'results');

const { names, settings, isTrial } = readArguments(process.argv.slice(2));
const chosen = BENCHES.filter(({ name, isPartOfAll }) =>
  names.length > 0 ? names.includes(name) : isPartOfAll || isTrial,
);
const startedAt = new Date();
await withBenchServer(async (server) => {
  const finished: { bench: Bench; report: BenchReport }[] = [];
  for (const bench of chosen) finished.push({ bench, report: await run(server, bench) });
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

/** Ends the program when an argument is neither a bench nor a setting of the one that is named. */
function readArguments(texts: readonly string[]): { names: string[]; settings: BenchSettings; isTrial: boolean } {
  const wanted = texts.filter((text) => !text.startsWith('--'));
  const unknown = wanted.find((name) => !BENCHES.some((bench) => bench.name === name));
  if (unknown !== undefined) refuse(`${unknown} is no bench.`);
  const of = wanted.length === 1 ? BENCHES.find(({ name }) => name === wanted[0])!.defaults : {};
  const given: Record<string, number> = {};
  for (const text of texts.filter((each) => each.startsWith('--') && each !== '--trial')) {
    const [, setting = '', value = ''] = /^--([a-zA-Z]+)=(\d+)$/.exec(text) ?? [];
    if (!Object.hasOwn(of, setting)) refuse(`${text} is no setting of one bench that is named.`);
    given[setting] = Number(value);
  }
  return { names: wanted, settings: given, isTrial: texts.includes('--trial') };
}

function refuse(why: string): never {
  const lines = BENCHES.map((each) => `  ${each.name}  ${each.summary}\n    ${JSON.stringify(each.defaults)}`);
  process.stderr.write(
    `${why}\nUsage: npm run bench [-- <name> [--setting=number …]] [--trial]\n${lines.join('\n')}\n`,
  );
  process.exit(2);
}
