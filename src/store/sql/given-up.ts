/** One statement for a million rows would outlast its time-out; a few thousand take a moment. */
export const CANCEL_BATCH = 10_000;

const EXPIRED = { status: 'failed', error: 'expired' };

/**
 * Takes one batch of an endpoint's pending deliveries out of the queue. Rows that a sender is settling at this moment
 * are skipped, not waited for: it may be waiting for ours. They are found by the next pass.
 */
export const CANCEL_PENDING = {
  name: 'cancel_pending',
  text: giveUp('o.endpoint_id = $1 order by o.due_at, o.id', { status: 'cancelled' }),
};

/** The same for the firings of one trigger at an endpoint that others share. */
export const CANCEL_OF_TRIGGER = {
  name: 'cancel_of_trigger',
  text: giveUp(
    `o.endpoint_id = $1 and exists (
       select 1 from events e where e.id = o.event_id and e.trigger_id = $2 and e.type = 'trigger.fired'
     )`,
    { status: 'cancelled' },
  ),
};

/**
 * The same for what an endpoint that is not active would be sent later: it is held. What is due now may be on its way at
 * this moment; who has it in hand holds it next.
 */
export const HOLD_PENDING = {
  name: 'hold_pending',
  text: giveUp(
    `o.endpoint_id = $1 and o.due_at > now()
       and exists (select 1 from endpoints p where p.id = $1 and p.status <> 'active')`,
    { status: 'held' },
  ),
};

/** The same for an endpoint's deliveries that were queued more than so many ms ago, while nothing can be sent to it. */
export const EXPIRE_AT_ENDPOINT = {
  name: 'expire_at_endpoint',
  text: giveUp("o.endpoint_id = $1 and o.queued_at < now() - $2::float8 * interval '1 ms'", EXPIRED),
};

/** The same for all deliveries that were queued before a time. Reads the whole queue: for every hour. */
export const EXPIRE_QUEUED_BEFORE = giveUp('o.queued_at < $1', EXPIRED);

/** The same for deliveries of the events from one id up to another. Reads the whole queue. */
export const EXPIRE_OF_EVENTS = giveUp('o.event_id >= $1 and o.event_id < $2', EXPIRED);

/**
 * Answers how many it removed as `removed`; these may be more than are new in `deliveries`. `worth_telling` are those of
 * them that were no news about deliveries themselves, see `SETTLE_DELIVERIES_FUNCTION`.
 */
function giveUp(which: string, { status, error }: { status: string; error?: string }): string {
  return `
with removed as (
  delete from outbox where ctid = any (array(
    select o.ctid from outbox o where ${which} limit ${CANCEL_BATCH} for update skip locked
  ))
  returning id, event_id, endpoint_id, attempt, created_at
), known as (
  select r.*, coalesce(e.license, p.license) as license, e.trigger_id, e.vehicle, e.type
  from removed r left join events e on e.id = r.event_id left join endpoint_leases p on p.endpoint_id = r.endpoint_id
), recorded as (
  insert into deliveries (id, event_id, endpoint_id, status, attempts, last_error, created_at, settled_at, license,
    trigger_id, vehicle)
  select id, event_id, endpoint_id, '${status}', attempt, ${error === undefined ? 'null' : `'${error}'`}, created_at, now(),
    license, trigger_id, vehicle
  from known
  on conflict do nothing
)
select count(*)::int as removed, count(*) filter (where type is null or type not like 'delivery.%')::int as worth_telling
from known`;
}

/**
 * One log event for all that was given up at an endpoint: $1 its id, $2 its type, $3 the endpoint, $4 the trigger or null,
 * $5 the payload, $6 whether listeners hear of it. Whose it is says the endpoint's lease row.
 */
export const TELL_OF_GIVEN_UP = `
with told as (
  insert into events (id, type, license, trigger_id, endpoint_id, payload)
  select $1::uuid, $2::text, license, $4::uuid, endpoint_id, $5::text from endpoint_leases where endpoint_id = $3::uuid
  returning id, type, license, trigger_id, endpoint_id
)
select queue_for_listeners_v1(array[id], array[type], array[license], array[trigger_id], array[endpoint_id]) as rung
from told where $6::boolean`;
