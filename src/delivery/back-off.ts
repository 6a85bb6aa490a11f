const FIRST_MS = 100;
const LONGEST_MS = 5_000;

/** How long to leave a database alone that does not answer: 0.1 s, doubled with each failure, at most 5 s. */
export class BackOff {
  private failures = 0;

  succeed(): void {
    this.failures = 0;
  }

  /** Counts a failure; ms to wait before the next try. */
  fail(): number {
    return Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(this.failures++, 10));
  }
}
