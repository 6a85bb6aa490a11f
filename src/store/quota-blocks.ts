import type { RateQuotaName } from '../core/quota.js';
import { RecentMap } from '../core/recent-map.js';
import type { QuotaBlock, QuotaNeed } from './quotas.js';

/** Blocks that one process holds at a time, some 200 bytes each. */
const BLOCKS_MAX = 50_000;

/** What is known of one minute of a license. Spent to the end, it says how long to wait. */
export interface HeldBlock {
  /** Still to be spent here. */
  left: number;
  most: number;
  /** What nobody had taken when the block was. */
  remaining: number;
  /** On the clock of `QuotaBlocks`. */
  endsAtMs: number;
  /** The minute has no more than `left`: it need not be asked again. */
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
  /** Blocks that are being taken: whoever wants of the same minute waits for them. */
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

  /** Spends what `of` said is left, without asking; more than that is overdrawn until the next block. */
  spend(name: RateQuotaName, license: string, count: number): void {
    const block = this.of(name, license);
    if (block) block.left -= count;
  }

  /** Takes blocks for needs that what is held does not cover, in one statement. Throws when the database fails. */
  async refill(needs: readonly QuotaNeed[]): Promise<QuotaBlock[]> {
    const open = needs.filter(({ name, license, needed }) => {
      const block = this.of(name, license);
      return block === undefined || (block.left < needed && !block.isLast);
    });
    if (open.length === 0) return [];
    const askedAtMs = this.parts.now();
    const taken = await this.parts.take(open);
    for (const block of taken) this.keep(block, askedAtMs);
    return taken;
  }

  /** Spends from the block that is held, or from the next one. Throws when the database fails. */
  async take(name: RateQuotaName, license: string, count = 1): Promise<Spent> {
    const need = { name, license, needed: count };
    const key = keyOf(need);
    let isFirstRefusal = false;
    for (;;) {
      const block = this.of(name, license);
      if (block && block.left >= count) return this.grant(block, count);
      if (block?.isLast) return { kind: 'refused', most: block.most, endsInMs: this.endsInMs(block), isFirstRefusal };
      const others = this.taking.get(key);
      if (others) {
        await others.catch(() => undefined);
        continue;
      }
      const taking = this.refill([need]).finally(() => this.taking.delete(key));
      this.taking.set(key, taking);
      isFirstRefusal = (await taking)[0]?.isFirstRefusal ?? false;
    }
  }

  private grant(block: HeldBlock, count: number): Spent {
    block.left -= count;
    const left = Math.max(block.left + block.remaining, 0);
    return { kind: 'granted', most: block.most, left, endsInMs: this.endsInMs(block) };
  }

  private endsInMs({ endsAtMs }: HeldBlock): number {
    return Math.max(endsAtMs - this.parts.now(), 0);
  }

  private keep({ name, license, granted, most, remaining, endsInMs }: QuotaBlock, askedAtMs: number): void {
    const left = (this.of(name, license)?.left ?? 0) + granted;
    const endsAtMs = askedAtMs + endsInMs;
    this.held.set(keyOf({ name, license }), { left, most, remaining, endsAtMs, isLast: remaining === 0 });
  }
}

function keyOf({ name, license }: { name: RateQuotaName; license: string }): string {
  return `${name} ${license}`;
}
