/**
 * Gives a control-plane change its place in the sequence that engines follow. It is the last statement before the
 * commit: whoever increments `index_head` holds its row until then, so numbers are handed out in commit order and a
 * rolled-back one is used again. A sequence object has neither property: a reader behind a cursor then misses what
 * commits late (about half of all rows in a trial with eight writers). Its price is that control writes queue for the
 * row, hence last, and hence one statement for the increment and the rows.
 */
export const APPEND_INDEX_CHANGES = `
with head as (update index_head set seq = seq + 1 returning seq)
insert into index_changes (seq, n, kind, trigger_id, vehicle)
select head.seq, c.n, c.kind, c.trigger_id, c.vehicle
from head, unnest($1::text[], $2::uuid[], $3::text[]) with ordinality c (kind, trigger_id, vehicle, n)`;
