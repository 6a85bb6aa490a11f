/**
 * Endpoints that have due work and no living holder, taken for one sender.
 *
 * The token's own row is locked, so that the token cannot be ended before this has committed, see
 * `END_SENDERS_FUNCTION`. Heartbeats leave the row's key as it is and do not wait.
 *
 * The dead tokens are read first, as a list. Asked for inside the statement (`not exists … from senders`), two senders
 * now and then both got the same endpoint: after waiting for a row, only that row is read again, while
 * `senders` is still seen as it was when the winner's token did not exist yet.
 *
 * Whether work is due is looked up in the queue itself, by one probe of its key an endpoint, which a dead endpoint's
 * million rows beside do not slow. A hint on the lease row, kept by commits, made commits of different partitions
 * deadlock. `was_busy` says that a request may have been sent within the last seconds, by whoever held it before: a
 * limit a second has to allow for those. An endpoint that is to be left alone until a time is passed over until then.
 *
 * With `p_among`, the endpoints that a bell named, nothing is scanned: the statement stands there twice, since one plan
 * for both would be the scan's.
 */
export const LEASE_ENDPOINTS_FUNCTION = `
create function lease_endpoints_v2(p_token uuid, p_most int, p_among uuid[])
returns table (endpoint_id uuid, license text, failures int, was_busy boolean) language plpgsql as $$
#variable_conflict use_column
declare
  dead uuid[];
begin
  perform 1 from senders where token = p_token and alive_until > now() for key share;
  if not found then
    return;
  end if;
  select coalesce(array_agg(token), '{}') into dead from senders where alive_until <= now();

  if p_among is null then
    return query
    update endpoint_leases l set holder = p_token
    from (
      select c.endpoint_id, c.holder as before
      from endpoint_leases c
      cross join lateral (
        select 1 from outbox o where o.endpoint_id = c.endpoint_id and o.due_at <= now() order by o.due_at limit 1
      ) due
      where (c.holder is null or c.holder = any (dead)) and (c.pause_until is null or c.pause_until <= now())
      limit p_most
      for update of c skip locked
    ) free
    where l.endpoint_id = free.endpoint_id
    returning l.endpoint_id, l.license, l.failures,
      free.before is not null or coalesce(l.last_attempt_at > now() - interval '2 s', false);
  else
    return query
    update endpoint_leases l set holder = p_token
    from (
      select c.endpoint_id, c.holder as before
      from endpoint_leases c
      cross join lateral (
        select 1 from outbox o where o.endpoint_id = c.endpoint_id and o.due_at <= now() order by o.due_at limit 1
      ) due
      where c.endpoint_id = any (p_among) and (c.holder is null or c.holder = any (dead))
        and (c.pause_until is null or c.pause_until <= now())
      limit p_most
      for update of c skip locked
    ) free
    where l.endpoint_id = free.endpoint_id
    returning l.endpoint_id, l.license, l.failures,
      free.before is not null or coalesce(l.last_attempt_at > now() - interval '2 s', false);
  end if;
end $$`;

export const LEASE_ENDPOINTS = {
  name: 'lease_endpoints_v2',
  text: 'select endpoint_id, license, failures, was_busy from lease_endpoints_v2($1, $2, $3)',
};

/**
 * Ends tokens: gives back what they held, then forgets them, in one transaction. Else an endpoint would be held by a
 * token that no list of dead ones names, and be served by nobody for good. For the same reason the tokens' rows are
 * locked first: a lease whose sender lost its connection may still be running, and has to commit before what is held is
 * looked up, or to find its token gone. Rows are locked by key, like everywhere.
 *
 * Requests may be under way, so the endpoints were busy for as long as the token can have sent.
 */
export const END_SENDERS_FUNCTION = `
create function end_senders_v2(p_tokens uuid[]) returns void language plpgsql as $$
begin
  perform 1 from senders where token = any (p_tokens) order by token for update;
  perform 1 from endpoint_leases where holder = any (p_tokens) order by endpoint_id for update;
  update endpoint_leases l
  set holder = null,
      last_attempt_at = greatest(l.last_attempt_at,
        (select least(now(), s.alive_until) from senders s where s.token = l.holder))
  where l.holder = any (p_tokens);
  delete from senders where token = any (p_tokens);
end $$`;
