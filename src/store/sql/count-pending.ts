/**
 * How many deliveries of each license are pending, up to its limit: what is beyond changes nothing for who asks. The limit
 * is the license's own, or $2, and comes along; with $3 all are counted up to that instead. Both look-ups are
 * index-only, licenses to endpoints and endpoints to the queue's key, and both stop there. Half a million took 0.3 s after
 * a vacuum and 0.7 s before one, on a busy machine: whoever asks rests longer the longer it took.
 */
export const COUNT_PENDING = {
  name: 'count_pending',
  text: `
select l.license, c.pending, l.most
from (
  select a.license, coalesce(q.most, $2::bigint) as most, coalesce($3::bigint, q.most, $2::bigint) as bound
  from unnest($1::text[]) a (license)
  left join license_quotas q on q.license = a.license and q.name = 'pendingDeliveries'
) l
cross join lateral (
  select count(*)::int as pending
  from (
    select 1
    from endpoints p
    cross join lateral (select 1 from outbox where outbox.endpoint_id = p.id limit l.bound) q
    where p.license = l.license
    limit l.bound
  ) bounded
) c`,
};

/** The limits on pending deliveries that licenses have of their own. */
export const PENDING_LIMITS = `select license, most from license_quotas where name = 'pendingDeliveries'`;
