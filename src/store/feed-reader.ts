import type { LoggedEvent } from '../core/log-envelope.js';
import type { Database } from './database.js';
import { type DeliveryRecord, type DeliveryRow, toDelivery } from './delivery-log.js';
import { toLoggedEvent } from './event-log.js';
import { beginningOf, type FeedCursor, isBefore, keyFrom } from './feed-cursor.js';
import { FEED_BOUND, FEED_DELIVERIES, FEED_EVENTS } from './sql/read-feed.js';

/** A log event, or a delivery as it was when it was settled. */
export type FeedEntry = FeedCursor & { license: string } & (
    { kind: 'event'; event: LoggedEvent } | { kind: 'delivery'; delivery: DeliveryRecord }
  );

/** How far transactions were at some moment. */
export interface FeedMoment {
  /** The first transaction of which something may still appear. */
  horizon: bigint;
  /** Whether a transaction had ended by then. */
  isOver: (xid: bigint) => boolean;
}

interface BoundRow {
  xmin: string;
  event_xid: string | null;
  event_id: string | null;
  delivery_xid: string | null;
  delivery_id: string | null;
  has_rows: boolean;
}

type EventRow = Parameters<typeof toLoggedEvent>[0] & { xid: string };

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
   * How far the next page from a place goes, not beyond `limit`, whether there is anything to read, and whether there is
   * more than a page of it. A page may end within a transaction.
   */
  async bound(from: FeedCursor, limit?: FeedCursor): Promise<{ upTo: FeedCursor; hasRows: boolean; isCut: boolean }> {
    const values = [...keyFrom(from, 'event'), ...keyFrom(from, 'delivery')];
    const { rows } = await this.database.pool.query<BoundRow>({ ...FEED_BOUND, values });
    const [row] = rows as [BoundRow];
    const horizon = beginningOf(BigInt(row.xmin));
    if (!isBefore(from, horizon)) return { upTo: from, hasRows: false, isCut: false };
    const upTo = [...(limit === undefined ? [] : [limit]), ...excessOf(row)].reduce(earlier, horizon);
    return { upTo, hasRows: row.has_rows, isCut: isBefore(upTo, horizon) };
  }

  /** Everything of some licenses from one place up to another, which `bound` has named. */
  async read(from: FeedCursor, upTo: FeedCursor, licenses: readonly string[]): Promise<FeedEntry[]> {
    const range = (kind: FeedCursor['kind']) => [...keyFrom(from, kind), ...keyFrom(upTo, kind), licenses];
    const { pool } = this.database;
    const events = await pool.query<EventRow>({ ...FEED_EVENTS, values: range('event') });
    const deliveries = await pool.query<DeliveryRow & { xid: string; license: string }>({
      ...FEED_DELIVERIES,
      values: range('delivery'),
    });
    const entries: FeedEntry[] = [
      ...events.rows.map((row): FeedEntry => {
        return { xid: BigInt(row.xid), kind: 'event', id: row.id, license: row.license, event: toLoggedEvent(row) };
      }),
      ...deliveries.rows.map((row): FeedEntry => {
        const { id, license } = row;
        return { xid: BigInt(row.xid), kind: 'delivery', id, license, delivery: toDelivery(row) };
      }),
    ];
    return entries.sort((a, b) => (isBefore(a, b) ? -1 : 1));
  }
}

/** The first entry of either kind that is too much for a page. */
function* excessOf(row: BoundRow): Generator<FeedCursor> {
  if (row.event_id !== null) yield { xid: BigInt(row.event_xid!), kind: 'event', id: row.event_id };
  if (row.delivery_id !== null) yield { xid: BigInt(row.delivery_xid!), kind: 'delivery', id: row.delivery_id };
}

function earlier(a: FeedCursor, b: FeedCursor): FeedCursor {
  return isBefore(b, a) ? b : a;
}
