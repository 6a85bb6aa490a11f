/** A million rows are cancelled in 5 to 11 s in ten-thousands; one statement for all would outlast its time-out. */
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

/** The same for deliveries that were queued before a time. Reads the whole queue: for every hour. */
export const EXPIRE_QUEUED_BEFORE = giveUp('o.created_at < $1', EXPIRED);

/** The same for deliveries of the events from one id up to another. Reads the whole queue. */
export const EXPIRE_OF_EVENTS = giveUp('o.event_id >= $1 and o.event_id < $2', EXPIRED);

/** Answers how many it removed as `removed`; these may be more than are new in `deliveries`. */
function giveUp(which: string, { status, error }: { status: string; error?: string }): string {
  return `
with removed as (
  delete from outbox where ctid = any (array(
    select o.ctid from outbox o where ${which} limit ${CANCEL_BATCH} for update skip locked
  ))
  returning id, event_id, endpoint_id, attempt, created_at
), recorded as (
  insert into deliveries (id, event_id, endpoint_id, status, attempts, last_error, created_at, settled_at)
  select id, event_id, endpoint_id, '${status}', attempt, ${error === undefined ? 'null' : `'${error}'`}, created_at, now()
  from removed
  on conflict do nothing
)
select count(*)::int as removed from removed`;
}
