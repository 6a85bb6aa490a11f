/** Timers of Node cannot wait longer: they fire at once instead. */
const TIMER_MS_MAX = 2_147_483_646;

/** Calls `end` when what a caller came with ends. */
export class Expiry {
  private timer: NodeJS.Timeout | undefined;
  private isStopped = false;

  constructor(private readonly end: () => void) {}

  /** `endsAtMs` is by `performance.now()`, undefined for never. What is too far off is left to a later look. */
  set(endsAtMs: number | undefined): void {
    clearTimeout(this.timer);
    if (endsAtMs === undefined || this.isStopped) return;
    const restMs = endsAtMs - performance.now();
    // Timers may be a millisecond early, and whoever comes back is not to be let in again.
    if (restMs < TIMER_MS_MAX) this.timer = setTimeout(this.end, Math.ceil(restMs) + 1);
  }

  /** Nothing is called any more, whatever is set later. */
  stop(): void {
    this.isStopped = true;
    clearTimeout(this.timer);
  }
}
