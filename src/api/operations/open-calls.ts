import type { OperationStore } from '../../store/operations.js';
import { quotaExceeded } from '../problem.js';
import type { Problem } from '../problem.js';

/** Keeps one license from having any number of bulk calls under way: each is a list on disk and a stream of changes. */
export class OpenCalls {
  private readonly waitedFor = new Map<string, number>();

  constructor(
    private readonly operations: Pick<OperationStore, 'countOpen'>,
    private readonly limit: number,
  ) {}

  /** Runs a call that somebody waits for; throws a 429 when the license has too many that have not ended. */
  async take<T>(license: string, run: () => Promise<T>): Promise<T> {
    const before = this.waitedFor.get(license) ?? 0;
    if (before >= this.limit) throw this.tooMany();
    this.waitedFor.set(license, before + 1);
    try {
      if (before + (await this.operations.countOpen(license)) >= this.limit) throw this.tooMany();
      return await run();
    } finally {
      const rest = this.waitedFor.get(license)! - 1;
      if (rest === 0) this.waitedFor.delete(license);
      else this.waitedFor.set(license, rest);
    }
  }

  private tooMany(): Problem {
    return quotaExceeded({
      kind: 'atOnce',
      name: 'bulkCalls',
      most: this.limit,
      detail: `A license may have ${this.limit} bulk calls that have not ended. Wait until one has.`,
    });
  }
}
