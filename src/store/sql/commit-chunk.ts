import { PENDING_LIMIT } from './queue-for-listeners.js';

/** Buckets in which vehicles are counted that are not at home in their partition. It is part of what is stored. */
export const SCATTERED_BUCKETS = 64;

/**
 * All effects of a chunk in one round trip: 18,000 firings a second on one connection in hundreds, where BEGIN, six
 * statements and COMMIT made 10,000. A function, not one statement of CTEs: each of its statements sees what was
 * committed while it waited for the position's row.
 *
 * - The position is the fence. Its version is compared and raised first, so two owners of a partition cannot both pass.
 * - A chunk that fired for vehicles of other partitions says so in its own position's row, so that who remembers states of
 *   these learns of it in the moment in which they change, and nobody waits for anybody. `p_scattered` has the buckets of
 *   these vehicles, counted from 1: with one count for all, one such vehicle would empty the caches of all others.
 * - The triggers are looked up only when the index has moved since the chunk was evaluated; else they cannot have
 *   changed. That look-up was a quarter of the cost of small chunks. Its join is on the key alone, see `FETCH_DUE`.
 * - States come sorted by key, so two partitions that share some wait for each other in one order. A row whose version
 *   is not the expected one is not written, and the count tells.
 * - The payload is written once, in `events`, as text: jsonb cost a quarter more server time and loses member order.
 * - A pending delivery is its `outbox` row alone; its row in `deliveries` is written once, when it is over.
 * - A due time is cut, never rounded, to its milliseconds: rounded up it would not be due yet.
 * - A trigger that failed goes on firing: only a disabled one is a conflict.
 * - Whoever listens to log events besides gets them from `queue_for_listeners_v2`, in the same transaction.
 * - Where the engine says that too many of a license are pending (`d_held`), the deliveries of a firing become what a
 *   sender would make of them at an endpoint that is switched off: rows of `deliveries` that `recover` brings back.
 *
 * Returns the endpoints to ring for besides those of the firings, or null when fenced. A conflict is raised (TL002, with
 * 'state' or 'trigger' as detail) to undo what the function wrote. Functions are versioned: a changed one gets a new name
 * and a migration, since processes of both releases run side by side while a release rolls out.
 */
export const COMMIT_CHUNK_FUNCTION = `
create function commit_chunk_v3(
  p_topic text, p_partition int, p_epoch int, p_version bigint, p_offset bigint, p_index int, p_seq bigint,
  p_scattered int[],
  s_trigger uuid[], s_vehicle text[], s_version bigint[], s_revision int[], s_fired timestamptz[], s_previous text[],
  s_sequence bigint[],
  e_id uuid[], e_type text[], e_license text[], e_trigger uuid[], e_vehicle text[], e_payload text[],
  d_id uuid[], d_event uuid[], d_endpoint uuid[], d_held boolean[],
  l_offset bigint[], l_index int[], l_reason text[], l_detail text[], l_excerpt bytea[], l_suppressed int[]
) returns uuid[] language plpgsql as $$
declare
  written int;
  rung uuid[] := '{}';
begin
  update stream_positions
  set version = version + 1, next_offset = p_offset, next_index = p_index, updated_at = now(),
      scattered = case when cardinality(p_scattered) = 0 then scattered else array(
        select coalesce(scattered[bucket], 0) + (bucket = any (p_scattered))::int
        from generate_series(1, ${SCATTERED_BUCKETS}) bucket order by bucket
      ) end
  where topic = p_topic and partition = p_partition and log_epoch = p_epoch and version = p_version;
  if not found then
    return null;
  end if;

  if cardinality(s_trigger) > 0 then
    if (select seq from index_head) is distinct from p_seq then
      perform 1
      from unnest(s_trigger, s_revision, s_vehicle) c (trigger_id, revision, vehicle)
      left join triggers t on t.id = c.trigger_id
      left join subscriptions u on u.trigger_id = c.trigger_id and u.vehicle = c.vehicle
      where t.id is null or t.revision <> c.revision or t.status = 'disabled' or t.deleted_at is not null
        or u.trigger_id is null
      limit 1;
      if found then
        raise exception using errcode = 'TL002', message = 'a trigger changed since the chunk was evaluated', detail = 'trigger';
      end if;
    end if;

    insert into states as s (trigger_id, vehicle, version, revision, fired_at, previous, sequence)
    select * from unnest(s_trigger, s_vehicle, s_version, s_revision, s_fired, s_previous, s_sequence)
    on conflict (trigger_id, vehicle) do update
    set version = excluded.version, revision = excluded.revision, fired_at = excluded.fired_at,
        previous = excluded.previous, sequence = excluded.sequence
    where s.version = excluded.version - 1;
    get diagnostics written = row_count;
    if written <> cardinality(s_trigger) then
      raise exception using errcode = 'TL002', message = 'a state changed since the chunk was evaluated', detail = 'state';
    end if;
  end if;

  if cardinality(e_id) > 0 then
    insert into events (id, type, license, trigger_id, vehicle, payload)
    select * from unnest(e_id, e_type, e_license, e_trigger, e_vehicle, e_payload);
    insert into outbox (endpoint_id, due_at, id, event_id)
    select d.endpoint_id, date_trunc('milliseconds', now()), d.id, d.event_id
    from unnest(d_endpoint, d_id, d_event, d_held) d (endpoint_id, id, event_id, is_held)
    where not d.is_held;
    -- Firings come first, each with its delivery; the arrays of what else is told are longer by the rest.
    if true = any (d_held) then
      insert into deliveries (id, event_id, endpoint_id, status, attempts, last_error, created_at, settled_at, license,
        trigger_id, vehicle)
      select c.id, c.event_id, c.endpoint_id, 'held', 0, '${PENDING_LIMIT}', date_trunc('milliseconds', now()), now(),
        c.license, c.trigger_id, c.vehicle
      from unnest(d_id, d_event, d_endpoint, d_held, e_license, e_trigger, e_vehicle)
        c (id, event_id, endpoint_id, is_held, license, trigger_id, vehicle)
      where c.is_held;
    end if;
    rung := queue_for_listeners_v2(e_id, e_type, e_license, e_trigger, e_vehicle, d_endpoint, d_held);
  end if;

  if cardinality(l_offset) > 0 then
    insert into dead_letters (topic, partition, record_offset, sample_index, reason, detail, excerpt, suppressed)
    select p_topic, p_partition, l.* from unnest(l_offset, l_index, l_reason, l_detail, l_excerpt, l_suppressed) l;
  end if;
  return rung;
end $$`;

export const COMMIT_CHUNK = {
  name: 'commit_chunk_v3',
  text: `select commit_chunk_v3(${Array.from({ length: 31 }, (_, i) => `$${i + 1}`).join(', ')}) as rung`,
};
