import type { Queue } from './queue-bench.js';

type Method = Exclude<keyof Queue, 'lifeSeconds'>;

/** A line to a queue that can be cut, and that tells whenever something came back over it. */
export class QueueLine {
  /** Called before a call goes out; what it throws is the answer. */
  before: (method: Method, values: unknown[]) => void | Promise<void> = () => undefined;
  /** Called when the call was carried out; what it throws takes the answer's place. */
  after: (method: Method) => void | Promise<void> = () => undefined;
  readonly batches: number[] = [];
  readonly queue: Queue;
  private waiters: (() => void)[] = [];

  constructor(to: Queue) {
    const call = async (method: Method, values: unknown[]): Promise<unknown> => {
      await this.before(method, values);
      if (method === 'settle') this.batches.push((values[1] as unknown[]).length);
      try {
        const answer: unknown = await (to[method] as (...all: unknown[]) => Promise<unknown>).apply(to, values);
        await this.after(method);
        return answer;
      } finally {
        // After whoever called has taken the answer in.
        setImmediate(() => this.waiters.splice(0).forEach((waiter) => waiter()));
      }
    };
    this.queue = new Proxy(to, {
      get: (_to, name: string | symbol) =>
        name === 'lifeSeconds' ? to.lifeSeconds : (...values: unknown[]) => call(name as Method, values),
    });
  }

  /** Resolves as soon as the condition holds; it is looked at after each call. */
  async until(condition: () => boolean | Promise<boolean>): Promise<void> {
    while (!(await condition())) await new Promise<void>((resolve) => this.waiters.push(resolve));
  }
}
