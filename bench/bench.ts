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
  columns: readonly string[];
  rows: readonly (readonly string[])[];
  /** What the table says, in sentences. */
  findings: readonly string[];
}

/** One thing that can be measured: `npm run bench -- <name>`. */
export interface Bench {
  name: string;
  summary: string;
  defaults: BenchSettings;
  readonly run: (context: BenchContext) => Promise<BenchReport>;
}
