import { cpus, totalmem } from 'node:os';
import type { Bench, BenchReport, BenchSettings } from './bench.js';
import { comparisonRow, limitRow } from './comparison.js';

/** Everything that a result has to say of itself, so that two of them can be compared. */
export interface FinishedBench {
  bench: Bench;
  settings: BenchSettings;
  report: BenchReport;
  startedAt: Date;
  postgresVersion: string;
}

const COMPARED = ['what', 'unit', 'floor', 'ours', 'ratio', 'must be', 'is'];

/** A result as a page of Markdown. */
export function reportText({ bench, settings, report, startedAt, postgresVersion }: FinishedBench): string {
  const { comparisons = [], limits = [], details, measured, findings } = report;
  const compared = [...comparisons.map(comparisonRow), ...limits.map(limitRow)];
  const processors = cpus();
  return [
    `# ${bench.name}`,
    '',
    `${bench.summary}. ${measured}`,
    '',
    ...(compared.length > 0 ? [...table(COMPARED, compared), ''] : []),
    ...(details ? [...table(details.columns, details.rows), ''] : []),
    ...findings.map((finding) => `- ${finding}`),
    ...(findings.length > 0 ? [''] : []),
    `- Settings: ${Object.entries(settings)
      .map(([name, value]) => `${name} ${value}`)
      .join(', ')}`,
    `- Machine: ${processors.length} × ${processors[0]?.model ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB; ` +
      `everything on it; Node ${process.version}, PostgreSQL ${postgresVersion}`,
    `- Begun: ${startedAt.toISOString()}`,
    '',
  ].join('\n');
}

/** What all benches of a run came to, one row each. */
export function overviewText(finished: readonly { bench: Bench; report: BenchReport }[]): string {
  const rows = finished.flatMap(({ bench, report: { comparisons = [], limits = [] } }) =>
    [...comparisons.map(comparisonRow), ...limits.map(limitRow)].map((row) => [bench.name, ...row]),
  );
  return [...table(['bench', ...COMPARED], rows), ''].join('\n');
}

function table(columns: readonly string[], rows: readonly (readonly string[])[]): string[] {
  return [columns, columns.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`);
}
