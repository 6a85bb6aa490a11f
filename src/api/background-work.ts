/** How often what is held is kept alive, and how often more is looked for; ms. */
export interface BackgroundTimes {
  heartbeatMs: number;
  scanMs: number;
}

/**
 * What a part of the API does beside requests: it keeps alive what this process holds, looks for more that nobody holds,
 * and sees both through to their end.
 */
export class BackgroundWork {
  private readonly stopping = new AbortController();
  private readonly timers: NodeJS.Timeout[] = [];
  private readonly active = new Set<Promise<unknown>>();
  private look: () => Promise<void> = () => Promise.resolve();
  private isScanning = false;

  /** Aborted as soon as the process ends. */
  get stopped(): AbortSignal {
    return this.stopping.signal;
  }

  /** Scans at once, and from then on as often as `times` say. Neither work may reject. */
  begin(times: BackgroundTimes, work: { keepAlive: () => Promise<void>; scan: () => Promise<void> }): void {
    this.look = work.scan;
    const beat = () => void this.follow(work.keepAlive());
    this.timers.push(
      setInterval(beat, times.heartbeatMs),
      setInterval(() => this.scan(), times.scanMs),
    );
    for (const timer of this.timers) timer.unref();
    this.scan();
  }

  /** Looks for more now, unless it is doing so: a second scan would find nothing else. */
  scan(): void {
    if (this.isScanning || this.stopped.aborted) return;
    this.isScanning = true;
    void this.follow(this.look().finally(() => (this.isScanning = false)));
  }

  /** Resolves when what was under way has been given back. */
  async stop(): Promise<void> {
    for (const timer of this.timers) clearInterval(timer);
    this.stopping.abort();
    while (this.active.size > 0) await Promise.allSettled(this.active);
  }

  /** Resolves and rejects as the work does; `stop` waits for it. */
  follow<T>(work: Promise<T>): Promise<T> {
    const followed = work.catch(() => undefined).finally(() => this.active.delete(followed));
    this.active.add(followed);
    return work;
  }
}
