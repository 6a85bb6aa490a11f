import type { Database } from './database.js';
import { COUNT_PENDING } from './sql/count-pending.js';

/** Licenses of one statement: with a million pending deliveries of each it still takes less than its time-out. */
export const COUNTED_AT_ONCE = 5;

/** How much of the queue is whose. */
export class PendingDeliveries {
  constructor(private readonly database: Database) {}

  /**
   * How many deliveries of each license are pending; `most` stands for any number from there on. One statement, for at
   * most `COUNTED_AT_ONCE` licenses: one whose queue takes too long to count fails all that are asked for with it.
   */
  async count(licenses: readonly string[], most: number): Promise<Map<string, number>> {
    const { rows } = await this.database.pool.query<{ license: string; pending: number }>({
      ...COUNT_PENDING,
      values: [licenses, most],
    });
    return new Map(rows.map(({ license, pending }) => [license, pending]));
  }
}
