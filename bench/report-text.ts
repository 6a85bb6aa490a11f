import { cpus, totalmem } from 'node:os';
import type { Bench, BenchReport, BenchSettings } from './bench.js';

/** Everything that a result has to say of itself, so that two of them can be compared. */
export interface FinishedBench {
  bench: Bench;
  settings: BenchSettings;
  report: BenchReport;
  startedAt: Date;
  postgresVersion: string;
}

/** A result as a page of Markdown. */
export function reportText({ bench, settings, report, startedAt, postgresVersion }: FinishedBench): string {
  const processors = cpus();
  const table = [report.columns, report.columns.map(() => '---'), ...report.rows];
  return [
    `# ${bench.name}`,
    '',
    `${bench.summary}. ${report.measured}`,
    '',
    ...table.map((row) => `| ${row.join(' | ')} |`),
    '',
    ...report.findings.map((finding) => `- ${finding}`),
    '',
    `- Settings: ${Object.entries(settings)
      .map(([name, value]) => `${name} ${value}`)
      .join(', ')}`,
    `- Machine: ${processors.length} × ${processors[0]?.model ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB; ` +
      `everything on it; Node ${process.version}, PostgreSQL ${postgresVersion}`,
    `- Begun: ${startedAt.toISOString()}`,
    '',
  ].join('\n');
}
