/** Nothing is asked for so long at first, and twice as long after each probe that fails, up to the other. */
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 5000;

export interface OutageBreakerOptions {
  /** So many outages in a row, and it opens. */
  outagesMax: number;
  /** A clock that never steps, in ms. */
  now: () => number;
  onOpen?: (pauseMs: number) => void;
  onClose?: (openForMs: number) => void;
}

/**
 * Keeps a service that is out from being asked by everybody who has a question.
 *
 * *Closed*: everybody is let in. Outages in a row, without an answer between them, open it.
 * *Open*: nobody is let in, and what waits is to be turned away. An answer to a call that was made before closes it.
 * *Probing*, when its pause is over: the first who comes is let in, alone, with one call at a time. An outage opens it
 * again for longer, an answer closes it. Whoever leaves without having asked makes room for the next to probe.
 */
export class OutageBreaker {
  private inARow = 0;
  private pauseMs = 0;
  private openUntilMs: number | undefined;
  private openedAtMs = 0;
  private prober: object | undefined;
  private opened = 0;

  constructor(private readonly options: OutageBreakerOptions) {}

  get isClosed(): boolean {
    return this.openUntilMs === undefined;
  }

  /** Whether somebody may ask who comes now; `leave` must follow. */
  enter(asker: object): boolean {
    if (this.openUntilMs === undefined) return true;
    if (this.prober !== undefined || this.options.now() < this.openUntilMs) return false;
    this.prober = asker;
    return true;
  }

  leave(asker: object): void {
    if (this.prober === asker) this.prober = undefined;
  }

  /** How often it has opened: what tells calls and questions from before an opening from later ones. */
  get openings(): number {
    return this.opened;
  }

  /**
   * How a call ended that was made after so many openings; whether that opened the breaker. An outage of a call from
   * before an opening says nothing new.
   */
  ended(openingsBefore: number, isOutage: boolean): boolean {
    if (!isOutage) {
      this.close();
      return false;
    }
    if (openingsBefore !== this.opened) return false;
    this.inARow += 1;
    if (this.isClosed && this.inARow < this.options.outagesMax) return false;
    this.open();
    return true;
  }

  private open(): void {
    const nowMs = this.options.now();
    if (this.isClosed) this.openedAtMs = nowMs;
    this.pauseMs = this.pauseMs === 0 ? FIRST_PAUSE_MS : Math.min(this.pauseMs * 2, LONGEST_PAUSE_MS);
    this.openUntilMs = nowMs + this.pauseMs;
    this.opened += 1;
    this.inARow = 0;
    this.prober = undefined;
    this.options.onOpen?.(this.pauseMs);
  }

  private close(): void {
    this.inARow = 0;
    if (this.isClosed) return;
    this.openUntilMs = undefined;
    this.pauseMs = 0;
    this.prober = undefined;
    this.options.onClose?.(this.options.now() - this.openedAtMs);
  }
}
