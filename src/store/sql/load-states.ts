/**
 * States by key, for one chunk. LATERAL with LIMIT keeps each look-up on the primary key, whatever the planner believes
 * of the table. A state from before its trigger's metric changed counts as empty, but keeps its version and its count:
 * a chunk that was under way during the change may have written one after all states were emptied.
 */
export const LOAD_STATES = {
  name: 'load_states',
  text: `
select s.trigger_id, s.vehicle, s.version, s.sequence,
       case when s.revision >= t.metric_revision then s.fired_at end as fired_at,
       case when s.revision >= t.metric_revision then s.previous end as previous
from unnest($1::uuid[], $2::text[]) p (trigger_id, vehicle)
cross join lateral (
  select * from states where states.trigger_id = p.trigger_id and states.vehicle = p.vehicle limit 1
) s
left join triggers t on t.id = s.trigger_id`,
};
