/** Of more, the first are tried again early. */
const IDS_MAX = 10_000;

/** Endpoints, or licenses, that this process does not send to for a while; remembered also while they are with others. */
export class LeftAlone {
  /** In the order in which they were written. */
  private readonly untilMs = new Map<string, number>();

  /** Until when, on the clock that `leave` was given; -Infinity for what need not be left alone. */
  until(id: string): number {
    return this.untilMs.get(id) ?? -Infinity;
  }

  /** Each for about as long as the others, so that what is written last ends last. */
  leave(id: string, untilMs: number, nowMs: number): void {
    for (const [other, overMs] of this.untilMs) {
      if (overMs > nowMs && this.untilMs.size < IDS_MAX) break;
      this.untilMs.delete(other);
    }
    this.untilMs.delete(id);
    this.untilMs.set(id, untilMs);
  }
}
