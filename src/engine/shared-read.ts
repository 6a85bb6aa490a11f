/**
 * A read that whoever waits for it shares. It begins after the call: a caller that comes while one is under way waits for
 * the next, together with all others who came meanwhile. One that fails fails for those who waited for it alone.
 */
export class SharedRead<Answer> {
  private running: Promise<unknown> = Promise.resolve();
  private next: Promise<Answer> | undefined;

  constructor(private readonly read: () => Promise<Answer>) {}

  ask(): Promise<Answer> {
    this.next ??= this.running.then(() => {
      this.next = undefined;
      const read = this.read();
      this.running = read.catch(() => undefined);
      return read;
    });
    return this.next;
  }
}
