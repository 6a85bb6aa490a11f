/** A million rows are cancelled in 5 to 11 s in ten-thousands; one statement for all would outlast its time-out. */
export const CANCEL_BATCH = 10_000;

/**
 * Takes one batch of an endpoint's pending deliveries out of the queue. Rows that a sender is settling at this moment
 * are skipped, not waited for: it may be waiting for ours. They are found by the next pass.
 */
export const CANCEL_PENDING = {
  name: 'cancel_pending',
  text: `
with removed as (
  delete from outbox where ctid = any (array(
    select o.ctid from outbox o where o.endpoint_id = $1 order by o.due_at, o.id limit ${CANCEL_BATCH} for update skip locked
  ))
  returning id, event_id, endpoint_id, attempt, created_at
)
insert into deliveries (id, event_id, endpoint_id, status, attempts, created_at, settled_at)
select id, event_id, endpoint_id, 'cancelled', attempt, created_at, now() from removed
on conflict do nothing`,
};
