/** Of more, the first are tried again early. */
const ENDPOINTS_MAX = 10_000;

/** Endpoints that this process cannot send to for a while; remembered also while they are with others. */
export class LockedEndpoints {
  /** In the order of their times. */
  private readonly untilMs = new Map<string, number>();

  /** Until when, on the clock that `lock` was given; -Infinity for one that is not locked. */
  until(endpointId: string): number {
    return this.untilMs.get(endpointId) ?? -Infinity;
  }

  /** Each for as long as the others, so that what is locked last is locked longest. */
  lock(endpointId: string, untilMs: number, nowMs: number): void {
    for (const [id, overMs] of this.untilMs) {
      if (overMs > nowMs && this.untilMs.size < ENDPOINTS_MAX) break;
      this.untilMs.delete(id);
    }
    this.untilMs.delete(endpointId);
    this.untilMs.set(endpointId, untilMs);
  }
}
