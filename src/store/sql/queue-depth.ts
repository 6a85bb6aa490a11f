/**
 * What waits: $1 failures in a row from which on a breaker is open, $2 the most rows that are looked at. Without that
 * bound each sender would read all of a full queue every few seconds. It stops one row after it, which says that there
 * are more. Ages are ms by this database's clock.
 *
 * The oldest of each endpoint is one probe of the queue's key.
 */
export const QUEUE_DEPTH = {
  name: 'queue_depth',
  text: `
with waiting as materialized (
  select count(*) as pending, min(queued_at) filter (where attempt > round) as oldest_retrying
  from (select queued_at, attempt, round from outbox limit $2::bigint + 1) looked_at
), oldest as (
  select min(o.due_at) filter (where not l.is_paused) as due, min(o.due_at) filter (where l.is_paused) as throttled,
         count(*) filter (where l.failures >= $1) as open_breakers
  from (
    select endpoint_id, failures, coalesce(pause_until > now(), false) as is_paused from endpoint_leases
  ) l
  left join lateral (
    select due_at from outbox q where q.endpoint_id = l.endpoint_id order by due_at limit 1
  ) o on true
)
select w.pending, o.open_breakers,
       extract(epoch from now() - o.due)::float8 * 1000 as due_age,
       extract(epoch from now() - o.throttled)::float8 * 1000 as throttled_age,
       extract(epoch from now() - w.oldest_retrying)::float8 * 1000 as retrying_age
from waiting w cross join oldest o`,
};
