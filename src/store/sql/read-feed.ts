/** Rows of one kind that a page looks at, for all licenses together. */
const PAGE_ROWS = 5_000;

/**
 * What a page that begins at $1, $2 for log events and at $3, $4 for deliveries has to stop at: the first transaction that
 * is still under way, and the row of either kind that is too much for it. `has_rows` spares the reading when there is
 * nothing.
 */
export const FEED_BOUND = {
  name: 'feed_bound',
  text: `
select n.xmin, e.xid as event_xid, e.id as event_id, d.xid as delivery_xid, d.id as delivery_id,
       exists (select 1 from events where (xid, id) >= ($1, $2) and xid < n.xmin)
         or exists (select 1 from deliveries where (xid, id) >= ($3, $4) and xid < n.xmin) as has_rows
from (select pg_snapshot_xmin(pg_current_snapshot())::text::bigint as xmin) n
left join lateral (
  select xid, id from events where (xid, id) >= ($1::bigint, $2::uuid) order by xid, id offset ${PAGE_ROWS} limit 1
) e on true
left join lateral (
  select xid, id from deliveries where (xid, id) >= ($3::bigint, $4::uuid) order by xid, id offset ${PAGE_ROWS} limit 1
) d on true`,
};

/**
 * From transaction and id $1, $2 up to $3, $4, of these licenses, in the feed's order. Licenses are compared in a way that
 * no index serves: what is new is the least there is.
 */
export const FEED_EVENTS = {
  name: 'feed_events',
  text: `
select xid, id, type, license, trigger_id, endpoint_id, vehicle, payload from events
where (xid, id) >= ($1::bigint, $2::uuid) and (xid, id) < ($3::bigint, $4::uuid) and license || '' = any ($5::text[])
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
where (d.xid, d.id) >= ($1::bigint, $2::uuid) and (d.xid, d.id) < ($3::bigint, $4::uuid)
  and d.license || '' = any ($5::text[])
order by d.xid, d.id`,
};
