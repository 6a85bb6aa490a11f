/**
 * What became of some deliveries, at most a few hundred, in one transaction.
 *
 * The lease rows are locked first, by key, and updated last: until the commit nobody can take over an endpoint whose
 * results are being written. Endpoints that the token no longer holds are refused and counted, except for what arrived
 * there: a success is true whoever tells it, and the row's key, which has the due time in it, is a compare-and-set of
 * its own. Should the new holder have rescheduled the row meanwhile, nothing matches and it will be sent again.
 *
 * Rows are found by LATERAL … LIMIT 1 on the key and then changed by ctid: the only forms whose order no statistics can
 * turn around. `delete … using unnest(…)` read the whole queue for each row once the table looked empty.
 * `deliveries` gets a row only for keys that the delete returned; without that, a late report of a rescheduled delivery
 * reads as final what is still queued.
 *
 * Only attempts that were not on record yet count for an endpoint's failures: results whose answer got lost are told
 * again. They come in the order in which they happened, so what follows an endpoint's last arrival has failed.
 *
 * Returns how many endpoints the token had lost.
 */
export const SETTLE_DELIVERIES_FUNCTION = `
create function settle_deliveries_v1(
  p_token uuid,
  s_endpoint uuid[], s_due timestamptz[], s_id uuid[], s_event uuid[], s_outcome text[], s_next timestamptz[],
  s_attempts smallint[], s_created timestamptz[],
  a_started timestamptz[], a_duration int[], a_outcome text[], a_status int[], a_error text[]
) returns int language plpgsql as $$
declare
  held uuid[];
  made uuid[];
  gone uuid[];
  lost int;
begin
  select coalesce(array_agg(l.endpoint_id), '{}') into held
  from (
    select endpoint_id from endpoint_leases
    where endpoint_id = any (s_endpoint) and holder = p_token
    order by endpoint_id for update
  ) l;
  select count(distinct c.endpoint_id) into lost from unnest(s_endpoint) c (endpoint_id) where c.endpoint_id <> all (held);

  with written as (
    insert into attempts (delivery_id, number, started_at, duration_ms, outcome, status_code, error)
    select c.id, c.number, c.started, c.duration, c.answer, c.status, c.error
    from unnest(s_id, s_endpoint, s_outcome, s_attempts, a_started, a_duration, a_outcome, a_status, a_error)
      c (id, endpoint_id, outcome, number, started, duration, answer, status, error)
    where c.started is not null and (c.endpoint_id = any (held) or c.outcome = 'delivered')
    on conflict do nothing
    returning delivery_id
  )
  select coalesce(array_agg(delivery_id), '{}') into made from written;

  with removed as (
    delete from outbox where ctid = any (array(
      select o.ctid
      from unnest(s_endpoint, s_due, s_id, s_outcome) c (endpoint_id, due, id, outcome)
      cross join lateral (
        select q.ctid from outbox q where q.endpoint_id = c.endpoint_id and q.due_at = c.due and q.id = c.id limit 1
      ) o
      where c.outcome = 'delivered' or (c.outcome <> 'retry' and c.endpoint_id = any (held))
    ))
    returning id
  )
  select coalesce(array_agg(id), '{}') into gone from removed;

  insert into deliveries (id, event_id, endpoint_id, status, attempts, last_status_code, last_error, created_at,
    settled_at)
  select c.id, c.event_id, c.endpoint_id, c.outcome, c.attempts, c.status, c.error, c.created, now()
  from unnest(s_id, s_event, s_endpoint, s_outcome, s_attempts, a_status, a_error, s_created)
    c (id, event_id, endpoint_id, outcome, attempts, status, error, created)
  where c.id = any (gone)
  on conflict do nothing;

  update outbox q set due_at = k.next_due, attempt = k.attempts
  from (
    select o.ctid as place, c.next_due, c.attempts
    from unnest(s_endpoint, s_due, s_id, s_outcome, s_next, s_attempts)
      c (endpoint_id, due, id, outcome, next_due, attempts)
    cross join lateral (
      select x.ctid from outbox x where x.endpoint_id = c.endpoint_id and x.due_at = c.due and x.id = c.id limit 1
    ) o
    where c.outcome = 'retry' and c.endpoint_id = any (held)
  ) k
  where q.ctid = k.place;

  update endpoint_leases l
  set failures = case when h.has_arrived then h.failures else l.failures + h.failures end,
      last_delivered_at = case when h.has_arrived then now() else l.last_delivered_at end
  from (
    select c.endpoint_id, bool_or(c.outcome = 'delivered') as has_arrived,
           count(*) filter (where c.last_arrived is null or c.place > c.last_arrived) as failures
    from (
      select s.endpoint_id, s.outcome, s.place,
             max(s.place) filter (where s.outcome = 'delivered') over (partition by s.endpoint_id) as last_arrived
      from unnest(s_endpoint, s_id, s_outcome) with ordinality s (endpoint_id, id, outcome, place)
      where s.id = any (made) and s.outcome <> 'cancelled'
    ) c
    group by c.endpoint_id
  ) h
  where l.endpoint_id = h.endpoint_id and l.endpoint_id = any (held);
  return lost;
end $$`;

export const SETTLE_DELIVERIES = {
  name: 'settle_deliveries_v1',
  text: `select settle_deliveries_v1(${Array.from({ length: 14 }, (_, i) => `$${i + 1}`).join(', ')}) as lost`,
};
