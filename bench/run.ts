/** `npm run bench -- <name> [--setting=number …]`: runs a bench on this machine, prints what came out and keeps it. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Bench, BenchSettings } from './bench.js';
import { withBenchDatabase } from './bench-database.js';
import { engines } from './engines.js';
import { isolation } from './isolation.js';
import { permissions } from './permissions.js';
import { reportText } from './report-text.js';
import { triggerIndex } from './trigger-index.js';

const BENCHES: readonly Bench[] = [engines, isolation, permissions, triggerIndex];
const RESULTS = join('bench', 'results');

const [name, ...given] = process.argv.slice(2);
const bench = BENCHES.find((each) => each.name === name);
if (bench === undefined) {
  const lines = BENCHES.map((each) => `  ${each.name}  ${each.summary}\n    ${JSON.stringify(each.defaults)}`);
  process.stderr.write(`Usage: npm run bench -- <name> [--setting=number …]\n${lines.join('\n')}\n`);
  process.exit(2);
}
await run(bench, readSettings(bench.defaults, given));

async function run(chosen: Bench, settings: BenchSettings): Promise<void> {
  const progress = (line: string) => process.stderr.write(`${line}\n`);
  const startedAt = new Date();
  const text = await withBenchDatabase(async ({ url, version }) => {
    const report = await chosen.run({ databaseUrl: url, settings, progress });
    return reportText({ bench: chosen, settings, report, startedAt, postgresVersion: version });
  });
  mkdirSync(RESULTS, { recursive: true });
  const path = join(RESULTS, `${chosen.name}-${startedAt.toISOString().slice(0, 16).replace(':', '')}.md`);
  writeFileSync(path, text);
  process.stdout.write(`${text}\nKept in ${path}.\n`);
}

/** Ends the program when an argument is no setting of the bench. */
function readSettings(defaults: BenchSettings, texts: readonly string[]): BenchSettings {
  const settings: Record<string, number> = { ...defaults };
  for (const text of texts) {
    const [, setting = '', value = ''] = /^--([a-zA-Z]+)=(\d+)$/.exec(text) ?? [];
    if (!Object.hasOwn(defaults, setting)) {
      process.stderr.write(`${text} is none of ${JSON.stringify(defaults)}; write --setting=number\n`);
      process.exit(2);
    }
    settings[setting] = Number(value);
  }
  return settings;
}
