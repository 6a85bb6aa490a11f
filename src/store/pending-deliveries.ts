import type { Database } from './database.js';
import { COUNT_PENDING } from './sql/count-pending.js';

/** Licenses of one statement: with a million pending deliveries of each it still takes less than its time-out. */
const LICENSES_AT_ONCE = 5;

/** How much of the queue is whose. */
export class PendingDeliveries {
  constructor(private readonly database: Database) {}

  /** How many deliveries of each license are pending; `most` stands for any number from there on. */
  async count(licenses: readonly string[], most: number): Promise<Map<string, number>> {
    const counts = new Map<string, number>();
    for (let at = 0; at < licenses.length; at += LICENSES_AT_ONCE) {
      const some = licenses.slice(at, at + LICENSES_AT_ONCE);
      const { rows } = await this.database.pool.query<{ license: string; pending: number }>({
        ...COUNT_PENDING,
        values: [some, most],
      });
      for (const { license, pending } of rows) counts.set(license, pending);
    }
    return counts;
  }
}
