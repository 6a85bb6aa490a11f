import type { ChunkResult } from './chunk-evaluation.js';
import type { ChunkPlan } from './chunk-plan.js';

/** How many records a chunk plans for each that the one before came to. */
const FORESIGHT = 1.1;
/** The rest of a record that was cut, and the next one. */
const LEAST = 2;

/**
 * How many records the next chunk of a partition plans at most. What is planned and not come to, because a chunk has its
 * firings before, is planned again for the next. So where much fires, a chunk plans a little more than the one before came
 * to, and twice as much when it did not have its firings: where each record fires, that was a third of the work.
 */
export class Foresight {
  private wanted: number;

  constructor(private readonly limits: { records: number; firings: number }) {
    this.wanted = limits.records;
  }

  get records(): number {
    return this.wanted;
  }

  /** Learns what became of a plan. */
  learn(plan: ChunkPlan, { firings, end }: Pick<ChunkResult, 'firings' | 'end'>): void {
    const isCut = firings.length >= this.limits.firings;
    const done = plan.records.filter(({ record }) => record.offset < end.offset).length;
    this.wanted = Math.min(isCut ? Math.ceil(done * FORESIGHT) + LEAST : this.wanted * 2, this.limits.records);
  }
}
