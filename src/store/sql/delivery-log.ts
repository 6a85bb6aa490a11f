/** $1 license, $2 trigger, $3 and $4 the range of ids, $5 endpoint, $6 vehicle, $7 statuses, $8 how many. */
export interface DeliveryQuestion {
  isOfTrigger: boolean;
  isOfVehicle: boolean;
  /** Everything that arrived is left out. */
  isUndelivered: boolean;
  /** The range is one id, not up to the second. */
  isExact: boolean;
}

/**
 * Settled deliveries, newest first: one walk backwards over an index, which stops when the page is full. With a trigger
 * it is the trigger's, and the license is compared in a way that no index serves. What did not arrive is little beside
 * what did, and has an index of its own. Types come after the page is cut; each is one probe of its day.
 */
export function listSettled(question: DeliveryQuestion): string {
  return `
select d.id, d.event_id, d.endpoint_id, d.trigger_id, d.vehicle, d.status, d.attempts, null::timestamptz as due_at,
       d.created_at, d.settled_at, d.last_status_code, d.last_error, d.is_test, e.type as event_type
from (
  select * from deliveries
  where ${question.isOfTrigger ? "license || '' = $1 and trigger_id = $2" : 'license = $1 and $2::uuid is null'}
    and ${range('id', question)} ${question.isUndelivered ? "and status <> 'delivered'" : ''}
    and ($5::uuid is null or endpoint_id = $5) and ($6::text is null or vehicle = $6)
    and ($7::text[] is null or status = any ($7))
  order by id desc limit $8
) d
left join events e on e.id = d.event_id
order by d.id desc`;
}

/**
 * Pending deliveries, newest first, of the license's endpoints and of those whose trigger was deleted while rows of them
 * are left. The queue's key is in the order of due times, so all keys of an endpoint are read for its newest ids: the
 * price of keeping the queue at one index. The rows themselves, and their events, are looked up for the page alone, unless
 * it is the events that say what belongs to it.
 */
export function listPending(question: DeliveryQuestion): string {
  return `
select o.id, o.event_id, o.endpoint_id, e.trigger_id, e.vehicle, 'pending' as status, o.attempt as attempts, o.due_at,
       o.created_at, null::timestamptz as settled_at, a.status_code as last_status_code, a.error as last_error,
       false as is_test, e.type as event_type
from (
  select q.endpoint_id, q.due_at, q.id from (
    select id as endpoint_id from endpoints where license = $1
    union
    select endpoint_id from triggers where license = $1 and deleted_at is not null and swept_at is null
  ) p
  cross join lateral (${question.isOfTrigger || question.isOfVehicle ? QUEUE_BY_EVENT(question) : QUEUE(question)}) q
  where ($5::uuid is null or p.endpoint_id = $5) and $7::text[] is null
  order by q.id desc limit $8
) k
cross join lateral (
  select * from outbox where endpoint_id = k.endpoint_id and due_at = k.due_at and id = k.id limit 1
) o
left join events e on e.id = o.event_id
left join attempts a on a.delivery_id = o.id and a.number = o.attempt
order by o.id desc`;
}

const QUEUE = (question: DeliveryQuestion) => `
    select endpoint_id, due_at, id from outbox
    where endpoint_id = p.endpoint_id and ${range('id', question)} and $2::uuid is null
      and $6::text is null
    order by id desc limit $8`;

const QUEUE_BY_EVENT = (question: DeliveryQuestion) => `
    select w.* from (
      select * from outbox where endpoint_id = p.endpoint_id and ${range('id', question)} order by id desc offset 0
    ) w
    join events v on v.id = w.event_id and ($2::uuid is null or v.trigger_id = $2) and ($6::text is null or v.vehicle = $6)
    order by w.id desc limit $8`;

function range(column: string, { isExact }: DeliveryQuestion): string {
  return `${column} >= $3 and ${column} ${isExact ? '<=' : '<'} $4`;
}
