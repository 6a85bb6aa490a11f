/** So many blocks are a limit: what a process has no use for is lost to the others, and each costs a statement. */
const BLOCKS = 50;

/**
 * Takes from the minutes of licenses: for each (license, name), which come sorted and once, at least what is needed if it
 * is there, and up to a fiftieth of the limit, so that nobody has to come here for each unit. All that was taken of one
 * minute is never more than the limit, however many processes take. What is not used by the end of the minute is lost.
 *
 * `was_refused` becomes true with the first refusal of a minute: `is_first_refusal` is told to one caller alone.
 *
 * Whoever waited for a row past the turn of the minute finds the next one, and is given of that. A minute further ahead is
 * left by a clock that was set back: it would be everybody's until the clock is there again, so it begins anew.
 */
export const TAKE_QUOTA_FUNCTION = `
create function take_quota_v1(p_license text[], p_name text[], p_needed bigint[], p_default bigint[])
returns table (license text, name text, granted bigint, most bigint, remaining bigint, ends_in_ms float8,
  is_first_refusal boolean)
language plpgsql as $$
#variable_conflict use_column
declare
  began timestamptz := date_trunc('minute', clock_timestamp());
  upcoming timestamptz := began + interval '1 minute';
  given timestamptz;
  used bigint;
  refused boolean;
  needed bigint;
begin
  for license, name, needed, most in
    select a.license, a.name, a.needed, coalesce(q.most, a.most)
    from unnest(p_license, p_name, p_needed, p_default) with ordinality a (license, name, needed, most, place)
    left join license_quotas q on q.license = a.license and q.name = a.name
    order by a.place
  loop
    insert into quota_windows as w (license, name, began_at, taken, was_refused)
    values (take_quota_v1.license, take_quota_v1.name, began, 0, false)
    on conflict (license, name) do update
    set began_at = case when w.began_at between began and upcoming then w.began_at else began end,
        taken = case when w.began_at between began and upcoming then w.taken else 0 end,
        was_refused = w.was_refused and w.began_at between began and upcoming
    returning w.began_at, w.taken, w.was_refused into given, used, refused;
    remaining := greatest(most - used, 0);
    granted := least(remaining, greatest(needed, most / ${BLOCKS}));
    is_first_refusal := granted < needed and not refused;
    update quota_windows w set taken = used + granted, was_refused = refused or granted < needed
    where w.license = take_quota_v1.license and w.name = take_quota_v1.name;
    remaining := remaining - granted;
    ends_in_ms := extract(epoch from given + interval '1 minute' - clock_timestamp()) * 1000;
    return next;
  end loop;
end $$`;

export const TAKE_QUOTA = {
  name: 'take_quota',
  text: 'select * from take_quota_v1($1::text[], $2::text[], $3::bigint[], $4::bigint[])',
};
