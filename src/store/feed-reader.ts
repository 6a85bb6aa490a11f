import type { Database } from './database.js';
import { type DeliveryRecord, type DeliveryRow, toDelivery } from './delivery-log.js';
import { type EventRecord, toEventRecord } from './event-log.js';
import { type FeedCursor, isBefore } from './feed-cursor.js';
import { FEED_BOUND, FEED_DELIVERIES, FEED_EVENTS } from './sql/read-feed.js';

/** A log event, or a delivery as it was when it was settled. */
export type FeedEntry = FeedCursor & { license: string } & (
    { kind: 'event'; event: EventRecord } | { kind: 'delivery'; delivery: DeliveryRecord }
  );

/** What transactions from one up to another wrote. `upTo` is where the next page begins; the same when nothing is new. */
export interface FeedPage {
  entries: FeedEntry[];
  upTo: bigint;
}

/** How far transactions were at some moment. */
export interface FeedMoment {
  /** The first transaction of which something may still appear. */
  horizon: bigint;
  /** Whether a transaction had ended by then. */
  isOver: (xid: bigint) => boolean;
}

interface BoundRow {
  xmin: string;
  up_to: string;
  has_rows: boolean;
}

type EventRow = Parameters<typeof toEventRecord>[0] & { xid: string };

/**
 * Reads the log in the order of the transactions that wrote it. Below the oldest transaction that is still under way
 * nothing can appear any more, so whoever has read up to there has missed nothing, however late a commit is. The price:
 * a transaction that stays open anywhere on the database server holds back everything behind it.
 */
export class FeedReader {
  constructor(private readonly database: Database) {}

  async moment(): Promise<FeedMoment> {
    const sql = 'select pg_current_snapshot()::text as snapshot';
    const { rows } = await this.database.pool.query<{ snapshot: string }>(sql);
    // PostgreSQL's text of a snapshot: xmin, xmax, and what was under way between them.
    const [xmin = '', xmax = '', underWay = ''] = rows[0]!.snapshot.split(':');
    const open = new Set(underWay.split(','));
    return { horizon: BigInt(xmin), isOver: (xid) => xid < BigInt(xmax) && !open.has(String(xid)) };
  }

  /**
   * How far the next page from transaction `from` goes, not beyond `limit`, whether there is anything to read, and
   * whether there is more than a page of it.
   */
  async bound(from: bigint, limit?: bigint): Promise<{ upTo: bigint; hasRows: boolean; isCut: boolean }> {
    const values = [String(from), limit === undefined ? null : String(limit)];
    const { rows } = await this.database.pool.query<BoundRow>({ ...FEED_BOUND, values });
    const [row] = rows as [BoundRow];
    const horizon = BigInt(row.xmin);
    if (horizon <= from) return { upTo: from, hasRows: false, isCut: false };
    // One transaction may have written more than a page has.
    const upTo = BigInt(row.up_to) > from ? BigInt(row.up_to) : from + 1n;
    return { upTo, hasRows: row.has_rows, isCut: upTo < horizon };
  }

  /** Everything of some licenses from one transaction up to another, which `bound` has named. */
  async read(from: bigint, upTo: bigint, licenses: readonly string[]): Promise<FeedEntry[]> {
    const values = [String(from), String(upTo), licenses];
    const { pool } = this.database;
    const events = await pool.query<EventRow>({ ...FEED_EVENTS, values });
    const deliveries = await pool.query<DeliveryRow & { xid: string; license: string }>({ ...FEED_DELIVERIES, values });
    const entries: FeedEntry[] = [
      ...events.rows.map((row): FeedEntry => {
        return { xid: BigInt(row.xid), kind: 'event', id: row.id, license: row.license, event: toEventRecord(row) };
      }),
      ...deliveries.rows.map((row): FeedEntry => {
        const { id, license } = row;
        return { xid: BigInt(row.xid), kind: 'delivery', id, license, delivery: toDelivery(row) };
      }),
    ];
    return entries.sort((a, b) => (isBefore(a, b) ? -1 : 1));
  }
}
