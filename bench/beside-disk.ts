import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BenchReport } from './bench.js';
import { short } from './comparison.js';
import { quantile } from './quantile.js';

/** A page of PostgreSQL's log. */
const PAGE = Buffer.alloc(8_192, 1);
/** The file's size, which stays as it is: only what is in it is flushed, as with a segment of PostgreSQL's log. */
const PAGES = 256;
/** Seldom enough to take nothing of what is measured. */
const EVERY_MS = 100;

/**
 * Measures, and says in the report what the disk of the temporary directory did meanwhile, which is where an embedded
 * PostgreSQL commits: a disk that stalls makes the slowest requests of ours slow, and none of a floor without one.
 */
export async function besideDisk(measure: () => Promise<BenchReport>): Promise<BenchReport> {
  const directory = await mkdtemp(join(tmpdir(), 'tripline-bench-disk-'));
  const ended = new AbortController();
  try {
    const flushing = flushes(join(directory, 'pages'), ended.signal);
    const report = await measure().finally(() => ended.abort());
    const tookMs = await flushing;
    const [p50, p99, longest] = [0.5, 0.99, 1].map((share) => short(quantile(tookMs, share)));
    const finding =
      `The disk meanwhile: a bare flush of 8 kB took ${p50} ms (p50), ${p99} ms (p99) and ${longest} ms at the longest. ` +
      'Ours commits before it sends and waits for it; with TMPDIR in memory it does not.';
    return { ...report, findings: [...report.findings, finding] };
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** How long each took, ms. */
async function flushes(path: string, ended: AbortSignal): Promise<number[]> {
  const file = await open(path, 'w');
  try {
    await file.write(Buffer.concat(Array.from({ length: PAGES }, () => PAGE)));
    await file.sync();
    const tookMs: number[] = [];
    while (!ended.aborted) {
      const startMs = performance.now();
      await file.write(PAGE, 0, PAGE.length, (tookMs.length % PAGES) * PAGE.length);
      await file.datasync();
      tookMs.push(performance.now() - startMs);
      await sleep(EVERY_MS);
    }
    return tookMs;
  } finally {
    await file.close();
  }
}
