import { FIRING } from '../../core/event-types.js';

/** Log events that a page looks at. What they name is asked for at once, so it is what a round has under way. */
export const ROUND_PAGE_ROWS = 1_000;

/** Before all events of a transaction. */
const FIRST_ID = '00000000-0000-0000-0000-000000000000';

/** Where transactions that are still under way begin: what is before can grow no more. */
const HORIZON = '(select pg_snapshot_xmin(pg_current_snapshot())::text::bigint as xmin) n';

/**
 * The right to a round, if the last began $1 ms ago. Of two that ask at once the second sees what the first wrote. A time
 * far ahead is of a clock that was wrong; a place that is ahead of everything is of a database that is no more, as after
 * a restore.
 */
export const BEGIN_PERMISSION_ROUND = {
  name: 'begin_permission_round',
  text: `
update permission_rounds r
set began_at = now(), xid = least(r.xid, n.xmin), id = case when r.xid > n.xmin then '${FIRST_ID}' else r.id end
from ${HORIZON}
where r.only_row and r.began_at not between now() - $1 * interval '1 ms' and now() + $1 * interval '1 ms'
returning r.xid, r.id`,
};

/** Where the page from transaction and id $1, $2 ends, and whether there is more behind it. */
export const PERMISSION_ROUND_BOUND = {
  name: 'permission_round_bound',
  text: `
select coalesce(e.xid, greatest(n.xmin, $1::bigint)) as xid,
       coalesce(e.id, case when n.xmin > $1::bigint then '${FIRST_ID}'::uuid else $2::uuid end) as id,
       e.id is not null as is_cut
from ${HORIZON}
left join lateral (
  select xid, id from events where (xid, id) >= ($1::bigint, $2::uuid) and xid < n.xmin
  order by xid, id offset ${ROUND_PAGE_ROWS} limit 1
) e on true`,
};

/**
 * What log events from $1, $2 up to $3, $4 told of vehicles that are still subscribed: each license, vehicle and metric
 * once. That a condition failed tells something of a sample too. Triggers and subscriptions are looked up by their keys,
 * row by row: a join may begin with all triggers, when statistics say that there are none.
 */
export const READ_TOLD = {
  name: 'read_told',
  text: `
select distinct f.license, f.vehicle, t.metric_kind as "metricKind", t.metric
from (
  select distinct license, trigger_id, vehicle from events
  where (xid, id) >= ($1::bigint, $2::uuid) and (xid, id) < ($3::bigint, $4::uuid)
    and type in ('${FIRING}', 'condition.failed') and vehicle is not null
) f
cross join lateral (
  select license, metric_kind, metric, deleted_at from triggers where id = f.trigger_id limit 1
) t
cross join lateral (
  select 1 from subscriptions where trigger_id = f.trigger_id and vehicle = f.vehicle limit 1
) s
where t.license = f.license and t.deleted_at is null`,
};

/** From $1, $2 to $3, $4, unless somebody else did. */
export const MOVE_PERMISSION_ROUND = {
  name: 'move_permission_round',
  text: 'update permission_rounds set xid = $3, id = $4 where only_row and xid = $1 and id = $2',
};
