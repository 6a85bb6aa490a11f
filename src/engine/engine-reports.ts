import type { Log } from '../observability/log.js';
import type { Metrics } from '../observability/metrics.js';
import type { ChunkResult } from './chunk-evaluation.js';
import { Seldom } from './seldom.js';

const PERIOD_MS = 60_000;
const KEYS_MAX = 10_000;

/** What the engine counts and says of its work. What could be said of every sample is said once a minute of each cause. */
export class EngineReports {
  private readonly seldom = new Seldom({ periodMs: PERIOD_MS, keysMax: KEYS_MAX });

  constructor(private readonly parts: { log: Log; metrics: Metrics; now: () => number }) {}

  /** A chunk is done, stored or without anything to store. */
  processed(topic: string, result: ChunkResult): void {
    const { metrics } = this.parts;
    metrics.records.inc({ topic }, result.records);
    metrics.samples.inc({ topic }, result.samples);
    for (const [outcome, count] of result.outcomes) metrics.evaluations.inc({ outcome }, count);
    for (const { reason } of result.letters) metrics.deadLetters.inc({ topic, reason });
    for (const failure of result.failures) {
      this.warn(`failed ${failure.triggerId}`, failure, 'the condition of a trigger failed');
    }
    for (const [license, held] of result.heldLicenses) {
      metrics.heldAtLimit.inc(held);
      const message = 'a license has more deliveries pending than its quota; those of new firings are held';
      this.warn(`held ${license}`, { license }, message);
    }
    for (const license of result.throttledLicenses.keys()) {
      this.warn(
        `throttled ${license}`,
        { license },
        'a license fired more often than its quota; samples were passed over',
      );
    }
  }

  committed(result: 'ok' | 'fenced' | 'conflict', durationMs: number): void {
    this.parts.metrics.chunkSeconds.observe({ result }, durationMs / 1000);
  }

  storeFailed({ topic, partition }: { topic: string; partition: number }, error: unknown): void {
    const fields = { topic, partition, err: error };
    this.warn(`store ${topic} ${partition}`, fields, 'the database does not answer; the chunk is tried again');
  }

  countFailed(error: unknown): void {
    this.warn('count', { err: error }, 'pending deliveries could not be counted; the last count stands');
  }

  refused({ topic, partition }: { topic: string; partition: number }, offset: bigint, error: unknown): void {
    const fields = { topic, partition, offset: String(offset), err: error };
    this.parts.log.error(fields, 'the database refuses what a chunk stores; its records are tried one by one');
  }

  private warn(key: string, fields: object, message: string): void {
    if (this.seldom.isDue(key, this.parts.now())) this.parts.log.warn(fields, message);
  }
}
