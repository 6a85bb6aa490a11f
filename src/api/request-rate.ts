import type { Response } from 'express';
import type { Spent } from '../store/quota-blocks.js';
import type { ApiParts } from './api-parts.js';
import { quotaExceeded, rateHeaders } from './problem.js';

const NAME = 'requestsPerMinute';

const TIMES = {
  /** The database is waited for so long; then the request goes on without being counted. */
  waitMs: 5_000,
  /** After that nobody waits for so long, and then one alone, until there is an answer again. */
  restMs: 5_000,
};
const COMPLAINT_INTERVAL_MS = 60_000;

/**
 * Counts the requests of each license against its minute, and says in each answer what is left of it. While the database
 * does not answer, requests go on uncounted: some need none, and the others have their own answer to an outage.
 */
export class RequestRate {
  private restsUntilMs = -Infinity;
  private complainedAtMs = -Infinity;

  constructor(
    private readonly parts: Pick<ApiParts, 'quotaBlocks' | 'log'>,
    private readonly times = TIMES,
  ) {}

  /** Counts one request. Throws a 429 when the minute is used up. */
  async count(license: string, response: Response): Promise<void> {
    const spent = await this.spend(license);
    if (spent === undefined) return;
    if (spent.kind === 'refused') throw quotaExceeded({ ...spent, kind: 'rate', name: NAME });
    response.set(rateHeaders({ ...spent, name: NAME }));
  }

  /** Undefined when nobody can tell. */
  private async spend(license: string): Promise<Spent | undefined> {
    const asks = this.needsDatabase(license);
    if (asks && performance.now() < this.restsUntilMs) return undefined;
    if (asks && this.restsUntilMs > -Infinity) this.restsUntilMs = performance.now() + this.times.restMs;
    try {
      const spent = await within(this.times.waitMs, this.parts.quotaBlocks.take(NAME, license));
      if (asks) this.restsUntilMs = -Infinity;
      return spent;
    } catch (error) {
      const nowMs = performance.now();
      this.restsUntilMs = nowMs + this.times.restMs;
      if (nowMs - this.complainedAtMs >= COMPLAINT_INTERVAL_MS) {
        this.complainedAtMs = nowMs;
        this.parts.log.warn({ err: error }, 'requests are not counted, because the database does not answer');
      }
      return undefined;
    }
  }

  private needsDatabase(license: string): boolean {
    const held = this.parts.quotaBlocks.of(NAME, license);
    return held === undefined || (held.left < 1 && !held.isLast);
  }
}

async function within<T>(waitMs: number, answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${waitMs} ms`)), waitMs);
  });
  try {
    return await Promise.race([answer, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
