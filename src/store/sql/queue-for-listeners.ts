/**
 * Queues log events for the endpoints that listen to them, besides the one that a firing goes to anyhow, and never for
 * the endpoint that an event is about. The first look is one probe of a partial index that holds listening endpoints
 * alone, so licenses without any pay next to nothing.
 *
 * A name that an endpoint listens to is `*`, `trigger.*`, a type, or for firings `trigger.fired:telemetry.signals` and
 * `trigger.fired:telemetry.signals/speed`. An event meets a listener once, however many of its names match. Returns the
 * endpoints that have something new, each once.
 */
export const QUEUE_FOR_LISTENERS_FUNCTION = `
create function queue_for_listeners_v1(
  e_id uuid[], e_type text[], e_license text[], e_trigger uuid[], e_except uuid[]
) returns uuid[] language plpgsql as $$
declare
  rung uuid[];
begin
  perform 1 from endpoints where license = any (e_license) and cardinality(enabled_events) > 0 limit 1;
  if not found then
    return '{}';
  end if;
  with queued as (
    insert into outbox (endpoint_id, due_at, id, event_id)
    select p.id, date_trunc('milliseconds', now()), delivery_id_v1(c.id, p.id), c.id
    from unnest(e_id, e_type, e_license, e_trigger, e_except) c (id, type, license, trigger_id, except_id)
    join endpoints p on p.license = c.license and cardinality(p.enabled_events) > 0
    left join triggers t on t.id = c.trigger_id and c.type = 'trigger.fired'
    where p.id is distinct from c.except_id
      and p.enabled_events && (array['*', split_part(c.type, '.', 1) || '.*', c.type] || case when t.id is null then '{}' else
        array[c.type || ':telemetry.' || t.metric_kind || 's', c.type || ':telemetry.' || t.metric_kind || 's/' || t.metric]
      end)
    returning endpoint_id
  )
  select coalesce(array_agg(distinct endpoint_id), '{}') into rung from queued;
  return rung;
end $$`;

/** The `last_error` of deliveries that were held because too many of their license were pending. */
export const PENDING_LIMIT = 'pending_limit';

/**
 * The same for the commit of a chunk, where a firing may come with the mark that too many of its license are pending
 * (`e_held`): its copies are then on record as held, as its own delivery is, and nobody is rung for. Arrays may be
 * shorter than `e_id`: what has no mark is queued.
 */
export const QUEUE_OR_HOLD_FOR_LISTENERS_FUNCTION = `
create function queue_for_listeners_v2(
  e_id uuid[], e_type text[], e_license text[], e_trigger uuid[], e_vehicle text[], e_except uuid[], e_held boolean[]
) returns uuid[] language plpgsql as $$
declare
  rung uuid[];
begin
  perform 1 from endpoints where license = any (e_license) and cardinality(enabled_events) > 0 limit 1;
  if not found then
    return '{}';
  end if;
  with heard as materialized (
    select p.id as endpoint_id, delivery_id_v1(c.id, p.id) as id, c.id as event_id, c.license, c.trigger_id, c.vehicle,
           coalesce(c.is_held, false) as is_held
    from unnest(e_id, e_type, e_license, e_trigger, e_vehicle, e_except, e_held)
      c (id, type, license, trigger_id, vehicle, except_id, is_held)
    join endpoints p on p.license = c.license and cardinality(p.enabled_events) > 0
    left join triggers t on t.id = c.trigger_id and c.type = 'trigger.fired'
    where p.id is distinct from c.except_id
      and p.enabled_events && (array['*', split_part(c.type, '.', 1) || '.*', c.type] || case when t.id is null then '{}' else
        array[c.type || ':telemetry.' || t.metric_kind || 's', c.type || ':telemetry.' || t.metric_kind || 's/' || t.metric]
      end)
  ), queued as (
    insert into outbox (endpoint_id, due_at, id, event_id)
    select endpoint_id, date_trunc('milliseconds', now()), id, event_id from heard where not is_held
    returning endpoint_id
  ), held as (
    insert into deliveries (id, event_id, endpoint_id, status, attempts, last_error, created_at, settled_at, license,
      trigger_id, vehicle)
    select id, event_id, endpoint_id, 'held', 0, '${PENDING_LIMIT}', date_trunc('milliseconds', now()), now(), license,
      trigger_id, vehicle
    from heard where is_held
  )
  select coalesce(array_agg(distinct endpoint_id), '{}') into rung from queued;
  return rung;
end $$`;

/** What `deliveryId` in core/event-id.ts computes: the same id whoever queues the delivery, of the day of its event. */
export const DELIVERY_ID_FUNCTION = `
create function delivery_id_v1(p_event uuid, p_endpoint uuid) returns uuid language sql immutable as $$
  select encode(
    set_byte(set_byte(
      substring(uuid_send(p_event) from 1 for 6) ||
        substring(sha256(convert_to(p_event::text || E'\\n' || p_endpoint::text, 'UTF8')) from 7 for 10),
      6, (get_byte(sha256(convert_to(p_event::text || E'\\n' || p_endpoint::text, 'UTF8')), 6) & 15) | 128),
      8, (get_byte(sha256(convert_to(p_event::text || E'\\n' || p_endpoint::text, 'UTF8')), 8) & 63) | 128),
    'hex')::uuid
$$`;

/** For log events of the control plane, written in the same transaction: `except` is the endpoint they are about. */
export const QUEUE_FOR_LISTENERS = 'select queue_for_listeners_v1($1::uuid[], $2, $3, $4::uuid[], $5::uuid[]) as rung';
