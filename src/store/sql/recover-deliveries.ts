/** Undelivered rows that one transaction looks at: some tenths of a second. */
export const RECOVER_BATCH = 5_000;

/**
 * One batch of a license's deliveries that did not arrive, by id and so oldest first, of one trigger at one endpoint,
 * or of all that goes there. $1 license, $2 the id behind which it begins, $3 trigger or null, $4 endpoint, $5 statuses, $6 and $7 when they were created.
 * Left out is what is a test, whose event is no longer on record, and whose event that endpoint got meanwhile: only the
 * delivery that comes with an event can have been that, for what is sent again after it arrived is so by itself. Both
 * are looked up by LATERAL … LIMIT 1, whose order no statistics can turn around.
 */
const LOOK = `
seen as materialized (
  select id, event_id, endpoint_id, trigger_id, status, created_at, is_test from deliveries
  where license = $1 and id > $2 and status <> 'delivered'
  order by id limit ${RECOVER_BATCH}
), wanted as materialized (
  select s.id from seen s
  cross join lateral (select delivery_id_v1(s.event_id, s.endpoint_id) as first_id offset 0) o
  cross join lateral (select 1 from events e where e.id = s.event_id limit 1) known
  left join lateral (select d.status from deliveries d where d.id = o.first_id limit 1) first on true
  where ($3::uuid is null or s.trigger_id = $3) and s.endpoint_id = $4 and s.status = any ($5::text[]) and not s.is_test
    and s.created_at >= $6 and s.created_at < $7 and first.status is distinct from 'delivered'
), edge as materialized (
  select count(*)::int as seen, (array_agg(id order by id desc))[1] as last from seen
)`;

/**
 * So many attempts were made of a delivery, those included that came in after it was settled: no number is given twice.
 */
const ATTEMPTS_MADE = `greatest(moved.attempts, (select max(a.number) from attempts a where a.delivery_id = moved.id))`;

/** How many of a batch would be queued, and where the next batch begins. */
export const COUNT_RECOVERABLE = `with ${LOOK}
select (select count(*)::int from wanted) as count, seen, last from edge`;

/**
 * Queues a batch anew, all due in one moment: the queue is in the order of due time and id, so the oldest goes first. Rows
 * that somebody else is moving are skipped. What is deleted is found by an array of ids and the days that they are of,
 * the form whose plan no statistics can turn around. Only what the delete returned is queued: a delivery is in the queue
 * or in the log, never in both.
 */
export const RECOVER_DELIVERIES = `with ${LOOK}, locked as materialized (
  select d.id from deliveries d
  where d.id = any (array(select id from wanted)) and d.id > $2 and d.id <= (select last from edge)
    and d.status = any ($5::text[])
  order by d.id for update skip locked
), moved as (
  delete from deliveries d
  where d.id = any (array(select id from locked)) and d.id > $2 and d.id <= (select last from edge)
  returning id, event_id, endpoint_id, attempts, created_at
), queued as (
  insert into outbox (endpoint_id, due_at, id, event_id, attempt, round, created_at, queued_at)
  select endpoint_id, date_trunc('milliseconds', now()), id, event_id, made, made, created_at,
         date_trunc('milliseconds', now())
  from moved cross join lateral (select ${ATTEMPTS_MADE} as made offset 0) n
  returning 1
)
select (select count(*)::int from queued) as count, seen, last from edge`;

/** Queues one delivery anew, unless it arrived or is being moved by somebody who came first. */
export const REQUEUE_DELIVERY = `
with moved as (
  delete from deliveries where id = $1 and status <> 'delivered'
  returning id, event_id, endpoint_id, attempts, created_at
)
insert into outbox (endpoint_id, due_at, id, event_id, attempt, round, created_at, queued_at)
select endpoint_id, date_trunc('milliseconds', now()), id, event_id, made, made, created_at,
       date_trunc('milliseconds', now())
from moved cross join lateral (select ${ATTEMPTS_MADE} as made offset 0) n
returning id`;

/**
 * Makes a pending delivery due. What is due, or nearly, stays as it is: a sender may have it in hand, and would not find
 * its row again under another due time.
 */
export const HURRY_DELIVERY = `
update outbox set due_at = date_trunc('milliseconds', now())
where endpoint_id = $1 and due_at = $2 and id = $3 and due_at > clock_timestamp() + interval '1 s'
returning id`;

/** Whether a pending delivery is still under this due time. */
export const IS_DUE_AT = 'select 1 from outbox where endpoint_id = $1 and due_at = $2 and id = $3';
