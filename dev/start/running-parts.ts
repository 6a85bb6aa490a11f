/** Thrown when a part has started only to find that everything is being stopped. */
export class Interrupted extends Error {}

/**
 * The parts that are running, in the order they were started. Each is told how it is stopped; all are stopped in reverse
 * order, one after the other, at any moment, be it in the middle of the start.
 */
export class RunningParts {
  private readonly stops: { name: string; stop: () => Promise<void> | void }[] = [];
  private stopping: Promise<void> | undefined;

  /** `print` is told what could not be stopped; the others are stopped all the same. */
  constructor(private readonly print: (line: string) => void) {}

  get isStopping(): boolean {
    return this.stopping !== undefined;
  }

  /** Waits for a part to start and remembers how to stop it. Throws `Interrupted` when everything is being stopped. */
  async start<Part>(
    name: string,
    starting: () => Promise<Part> | Part,
    stop: (part: Part) => Promise<void> | void,
  ): Promise<Part> {
    if (this.isStopping) throw new Interrupted();
    const part = await starting();
    if (this.isStopping) {
      // What it depends on may be gone already; that is its end's problem, not that of the others.
      await this.stopOne({ name, stop: () => stop(part) });
      throw new Interrupted();
    }
    this.stops.push({ name, stop: () => stop(part) });
    return part;
  }

  /** Stops everything, once. */
  stop(): Promise<void> {
    return (this.stopping ??= this.stopAll());
  }

  private async stopAll(): Promise<void> {
    for (let part = this.stops.pop(); part; part = this.stops.pop()) await this.stopOne(part);
  }

  private async stopOne({ name, stop }: { name: string; stop: () => Promise<void> | void }): Promise<void> {
    try {
      await stop();
    } catch (error) {
      this.print(`${name} did not stop cleanly: ${String(error)}`);
    }
  }
}
