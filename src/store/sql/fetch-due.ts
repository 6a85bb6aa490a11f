import { FIRING } from '../../core/event-types.js';

/**
 * Due deliveries of several endpoints at once, forward from a place in each one's queue, with everything that sending
 * needs as it stands now; the endpoint itself, as JSON, on the first row of each alone. One statement, so one snapshot: a
 * row that was queued after its endpoint changed meets the changed one. LATERAL with a LIMIT of its own keeps an endpoint
 * with a million rows from costing the others anything. The payload is joined by the event's id: partitions are pruned
 * while the join runs.
 *
 * A trigger's deletion is asked for beside the join, not in its condition: there it admits the indexes that leave out the
 * deleted, and a plan made while there are few triggers then searches one of them by its second column, whole, for
 * every row (a row of every trigger for each delivery).
 *
 * Whether the license is gated, a limit of 0 webhooks, is looked up for each endpoint once, on the same row; $5 is what
 * counts for a license without a limit of its own.
 *
 * Where grants decide who may read what ($7), a firing's is looked up here: asking for it afterwards was a round trip more
 * on each firing's way. No permission has a line break in it, and texts are read faster than arrays.
 *
 * Of what the sender has in hand ($6), which reading from the start of a queue meets again, nothing is looked up: with the
 * payloads of thousands of rows, each second, that was a third of all that was read. Asked for as `in (select …)` a set is
 * hashed.
 *
 * What is usual comes as NULL, of which the driver makes no text: of a thousand rows the usual were a fifth of what a
 * sender did to read them. The license is the endpoint's, the type a firing's, attempt and round are 0, nothing is known
 * or gated and the trigger lives. The endpoint is told by its place among the heads.
 *
 * `place` counts an endpoint's rows: nothing promises their order, and a sort of rows with payloads is dear. The due
 * time stays text: it is half of the row's key, and a driver's date would have to give it back to the digit.
 */
export const FETCH_DUE = {
  name: 'fetch_due',
  text: `
select h.head::int as head, o.due_at::text as due_at, o.id, o.event_id,
       nullif(o.attempt, 0) as attempt, nullif(o.round, 0) as round, o.created_at::text as created_at,
       date_part('epoch', now() - o.created_at) * 1000 as age_ms,
       nullif(e.type, '${FIRING}') as type, e.payload, e.trigger_id, e.vehicle, e.endpoint_id as about_endpoint_id,
       nullif(e.license, p.license) as license,
       case when e.trigger_id is not null and (t.id is null or t.deleted_at is not null) then true end as is_trigger_gone,
       o.place::int as place, case when o.place = 1 then row_to_json(p)::text end as target,
       case when o.place = 1 and p.previous_until > now() then true end as is_overlapping,
       case when o.place = 1 then nullif(coalesce(
         (select g.most = 0 from license_quotas g where g.license = p.license and g.name = 'webhooks'), $5::boolean
       ), false) end as is_gated,
       nullif(o.is_known, false) as is_known,
       case when $7::boolean then (
         select array_to_string(g.permissions, E'\\n') from grants g where g.license = e.license and g.vehicle = e.vehicle
       ) end as granted
from unnest($1::uuid[], $2::timestamptz[], $3::uuid[], $4::int[]) with ordinality
  h (endpoint_id, after_due, after_id, most, head)
cross join lateral (
  select q.*, row_number() over (order by q.due_at, q.id) as place,
         coalesce(q.id in (select unnest($6::uuid[])), false) as is_known
  from (
    select * from outbox
    where endpoint_id = h.endpoint_id and due_at <= now() and (due_at, id) > (h.after_due, h.after_id)
    order by due_at, id
    limit h.most
  ) q
) o
left join events e on e.id = o.event_id and not o.is_known
left join endpoints p on p.id = o.endpoint_id
left join triggers t on t.id = e.trigger_id`,
};
