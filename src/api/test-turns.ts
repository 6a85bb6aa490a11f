import { quotaExceeded } from './problem.js';
import type { Problem } from './problem.js';

/** Each holds a request of its caller and a connection to a target for up to half a minute. */
const UNDER_WAY_MAX = 2;
const INTERVAL_MS = 1_000;
/** Licenses that are remembered; beyond, those whose last test is over are forgotten. */
const LICENSES_MAX = 1_000;

interface Turns {
  underWay: number;
  lastMs: number;
}

/** Keeps the test events of one license from becoming traffic: two under way, and one begun each second. */
export class TestTurns {
  private readonly licenses = new Map<string, Turns>();

  constructor(private readonly now: () => number) {}

  /** Runs a test; throws a 429 when it is not this license's turn. */
  async take<T>(license: string, run: () => Promise<T>): Promise<T> {
    const nowMs = this.now();
    const turns = this.licenses.get(license) ?? { underWay: 0, lastMs: -Infinity };
    if (turns.underWay >= UNDER_WAY_MAX) {
      throw tooMany(`${UNDER_WAY_MAX} test events of your license are under way already.`);
    }
    if (nowMs - turns.lastMs < INTERVAL_MS) throw tooMany('Your license may send one test event a second.');
    turns.underWay++;
    turns.lastMs = nowMs;
    this.forgetIdle(nowMs);
    this.licenses.set(license, turns);
    try {
      return await run();
    } finally {
      turns.underWay--;
    }
  }

  private forgetIdle(nowMs: number): void {
    if (this.licenses.size < LICENSES_MAX) return;
    for (const [license, { underWay, lastMs }] of this.licenses) {
      if (underWay === 0 && nowMs - lastMs >= INTERVAL_MS) this.licenses.delete(license);
    }
  }
}

function tooMany(detail: string): Problem {
  const windowSeconds = INTERVAL_MS / 1_000;
  return quotaExceeded({ name: 'tests', limit: 1, windowSeconds, message: 'Too many test events', detail });
}
