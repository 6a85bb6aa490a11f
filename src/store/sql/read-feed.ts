/** Rows of one kind that a page looks at, for all licenses together; a transaction is never cut. */
const PAGE_ROWS = 5_000;

/**
 * How far a page may go from transaction $1 on, and not to $2 if that is given: up to the first transaction that is
 * still under way, or less when that would be too much at once. `has_rows` spares the reading when there is nothing.
 */
export const FEED_BOUND = {
  name: 'feed_bound',
  text: `
select n.xmin,
       least(n.xmin, coalesce($2::bigint, n.xmin),
         (select xid from events where xid >= $1 order by xid offset ${PAGE_ROWS} limit 1),
         (select xid from deliveries where xid >= $1 order by xid offset ${PAGE_ROWS} limit 1)) as up_to,
       exists (select 1 from events where xid >= $1 and xid < n.xmin)
         or exists (select 1 from deliveries where xid >= $1 and xid < n.xmin) as has_rows
from (select pg_snapshot_xmin(pg_current_snapshot())::text::bigint as xmin) n`,
};

/**
 * Transactions from $1 up to $2, of these licenses, in the feed's order. Licenses are compared in a way that no index
 * serves: what is new is the least there is.
 */
export const FEED_EVENTS = {
  name: 'feed_events',
  text: `
select xid, id, type, license, trigger_id, endpoint_id, vehicle, payload from events
where xid >= $1 and xid < $2 and license || '' = any ($3::text[])
order by xid, id`,
};

export const FEED_DELIVERIES = {
  name: 'feed_deliveries',
  text: `
select d.xid, d.license, d.id, d.event_id, d.endpoint_id, d.trigger_id, d.vehicle, d.status, d.attempts,
       null::timestamptz as due_at, d.created_at, d.settled_at, d.last_status_code, d.last_error, d.is_test,
       e.type as event_type
from deliveries d
left join events e on e.id = d.event_id
where d.xid >= $1 and d.xid < $2 and d.license || '' = any ($3::text[])
order by d.xid, d.id`,
};
