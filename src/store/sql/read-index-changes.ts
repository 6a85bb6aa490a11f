/** Changes that one page holds at most, unless one number of the sequence alone has more. */
export const INDEX_PAGE_MAX = 5_000;

/**
 * The head and what is new, in one statement and so in one snapshot: read apart, the head could name a change that the
 * page does not have. Nearly always nothing is new. The trigger's row comes along as it
 * stands now; when it changes again, that change stands further on in the sequence. One row more than a page is asked
 * for, to tell whether the page is all. The page is cut inside, before anything is joined to it: a limit outside made
 * each page of a million changes read all that are left. Deleted triggers are told apart by the reader, see `FETCH_DUE` for why.
 */
export const READ_INDEX_CHANGES = {
  name: 'read_index_changes',
  text: reading(`seq > $1::bigint and seq <= h.seq order by seq, n limit ${INDEX_PAGE_MAX + 1}`),
};

/** All of one number, for one that no page can hold: a reader that gets part of it would never come further. */
export const READ_INDEX_NUMBER = { name: 'read_index_number', text: reading('seq = $1::bigint order by n') };

function reading(which: string): string {
  return `
select h.seq as head, c.seq, c.kind, c.trigger_id, c.vehicle, t.*
from index_head h
left join lateral (
  select seq, n, kind, trigger_id, vehicle from index_changes
  where ${which}
) c on true
left join lateral (
  select id, license, revision, status, service, metric_name, metric_kind, metric, value_kind, condition,
         normalized_condition, cooldown_seconds, max_sample_age_seconds, display_name, endpoint_id, deleted_at
  from triggers where id = case when c.kind = 'trigger' then c.trigger_id end
) t on true
order by c.seq, c.n`;
}
