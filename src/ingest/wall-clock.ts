/** A step back of the wall clock by less is left alone: time servers do that, and heartbeats come early enough. */
const STEP_MS = 1_000;

/**
 * Notices when the wall clock of the machine is set back. kafkajs counts by it: until the time before the step has come
 * again, it sends no heartbeats, refreshes no metadata, and gives up no request that nobody answers. (A step forward
 * only makes it do these things at once.)
 */
export class WallClock {
  private aheadMs = ahead();

  /** Whether the clock was set back since the last look. */
  wasSetBack(): boolean {
    const aheadMs = ahead();
    const stepMs = aheadMs - this.aheadMs;
    this.aheadMs = aheadMs;
    return stepMs < -STEP_MS;
  }
}

function ahead(): number {
  return Date.now() - performance.now();
}
