/** A block is this part of what is left of a minute: small enough that what other processes hold unused does not matter. */
const BLOCK_PART = 10;

/**
 * Takes from the minutes of licenses: for each (license, name), which come sorted and once, at least what is needed if it
 * is there, and up to a tenth of what is left, so that nobody has to come here for each unit. All that was taken of one
 * minute is never more than the limit, however many processes take. What is not used by the end of the minute is lost.
 *
 * `was_refused` becomes true with the first refusal of a minute: `is_first_refusal` is told to one caller alone.
 */
export const TAKE_QUOTA_FUNCTION = `
create function take_quota_v1(p_license text[], p_name text[], p_needed bigint[], p_default bigint[])
returns table (license text, name text, granted bigint, most bigint, remaining bigint, ends_in_ms float8,
  is_first_refusal boolean)
language plpgsql as $$
#variable_conflict use_column
declare
  began timestamptz := date_trunc('minute', clock_timestamp());
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
    set began_at = greatest(w.began_at, began),
        taken = case when w.began_at < began then 0 else w.taken end,
        was_refused = case when w.began_at < began then false else w.was_refused end
    returning w.taken, w.was_refused into used, refused;
    remaining := greatest(most - used, 0);
    granted := least(remaining, greatest(needed, remaining / ${BLOCK_PART}));
    is_first_refusal := granted < needed and not refused;
    update quota_windows w set taken = used + granted, was_refused = refused or granted < needed
    where w.license = take_quota_v1.license and w.name = take_quota_v1.name;
    remaining := remaining - granted;
    ends_in_ms := extract(epoch from began + interval '1 minute' - clock_timestamp()) * 1000;
    return next;
  end loop;
end $$`;

export const TAKE_QUOTA = {
  name: 'take_quota',
  text: 'select * from take_quota_v1($1::text[], $2::text[], $3::bigint[], $4::bigint[])',
};
