import type { RateQuotaName } from '../core/quota.js';
import { RecentMap } from '../core/recent-map.js';
import type { QuotaBlock, QuotaNeed } from './quotas.js';

/** Blocks that one process holds at a time, some 200 bytes each. */
const BLOCKS_MAX = 50_000;

/** What is known of one minute of a license. Spent to the end, it says how long to wait. */
export interface HeldBlock {
  /** Still to be spent here; below 0 when more was spent than was held. */
  left: number;
  most: number;
  /** What nobody had taken when the block was. */
  remaining: number;
  /** On the clock of `QuotaBlocks`. */
  endsAtMs: number;
  /**
   * Somebody was refused here: the minute has no more than `left`, and need not be asked again. A limit that is raised
   * meanwhile counts from the next minute on.
   */
  isLast: boolean;
}

/** What became of a wish to spend. `left` is what the minute still has, as far as this process knows. */
export type Spent =
  | { kind: 'granted'; most: number; left: number; endsInMs: number }
  | { kind: 'refused'; most: number; endsInMs: number; isFirstRefusal: boolean };

/**
 * The limits on what happens within a minute, as one process spends them: it takes a block of a license's minute from
 * the database, spends it without asking, and takes the next. A block ends with its minute. So the processes together
 * never spend more than the limit, and most of the time nobody asks.
 */
export class QuotaBlocks {
  private readonly held = new RecentMap<string, HeldBlock>(BLOCKS_MAX);
  /** Blocks that are being taken: whoever wants of the same minute waits for them, and fails with them. */
  private readonly taking = new Map<string, Promise<unknown>>();

  constructor(
    private readonly parts: {
      take: (needs: readonly QuotaNeed[]) => Promise<QuotaBlock[]>;
      /** A clock that never steps, in ms. */
      now: () => number;
    },
  ) {}

  /** What is held of this minute; undefined when nothing is known of it. */
  of(name: RateQuotaName, license: string): HeldBlock | undefined {
    const block = this.held.get(keyOf({ name, license }));
    return block && this.parts.now() < block.endsAtMs ? block : undefined;
  }

  /**
   * Spends what `of` said is left, without asking; more than that is overdrawn until the next block. What it returns gives
   * that back, once, to the minute that it is of: one that is over has no use for it.
   */
  spend(name: RateQuotaName, license: string, count: number): () => void {
    const block = this.of(name, license);
    if (!block) return () => undefined;
    block.left -= count;
    return () => {
      block.left += count;
    };
  }

  /**
   * Takes blocks for needs that what is held does not cover, in one statement. What is held counts, so that nobody is
   * told of a refusal who has enough. Throws when the database fails.
   */
  async refill(needs: readonly QuotaNeed[]): Promise<QuotaBlock[]> {
    const open = needs.flatMap((need) => {
      const block = this.of(need.name, need.license);
      const missing = need.needed - (block?.left ?? 0);
      return missing > 0 && !block?.isLast ? [{ ...need, needed: missing }] : [];
    });
    if (open.length === 0) return [];
    const askedAtMs = this.parts.now();
    const taken = await this.parts.take(open);
    const missing = new Map(open.map((need) => [keyOf(need), need.needed]));
    for (const block of taken) this.keep(block, { askedAtMs, isLast: block.granted < missing.get(keyOf(block))! });
    return taken;
  }

  /** Spends from the block that is held; undefined where that has too little, and the next has to be taken. */
  takeHeld(name: RateQuotaName, license: string, count = 1): (Spent & { kind: 'granted' }) | undefined {
    const block = this.of(name, license);
    return block && block.left >= count ? this.grant(block, count) : undefined;
  }

  /** Spends from the block that is held, or from the next one. Throws when the database fails. */
  async take(name: RateQuotaName, license: string, count = 1): Promise<Spent> {
    const need = { name, license, needed: count };
    const key = keyOf(need);
    let isFirstRefusal = false;
    for (;;) {
      const granted = this.takeHeld(name, license, count);
      if (granted) return granted;
      const block = this.of(name, license);
      if (block?.isLast) return { kind: 'refused', most: block.most, endsInMs: this.endsInMs(block), isFirstRefusal };
      const others = this.taking.get(key);
      if (others) {
        await others;
        continue;
      }
      const taking = this.refill([need]).finally(() => this.taking.delete(key));
      this.taking.set(key, taking);
      isFirstRefusal = (await taking)[0]?.isFirstRefusal ?? false;
    }
  }

  private grant(block: HeldBlock, count: number): Spent & { kind: 'granted' } {
    block.left -= count;
    const left = Math.max(block.left + block.remaining, 0);
    return { kind: 'granted', most: block.most, left, endsInMs: this.endsInMs(block) };
  }

  private endsInMs({ endsAtMs }: HeldBlock): number {
    return Math.max(endsAtMs - this.parts.now(), 0);
  }

  private keep(
    { name, license, granted, most, remaining, endsInMs }: QuotaBlock,
    { askedAtMs, isLast }: { askedAtMs: number; isLast: boolean },
  ): void {
    // One object for the whole minute, so that what was spent can be given back to it.
    const held = this.of(name, license);
    const block = { left: (held?.left ?? 0) + granted, most, remaining, endsAtMs: askedAtMs + endsInMs, isLast };
    this.held.set(keyOf({ name, license }), held ? Object.assign(held, block) : block);
  }
}

function keyOf({ name, license }: { name: RateQuotaName; license: string }): string {
  return `${name} ${license}`;
}
