/** Lets one loop wait for whatever comes first: a call of `ring`, or the time. A ring while nobody waits is kept. */
export class Wake {
  private isRung = false;
  private waiter: (() => void) | undefined;

  ring(): void {
    this.isRung = true;
    this.waiter?.();
  }

  /** Resolves at the next ring, at once if there was one since the last wait, or after `ms` at the latest. */
  async wait(ms: number): Promise<void> {
    if (!this.isRung && ms > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.waiter = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.waiter = undefined;
    }
    this.isRung = false;
  }
}
