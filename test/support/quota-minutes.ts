import type { QuotaBlock, QuotaNeed } from '../../src/store/quotas.js';
import { QuotaBlocks } from '../../src/store/quota-blocks.js';

const MINUTE_MS = 60_000;

/** Minutes of licenses with a clock that a test sets: what the database has, without one. */
export class QuotaMinutes {
  nowMs = 0;
  /** What was asked for, each statement by itself. */
  readonly asked: (readonly QuotaNeed[])[] = [];
  /** Awaited before each answer. */
  before: () => Promise<void> = () => Promise.resolve();
  private readonly taken = new Map<string, number>();

  /** `spare`: what is given at most besides what is needed. */
  constructor(
    readonly most: number,
    private readonly spare = 0,
  ) {}

  /** As a process of its own has them. */
  blocks(): QuotaBlocks {
    return new QuotaBlocks({ take: (needs) => this.take(needs), now: () => this.nowMs });
  }

  /** Everything that was given in this minute. */
  get given(): number {
    const minute = Math.floor(this.nowMs / MINUTE_MS);
    const ofThis = [...this.taken].filter(([key]) => key.startsWith(`${minute} `));
    return ofThis.reduce((sum, [, taken]) => sum + taken, 0);
  }

  private async take(needs: readonly QuotaNeed[]): Promise<QuotaBlock[]> {
    this.asked.push(needs);
    await this.before();
    return needs.map(({ license, name, needed }) => {
      const key = `${Math.floor(this.nowMs / MINUTE_MS)} ${license} ${name}`;
      const taken = this.taken.get(key) ?? 0;
      const granted = Math.min(this.most - taken, needed + this.spare);
      this.taken.set(key, taken + granted);
      const remaining = this.most - taken - granted;
      const endsInMs = MINUTE_MS - (this.nowMs % MINUTE_MS);
      return { license, name, granted, most: this.most, remaining, endsInMs, isFirstRefusal: granted < needed };
    });
  }
}
