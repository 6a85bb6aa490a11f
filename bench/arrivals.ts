import { setTimeout as sleep } from 'node:timers/promises';
import { createAuthority } from '../dev/certificates.js';
import { type Child, startChild } from './child-process.js';

/** What has not arrived so long after the last was sent counts as missing. */
const PATIENCE_MS = 5_000;
const LOOK_MS = 25;

/** The receiver's process, and what it tells: how long each value took that was expected. */
export class Arrivals {
  private readonly due = new Map<number, number>();
  private latencies: number[] = [];

  private constructor(
    private readonly receiver: Child<string>,
    /** The certificate that a client has to trust. */
    readonly caPem: string,
  ) {
    receiver.process.on('message', (arrivals: [value: number, atMs: number][]) => {
      for (const [value, atMs] of arrivals) this.arrived(value, atMs);
    });
  }

  static async start(): Promise<Arrivals> {
    const authority = await createAuthority();
    const receiver = await startChild<string>('receiver-process.js', {
      settings: await authority.issue(['127.0.0.1']),
    });
    return new Arrivals(receiver, authority.caPem);
  }

  /** `127.0.0.1:<port>`. */
  get address(): string {
    return this.receiver.told;
  }

  expect(value: number, dueMs: number): void {
    this.due.set(value, dueMs);
  }

  /** What took how long since the last time, ms, once all of it has arrived or will not any more. */
  async take(): Promise<{ latenciesMs: number[]; missing: number }> {
    for (const untilMs = performance.now() + PATIENCE_MS; this.due.size > 0; await sleep(LOOK_MS)) {
      if (performance.now() > untilMs) break;
    }
    const taken = { latenciesMs: this.takeArrived(), missing: this.due.size };
    this.due.clear();
    return taken;
  }

  /** What took how long since the last time, ms, of what has arrived. */
  takeArrived(): number[] {
    const taken = this.latencies;
    this.latencies = [];
    return taken;
  }

  stop(): Promise<void> {
    return this.receiver.stop();
  }

  /** Only the first request of each counts. */
  private arrived(value: number, atMs: number): void {
    const dueMs = this.due.get(value);
    if (dueMs === undefined) return;
    this.due.delete(value);
    this.latencies.push(atMs - dueMs);
  }
}
