/** A second, and what a request may be faster on its way than the one before it. */
export const RATE_WINDOW_MS = 1_100;

/**
 * Keeps requests below a number in any second, wherever that second begins. What was taken and has not begun yet counts
 * from when it was taken, so that requests that were held up do not go out together. Times are in ms and never go back.
 */
export class RateWindow {
  /** Taken, not begun. */
  private pending = 0;
  /** When the requests of the last window began, the oldest first; only while there is a limit. */
  private readonly starts: number[] = [];
  /** Before this time nothing is known of how many requests there were: there may have been any number. */
  private unknownUntilMs = -Infinity;

  /** Others may have sent just now. */
  fill(nowMs: number): void {
    this.unknownUntilMs = nowMs + RATE_WINDOW_MS;
  }

  /** How long until one more may be taken, in ms: 0 for now, undefined for after something else has begun or ended. */
  waitMs(perSecond: number | null, nowMs: number): number | undefined {
    if (perSecond === null) return 0;
    if (nowMs < this.unknownUntilMs) return this.unknownUntilMs - nowMs;
    this.forget(nowMs);
    if (this.pending + this.starts.length < perSecond) return 0;
    if (this.pending >= perSecond) return undefined;
    return this.starts[this.pending + this.starts.length - perSecond]! + RATE_WINDOW_MS - nowMs;
  }

  take(): void {
    this.pending++;
  }

  /** What was taken begins. */
  begin(perSecond: number | null, nowMs: number): void {
    this.pending--;
    this.forget(nowMs);
    if (perSecond === null) this.fill(nowMs);
    else this.starts.push(nowMs);
  }

  /** What was taken will not begin. */
  abandon(): void {
    this.pending--;
  }

  private forget(nowMs: number): void {
    while (this.starts.length > 0 && this.starts[0]! + RATE_WINDOW_MS <= nowMs) this.starts.shift();
  }
}
