/** Of what did not arrive, the latest so many are looked at: as many again would say the same, and take as long. */
export const UNDELIVERED_SEEN_MAX = 100_000;
/** Nobody counts what waits at one endpoint any further. */
export const PENDING_COUNTED_MAX = 100_000;

/** Answer times are those of the latest deliveries. */
const TIMED_DELIVERIES_MAX = 10_000;

/** $1 license. */
export const TRIGGERS_OF_OVERVIEW = `
select id, display_name as "displayName", service, metric_name as "metricName", condition, status,
       status_reason as "statusReason", subscription_count::float8 as "subscriptionCount",
       endpoint_id as "endpointId", updated_at as "updatedAt"
from triggers where license = $1 and deleted_at is null order by id`;

/** $1 license. What a trigger has left is nobody's concern any more. */
export const ENDPOINTS_OF_OVERVIEW = `
select e.id, e.is_shared as "isShared", e.url, e.description, e.status, e.status_reason as "statusReason",
       e.max_per_second as "maxPerSecond", e.previous_until as "previousUntil",
       coalesce(l.failures, 0) as failures, coalesce(l.warned, 0) as warned, l.failing_since as "failingSince",
       l.last_error as "lastError", l.pause_until as "pauseUntil"
from endpoints e
left join endpoint_leases l on l.endpoint_id = e.id
where e.license = $1
  and (e.is_shared or exists (select 1 from triggers t where t.endpoint_id = e.id and t.deleted_at is null))
order by e.id`;

/**
 * Firings by trigger and hour: $1 triggers, $2 and $3 the range of ids, $4 the first id of each hour. One range of an
 * index for each trigger and day, whatever the number of hours; without `offset 0` a day that has no statistics yet is read
 * whole, and each row compared with each trigger. `place` is that in $1, `hour` that in $4, both from 1.
 */
export const FIRINGS_BY_HOUR = `
select t.place::int as place, width_bucket(e.id, $4::uuid[]) as hour, count(*)::int as firings
from unnest($1::uuid[]) with ordinality t (id, place)
cross join lateral (
  select id from events where trigger_id = t.id and id >= $2 and id < $3 and type = 'trigger.fired' offset 0
) e
group by 1, 2`;

/** The same for deliveries of each trigger to the endpoint beside it in $5; others merely listen. */
export const DELIVERIES_BY_HOUR = `
select t.place::int as place, width_bucket(d.id, $4::uuid[]) as hour,
       count(*) filter (where d.status = 'delivered')::int as delivered,
       count(*) filter (where d.status = 'failed')::int as failed
from unnest($1::uuid[], $5::uuid[]) with ordinality t (id, endpoint_id, place)
cross join lateral (
  select id, status from deliveries
  where trigger_id = t.id and endpoint_id = t.endpoint_id and not is_test and id >= $2 and id < $3
    and status in ('delivered', 'failed')
  offset 0
) d
group by 1, 2`;

/** When each of the triggers $1 fired last, by the id of the firing, within the range of ids $2 to $3. */
export const LATEST_FIRINGS = `
select t.id as "triggerId", f.id as "eventId"
from unnest($1::uuid[]) t (id)
cross join lateral (
  select id from events where trigger_id = t.id and id >= $2 and id < $3 and type = 'trigger.fired'
  order by id desc limit 1
) f`;

/**
 * What waits at the endpoints $1, by the trigger that fired it: null for what an endpoint merely listens to. Only where
 * it is shared, $2, events have to tell whose it is: what waits at others is their own trigger's.
 */
export const PENDING_AT_ENDPOINTS = `
select k.id as "endpointId", v.trigger_id as "triggerId", count(*)::int as pending, min(o.created_at) as "oldestAt",
       min(o.due_at) as "dueAt"
from unnest($1::uuid[], $2::boolean[]) k (id, is_shared)
cross join lateral (
  select event_id, due_at, created_at from outbox where endpoint_id = k.id order by due_at, id
  limit ${PENDING_COUNTED_MAX}
) o
left join lateral (
  select e.trigger_id from events e where k.is_shared and e.id = o.event_id limit 1
) v on true
group by 1, 2`;

/**
 * What `recover` would send again, see `COUNT_RECOVERABLE`, by endpoint and trigger: what is held, of license $1 from id
 * $2 on, and what failed from id $4 on. $3 are the endpoints that there are.
 */
export const UNDELIVERED = `
with seen as materialized (
  select id, event_id, endpoint_id, trigger_id, status, created_at, is_test from deliveries
  where license = $1 and id >= $2 and status <> 'delivered'
  order by id desc limit ${UNDELIVERED_SEEN_MAX}
), asked as materialized (
  select * from seen
  where not is_test and endpoint_id = any ($3::uuid[]) and (status = 'held' or (status = 'failed' and id >= $4))
)
select s.endpoint_id as "endpointId", s.trigger_id as "triggerId", s.status, count(*)::int as count,
       min(s.created_at) as "oldestAt"
from asked s
cross join lateral (select delivery_id_v1(s.event_id, s.endpoint_id) as first_id offset 0) o
cross join lateral (select 1 from events e where e.id = s.event_id limit 1) known
left join lateral (
  select d.status from deliveries d where o.first_id <> s.id and d.id = o.first_id limit 1
) first on true
where first.status is distinct from 'delivered'
group by 1, 2, 3`;

/**
 * What license $1 was told within the range of ids of samples and requests that came to nothing. `limit` is that of
 * `quota.exceeded`; the latest id says when.
 */
export const NOTICES = `
select type, trigger_id as "triggerId",
       case when type = 'quota.exceeded' then payload::json ->> 'limit' end as "limit",
       count(*)::int as count, max(id::text) as "latestId"
from events
where license = $1 and id >= $2 and id < $3 and type <> 'trigger.fired'
  and type in ('trigger.throttled', 'condition.failed', 'quota.exceeded')
group by 1, 2, 3`;

/** Of everything that license $1 is sent, within the range of ids. */
export const RESPONSE_TIMES_OF_LICENSE = `
select percentile_cont(0.5) within group (order by a.duration_ms) as p50,
       percentile_cont(0.95) within group (order by a.duration_ms) as p95
from (
  select id from deliveries where license = $1 and not is_test and id >= $2 and id < $3
  order by id desc limit ${TIMED_DELIVERIES_MAX}
) d
cross join lateral (
  select duration_ms from attempts where delivery_id = d.id and status_code is not null offset 0
) a`;
