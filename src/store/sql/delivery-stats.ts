/** Answer times are those of the latest deliveries; more would say the same. */
const TIMED_DELIVERIES_MAX = 10_000;

/**
 * Hour by hour: $1 trigger, $2 endpoint, then the hours as ms, first id and the id behind it. Each hour is one range of
 * an index in one day's partition, so hours cost what is in them. An hour is that of the event, as its id has it.
 */
export const DELIVERY_HOURS = `
select h.start, f.firings, f.condition_failures, d.delivered, d.failed, d.held, d.cancelled, d.attempts
from unnest($3::bigint[], $4::uuid[], $5::uuid[]) h (start, first, behind)
cross join lateral (
  select count(*) filter (where type = 'trigger.fired')::int as firings,
         count(*) filter (where type = 'condition.failed')::int as condition_failures
  from events where trigger_id = $1 and id >= h.first and id < h.behind
) f
cross join lateral (
  select count(*) filter (where status = 'delivered')::int as delivered,
         count(*) filter (where status = 'failed')::int as failed,
         count(*) filter (where status = 'held')::int as held,
         count(*) filter (where status = 'cancelled')::int as cancelled,
         coalesce(sum(attempts), 0)::int as attempts
  from deliveries where trigger_id = $1 and endpoint_id = $2 and not is_test and id >= h.first and id < h.behind
) d
order by h.start`;

/** $3 and $4 are the range of ids. Where the endpoint is shared, events tell whose the pending ones are. */
export const PENDING_OF_TRIGGER = `
select count(*)::int as pending, coalesce(sum(o.attempt), 0)::int as attempts
from outbox o
where o.endpoint_id = $2 and o.id >= $3 and o.id < $4
  and exists (select 1 from events e where e.id = o.event_id and e.trigger_id = $1)`;

export const THROTTLED = `
select count(*)::int as count from events
where license = $1 and id >= $2 and id < $3 and type <> 'trigger.fired' and type = 'trigger.throttled'`;

export const RESPONSE_TIMES = `
select percentile_cont(0.5) within group (order by a.duration_ms) as p50,
       percentile_cont(0.95) within group (order by a.duration_ms) as p95
from (
  select id from deliveries where trigger_id = $1 and endpoint_id = $2 and not is_test and id >= $3 and id < $4
  order by id desc limit ${TIMED_DELIVERIES_MAX}
) d
join attempts a on a.delivery_id = d.id
where a.status_code is not null`;
