import type { Comparison, Limit } from './comparison.js';

/** Settings of a bench: every one is a whole number, and can be given as `--name=value`. */
export type BenchSettings = Readonly<Record<string, number>>;

/** What a bench has to work with. */
export interface BenchContext {
  /** A migrated and empty database of its own. */
  databaseUrl: string;
  settings: BenchSettings;
  /** Tells who waits how far it is. */
  readonly progress: (line: string) => void;
}

/** What came out: numbers of this machine, of this run. */
export interface BenchReport {
  /** What was measured, from where to where. */
  measured: string;
  /** Ours beside the floor of the same run. */
  comparisons?: readonly Comparison[];
  /** What is held against a number that is the same on every machine. */
  limits?: readonly Limit[];
  /** More that is worth seeing, as a table. */
  details?: { columns: readonly string[]; rows: readonly (readonly string[])[] };
  /** What the tables say, in sentences. */
  findings: readonly string[];
}

/** One thing that can be measured: `npm run bench -- <name>`. */
export interface Bench {
  name: string;
  summary: string;
  /** Those of which the documents speak; a run with them takes about a minute at most, unless it is not part of all. */
  defaults: BenchSettings;
  /** Beside the defaults: so small that it only shows whether the bench works. */
  trial: BenchSettings;
  /** Whether `npm run bench` without a name runs it. */
  isPartOfAll: boolean;
  readonly run: (context: BenchContext) => Promise<BenchReport>;
}
