import type { OutageBreaker } from './outage-breaker.js';
import type { AccessAnswer } from './token-exchange.js';

export interface FairCallsOptions {
  /** Calls that are open at once. */
  openMax: number;
  /** Vehicles that are asked for or wait for it, of one license and of all. */
  vehiclesOfOneMax: number;
  vehiclesMax: number;
  breaker: OutageBreaker;
}

const OUT = 'The service is out';

type Call = () => Promise<AccessAnswer>;

interface Waiting {
  asking: Asking;
  begin: () => void;
  turnAway: (message: string) => void;
}

/** One license's questions about some vehicles; `end` must follow. */
export interface Asking {
  readonly license: string;
  /** Makes the call when its turn has come. `unasked`, at once or later, when it is not to be made. Never rejects. */
  ask(call: Call): Promise<AccessAnswer>;
  end(): void;
}

/**
 * Decides which calls to a service are made, and when: so many at once, and of licenses that wait one after the other,
 * whoever has more questions. What waits is bounded in number and in time: who comes when it is full, or was not reached
 * in their time, goes unasked. A license that has nothing under way is always let in, so that others cannot fill it up.
 */
export class FairCalls {
  /** In the order of their turns; a license that had its turn goes to the end. */
  private readonly lines = new Map<string, Waiting[]>();
  /** Vehicles under way, asked for or waiting. */
  private readonly vehicles = new Map<string, number>();
  private vehiclesInAll = 0;
  private open = 0;
  private isProbing = false;

  constructor(private readonly options: FairCallsOptions) {}

  /** Questions that are under way: being asked, or waiting for their turn. */
  get size(): number {
    return this.vehiclesInAll;
  }

  /** Begins to ask about so many vehicles; what has not had its turn after `patienceMs` goes unasked. */
  enter(license: string, { count, patienceMs }: { count: number; patienceMs: number }): Asking {
    const { breaker } = this.options;
    const { openings } = breaker;
    let refusal = this.isFull(license, count) ? 'Too many questions wait' : undefined;
    const isOut = () => !breaker.isClosed && breaker.openings !== openings;
    const asking: Asking = {
      license,
      ask: async (call) => {
        const reason = refusal ?? (isOut() ? OUT : undefined);
        return reason === undefined ? this.wait(asking, call) : unasked(reason);
      },
      end: () => {
        clearTimeout(timer);
        breaker.leave(asking);
        this.count(license, -count);
      },
    };
    this.count(license, count);
    if (refusal === undefined && !breaker.enter(asking)) refusal = OUT;
    const timer = setTimeout(() => {
      refusal = 'Too long in the queue';
      this.turnAway((waiting) => waiting.asking === asking, refusal);
    }, patienceMs);
    return asking;
  }

  /** What waits goes unasked. */
  turnAllAway(message: string): void {
    this.turnAway(() => true, message);
  }

  private wait(asking: Asking, call: Call): Promise<AccessAnswer> {
    const { license } = asking;
    return new Promise((resolve) => {
      const waiting: Waiting = {
        asking,
        begin: () => void this.make(call).then(resolve),
        turnAway: (message) => resolve(unasked(message)),
      };
      const line = this.lines.get(license);
      if (line) line.push(waiting);
      else this.lines.set(license, [waiting]);
      this.pump();
    });
  }

  private pump(): void {
    const { openMax, breaker } = this.options;
    while (this.open < openMax && (breaker.isClosed || !this.isProbing)) {
      const next = this.next();
      if (!next) return;
      next.begin();
    }
  }

  private next(): Waiting | undefined {
    for (const [license, line] of this.lines) {
      const next = line.shift();
      this.lines.delete(license);
      if (line.length > 0) this.lines.set(license, line);
      return next;
    }
    return undefined;
  }

  private async make(call: Call): Promise<AccessAnswer> {
    const { breaker } = this.options;
    const { openings } = breaker;
    const isProbe = !breaker.isClosed;
    if (isProbe) this.isProbing = true;
    this.open += 1;
    const answer = await call();
    this.open -= 1;
    if (isProbe) this.isProbing = false;
    if (breaker.ended(openings, answer.kind === 'outage')) this.turnAllAway(OUT);
    this.pump();
    return answer;
  }

  private turnAway(isMeant: (waiting: Waiting) => boolean, message: string): void {
    for (const [license, line] of this.lines) {
      const left = line.filter((waiting) => !isMeant(waiting));
      if (left.length === line.length) continue;
      if (left.length > 0) this.lines.set(license, left);
      else this.lines.delete(license);
      for (const waiting of line) if (isMeant(waiting)) waiting.turnAway(message);
    }
  }

  private isFull(license: string, count: number): boolean {
    const { vehiclesOfOneMax, vehiclesMax } = this.options;
    const ofOne = this.vehicles.get(license) ?? 0;
    return ofOne > 0 && (ofOne + count > vehiclesOfOneMax || this.vehiclesInAll + count > vehiclesMax);
  }

  private count(license: string, change: number): void {
    const ofOne = (this.vehicles.get(license) ?? 0) + change;
    if (ofOne > 0) this.vehicles.set(license, ofOne);
    else this.vehicles.delete(license);
    this.vehiclesInAll += change;
  }
}

function unasked(message: string): AccessAnswer {
  return { kind: 'unasked', message };
}
