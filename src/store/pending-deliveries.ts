import type { Database } from './database.js';
import { COUNT_PENDING, PENDING_LIMITS } from './sql/count-pending.js';

/** Licenses of one statement: with a million pending deliveries of each it still takes less than its time-out. */
export const COUNTED_AT_ONCE = 5;

/** Of one license. */
export interface PendingCount {
  pending: number;
  /** Its limit; `pending` stands for any number from there on, unless something else bounded the count. */
  most: number;
}

/** How much of the queue is whose. */
export class PendingDeliveries {
  constructor(private readonly database: Database) {}

  /**
   * How many deliveries of each license are pending, up to its limit: its own, or `most`; or else up to `countedMax`. One statement, for at most `COUNTED_AT_ONCE` licenses: one whose queue takes too long to count fails all
   * that are asked for with it.
   */
  async count(licenses: readonly string[], most: number, countedMax?: number): Promise<Map<string, PendingCount>> {
    const { rows } = await this.database.pool.query<{ license: string; pending: number; most: string }>({
      ...COUNT_PENDING,
      values: [licenses, most, countedMax ?? null],
    });
    return new Map(rows.map((row) => [row.license, { pending: row.pending, most: Number(row.most) }]));
  }

  /** The limits of those licenses that have one of their own. */
  async limits(): Promise<Map<string, number>> {
    const { rows } = await this.database.pool.query<{ license: string; most: string }>(PENDING_LIMITS);
    return new Map(rows.map(({ license, most }) => [license, Number(most)]));
  }
}
