/** Longer than the longest wait of a schedule that has a name: without an attempt for so long, nobody tried. */
const GAP_HOURS = 30;

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
 * reads as final what is still queued. For the same keys the failure of a delivery becomes a log event. Asked for as
 * `coalesce(id in (select …))` a set is hashed; `= any` would compare each of 500 rows with each.
 *
 * What arrived after its row was taken out of the queue (cancelled, held, expired) has arrived all the same: its record
 * says so from then on. These are few, and looked up only when there are any.
 *
 * Only attempts that were not on record yet count for an endpoint's health: results whose answer got lost are told
 * again. They come in the order in which they happened, so what follows an endpoint's last arrival has failed. A firing
 * counts as failed with the first attempt of its round, so that its retries do not count again. Time in which nothing was
 * sent at all, since we were down or nothing fired, is no time of failing. A pause is never made shorter: nobody begins an
 * attempt during one, so whatever arrives then was under way before and says nothing about it.
 *
 * Times come as ms from now, or ago, and are this database's from here on: no sender's clock has a say. What was queued
 * keeps the time that the database gave it then.
 *
 * A column without any value comes as an empty array, which reads as NULLs. What nothing in a batch needs is left out: a
 * statement that finds nothing to do still reads its arrays. Where all arrived, the health of their endpoints is that of
 * any that answer.
 *
 * Returns `lost`, how many endpoints the token had lost; `rung`, endpoints to ring for; `ailing`, the health of the
 * endpoints that are failing.
 */
export const SETTLE_DELIVERIES_FUNCTION = `
create function settle_deliveries_v4(
  p_token uuid,
  s_endpoint uuid[], s_due timestamptz[], s_id uuid[], s_event uuid[], s_outcome text[], s_wait float8[],
  s_attempts smallint[], s_round smallint[], s_created timestamptz[], s_pause float8[],
  s_license text[], s_trigger uuid[], s_vehicle text[], s_type text[], s_notice uuid[], s_notice_payload text[],
  a_ago float8[], a_duration int[], a_outcome text[], a_status int[], a_error text[],
  a_request text[], a_response text[], a_body text[], a_truncated boolean[]
) returns jsonb language plpgsql as $$
declare
  held uuid[];
  made uuid[];
  gone uuid[];
  late uuid[];
  lost int;
  rung uuid[];
  ailing jsonb;
begin
  select coalesce(array_agg(l.endpoint_id), '{}') into held
  from (
    select endpoint_id from endpoint_leases
    where endpoint_id = any (s_endpoint) and holder = p_token
    order by endpoint_id for update
  ) l;
  select count(distinct c.endpoint_id) - cardinality(held) into lost from unnest(s_endpoint) c (endpoint_id);

  with written as (
    insert into attempts (delivery_id, number, started_at, duration_ms, outcome, status_code, error, request_headers,
      response_headers, response_body, is_truncated)
    select c.id, c.number, now() - c.ago * interval '1 ms', c.duration, c.answer, c.status, c.error, c.request,
           c.response, c.body, coalesce(c.truncated, false)
    from unnest(s_id, s_endpoint, s_outcome, s_attempts, a_ago, a_duration, a_outcome, a_status, a_error, a_request,
        a_response, a_body, a_truncated)
      c (id, endpoint_id, outcome, number, ago, duration, answer, status, error, request, response, body, truncated)
    where c.ago is not null and (c.outcome = 'delivered' or c.endpoint_id = any (held))
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
    settled_at, license, trigger_id, vehicle)
  select c.id, c.event_id, c.endpoint_id, c.outcome, c.attempts, c.status, c.error, c.created, now(), c.license,
    c.trigger_id, c.vehicle
  from unnest(s_id, s_event, s_endpoint, s_outcome, s_attempts, a_status, a_error, s_created, s_license, s_trigger,
      s_vehicle)
    c (id, event_id, endpoint_id, outcome, attempts, status, error, created, license, trigger_id, vehicle)
  where coalesce(c.id in (select unnest(gone)), false)
  on conflict do nothing;

  if cardinality(gone) < cardinality(s_id) then
    late := array(
      select c.id from unnest(s_id, s_outcome) c (id, outcome)
      where c.outcome = 'delivered' and coalesce(c.id in (select unnest(made)), false)
        and not coalesce(c.id in (select unnest(gone)), false)
    );
  end if;
  if cardinality(late) > 0 then
    update deliveries d
    set status = 'delivered', attempts = greatest(d.attempts, c.attempts), last_status_code = c.status, last_error = null,
        settled_at = now(), xid = pg_current_xact_id()::text::bigint
    from unnest(s_id, s_attempts, a_status) c (id, attempts, status)
    where d.id = any (late) and d.id = c.id and d.status <> 'delivered';
  end if;

  if 'retry' = any (s_outcome) then
    update outbox q set due_at = k.next_due, attempt = k.attempts
    from (
      select o.ctid as place, c.attempts,
             date_trunc('milliseconds', now() + c.wait * interval '1 ms') as next_due
      from unnest(s_endpoint, s_due, s_id, s_outcome, s_wait, s_attempts)
        c (endpoint_id, due, id, outcome, wait, attempts)
      cross join lateral (
        select x.ctid from outbox x where x.endpoint_id = c.endpoint_id and x.due_at = c.due and x.id = c.id limit 1
      ) o
      where c.outcome = 'retry' and c.endpoint_id = any (held)
    ) k
    where q.ctid = k.place;
  end if;

  if cardinality(s_notice) > 0 then
    insert into events (id, type, license, trigger_id, vehicle, endpoint_id, payload)
    select c.notice, 'delivery.failed', c.license, c.trigger_id, c.vehicle, c.endpoint_id, c.payload
    from unnest(s_notice, s_id, s_endpoint, s_license, s_trigger, s_vehicle, s_notice_payload)
      c (notice, id, endpoint_id, license, trigger_id, vehicle, payload)
    where c.notice is not null and coalesce(c.id in (select unnest(gone)), false);
    -- What failed of news about deliveries is on record, but no news: two dead listeners would keep each other busy.
    select queue_for_listeners_v1(array_agg(c.notice), array_agg('delivery.failed'::text), array_agg(c.license),
      array_agg(c.trigger_id), array_agg(c.endpoint_id)) into rung
    from unnest(s_notice, s_id, s_license, s_trigger, s_endpoint, s_type)
      c (notice, id, license, trigger_id, endpoint_id, type)
    where c.notice is not null and coalesce(c.id in (select unnest(gone)), false) and c.type not like 'delivery.%';
  end if;

  if 'delivered' = all (s_outcome) then
    update endpoint_leases
    set failures = 0, failing_since = null, failed_firings = 0, warned = 0, last_error = null, last_attempt_at = now(),
        last_delivered_at = now()
    where endpoint_id = any (array(
      select distinct c.endpoint_id from unnest(s_endpoint, s_id) c (endpoint_id, id)
      where coalesce(c.id in (select unnest(made)), false)
    )) and endpoint_id = any (held);
  else
    with changed as (
      update endpoint_leases l
      set failures = case when h.has_arrived then h.failures else l.failures + h.failures end,
          failing_since = case
            when h.has_arrived or l.last_attempt_at < now() - interval '${GAP_HOURS} h' then h.first_failed
            else coalesce(l.failing_since, h.first_failed)
          end,
          failed_firings = case when h.has_arrived then h.firings else l.failed_firings + h.firings end,
          warned = case when h.has_arrived then 0 else l.warned end,
          last_error = coalesce(h.last_error, case when h.has_arrived then null else l.last_error end),
          pause_until = greatest(h.pause, l.pause_until),
          last_attempt_at = now(),
          last_delivered_at = case when h.has_arrived then now() else l.last_delivered_at end
      from (
        select c.endpoint_id, bool_or(c.outcome = 'delivered') as has_arrived,
               count(*) filter (where c.is_later) as failures,
               count(*) filter (where c.is_later and c.number = c.round + 1) as firings,
               now() - max(c.ago) filter (where c.is_later) * interval '1 ms' as first_failed,
               (array_agg(c.error order by c.place desc) filter (where c.is_later))[1] as last_error,
               now() + max(c.pause) filter (where c.outcome <> 'delivered') * interval '1 ms' as pause
        from (
          select s.*, coalesce(s.place > max(s.place) filter (where s.outcome = 'delivered')
            over (partition by s.endpoint_id), true) as is_later
          from unnest(s_endpoint, s_id, s_outcome, s_attempts, s_round, a_ago, a_error, s_pause) with ordinality
            s (endpoint_id, id, outcome, number, round, ago, error, pause, place)
          where coalesce(s.id in (select unnest(made)), false) and s.outcome <> 'cancelled'
        ) c
        group by c.endpoint_id
      ) h
      where l.endpoint_id = h.endpoint_id and l.endpoint_id = any (held)
      returning l.*
    )
    select jsonb_agg(jsonb_build_object('endpointId', endpoint_id, 'failures', failures, 'failedFirings', failed_firings,
      'failingForMs', (extract(epoch from now() - failing_since) * 1000)::bigint, 'warned', warned, 'lastError', last_error))
      into ailing from changed where failures > 0;
  end if;
  return jsonb_build_object('lost', lost, 'rung', to_jsonb(coalesce(rung, '{}')), 'ailing', coalesce(ailing, '[]'));
end $$`;

export const SETTLE_DELIVERIES = {
  name: 'settle_deliveries_v4',
  text: `select settle_deliveries_v4(${Array.from({ length: 26 }, (_, i) => `$${i + 1}`).join(', ')}) as answer`,
};
