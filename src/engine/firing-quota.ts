import type { QuotaBlocks } from '../store/quota-blocks.js';
import type { QuotaNeed } from '../store/quotas.js';
import type { ChunkResult } from './chunk-evaluation.js';
import { SharedRead } from './shared-read.js';

const NAME = 'firingsPerMinute';

/** What `FiringQuota` spends from. */
export type FiringBlocks = Pick<QuotaBlocks, 'of' | 'spend' | 'refill'>;

/** What a chunk comes to, with all its firings reserved. */
export type Afforded = ChunkResult & {
  /** To be called when it was certainly not stored. */
  giveBack: () => void;
};

/**
 * How many firings licenses have left in this minute, over all engines. A chunk is evaluated as if there were enough,
 * unless the minute is known to be used up, so that it tells exactly what it needs; then that is reserved, or taken of the
 * minute first. So a license that does not fire costs nothing, and one that does asks fifty times in a minute that it uses up.
 *
 * Partitions share what the process holds. Looking whether there is enough and reserving it is one synchronous step,
 * and whatever fires was reserved: so no unit is spent twice, and all engines together stay within the limit. A firing
 * counts for the minute in which it was reserved, a moment before it is stored. What was not stored is given back, unless
 * its minute is over.
 */
export class FiringQuota {
  /** What those who wait for the next statement need, together. */
  private readonly wanted = new Map<string, number>();
  private readonly taking = new SharedRead(() => this.takeWanted());

  /** Without blocks there is no limit. */
  constructor(private readonly blocks: FiringBlocks | undefined) {}

  /** Infinity until somebody was refused: there may be as many as are asked for. */
  left(license: string): number {
    const block = this.blocks?.of(NAME, license);
    return block?.isLast ? block.left : Infinity;
  }

  /**
   * Evaluates a chunk and reserves what fires; where a minute turns out to be used up it evaluates anew, so that less
   * fires. Each round takes something, or learns that there is nothing more, so it ends. `ask` repeats what fails, and
   * resolves to undefined when the chunk is not wanted any more; so does this. Where there is enough, which is nearly
   * always, the answer is there at once.
   */
  afford(
    evaluate: () => ChunkResult,
    ask: (refill: () => Promise<boolean>) => Promise<boolean | undefined>,
  ): Afforded | Promise<Afforded | undefined> {
    const result = evaluate();
    return this.reserved(result) ?? this.refilled(result, evaluate, ask);
  }

  private async refilled(
    first: ChunkResult,
    evaluate: () => ChunkResult,
    ask: (refill: () => Promise<boolean>) => Promise<boolean | undefined>,
  ): Promise<Afforded | undefined> {
    for (let result = first; ;) {
      const needs = needsOf(result.firings);
      const isEnough = await ask(() => this.refill(needs));
      if (isEnough === undefined) return undefined;
      if (!isEnough) result = evaluate();
      const afforded = this.reserved(result);
      if (afforded) return afforded;
    }
  }

  private reserved(result: ChunkResult): Afforded | undefined {
    const giveBack = this.reserve(needsOf(result.firings));
    return giveBack && { ...result, giveBack };
  }

  /** All or nothing; undefined for nothing. */
  private reserve(needs: readonly QuotaNeed[]): (() => void) | undefined {
    const { blocks } = this;
    if (!blocks) return () => undefined;
    if (needs.some(({ license, needed }) => (blocks.of(NAME, license)?.left ?? 0) < needed)) return undefined;
    const spent = needs.map(({ license, needed }) => blocks.spend(NAME, license, needed));
    return () => spent.forEach((giveBack) => giveBack());
  }

  /** Takes what is missing, in one statement for all who ask meanwhile. False when a minute is used up. */
  private async refill(needs: readonly QuotaNeed[]): Promise<boolean> {
    for (const { license, needed } of needs) this.wanted.set(license, (this.wanted.get(license) ?? 0) + needed);
    await this.taking.ask();
    return needs.every(({ license, needed }) => this.left(license) >= needed);
  }

  /** What is held counts, so that only what is missing is taken. */
  private async takeWanted(): Promise<void> {
    const needs = [...this.wanted].map(([license, needed]) => ({ license, name: NAME, needed }) as const);
    this.wanted.clear();
    await this.blocks?.refill(needs);
  }
}

function needsOf(firings: readonly { license: string }[]): QuotaNeed[] {
  const counts = new Map<string, number>();
  for (const { license } of firings) counts.set(license, (counts.get(license) ?? 0) + 1);
  return [...counts].map(([license, needed]) => ({ license, name: NAME, needed }));
}
