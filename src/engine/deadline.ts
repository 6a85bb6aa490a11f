/** Between two looks at the clock: some microseconds for each, which make a fraction of what a chunk may take. */
const WORK_UNSEEN = 16;

/** A time that some work may take. Asking the clock takes about as long as a condition, so it is not asked after each. */
export class Deadline {
  private readonly endMs: number;
  private unseen = WORK_UNSEEN;
  private isPast = false;

  constructor(
    private readonly now: () => number,
    forMs: number,
  ) {
    this.endMs = now() + forMs;
  }

  /**
   * Whether the time is over, as far as it was looked: the first time, and then after a few pieces each. Once it is, it
   * stays so, whoever asks.
   */
  isOver(pieces: number): boolean {
    if (this.isPast) return true;
    this.unseen += pieces;
    if (this.unseen < WORK_UNSEEN) return false;
    this.unseen = 0;
    this.isPast = this.now() >= this.endMs;
    return this.isPast;
  }
}
