import type { DeliveryTarget, EndpointOptions, EndpointStatus } from '../core/endpoint.js';

/** A delivery whose time has come, with what sending it needs, as that stood when it was fetched. */
export interface DueDelivery {
  id: string;
  endpointId: string;
  /** Half of the row's key: given back as it is. */
  dueAt: string;
  eventId: string;
  /** '' when the event is no longer on record. */
  eventType: string;
  /** Attempts made already. */
  attempt: number;
  /** How many of them were made before it was queued anew: the retry schedule counts from there. */
  round: number;
  /** The event's text as stored; null when the event is no longer on record. */
  payload: string | null;
  license: string;
  triggerId: string | null;
  vehicle: string | null;
  /** The endpoint that the event is about. */
  aboutEndpointId: string | null;
  /** The event's trigger was not deleted; true without one. */
  isTriggerLive: boolean;
  /** Nothing may be sent to its license for now. */
  isGated: boolean;
  /** What its license is granted on its vehicle, where the queue was asked to look it up and there is a grant. */
  granted?: readonly string[];
  /** Undefined when the endpoint was deleted. */
  target: DeliveryTarget | undefined;
  /** When it was queued first, as the database writes it: given back as it is. */
  createdAt: string;
  /** The same on this process's monotonic clock (`performance.now`), as near as an answer can tell it. */
  createdTicksMs: number;
  /** The sender said that it has this in hand: it is told only that it is still queued, and nothing of its event. */
  isKnown?: boolean;
}

export interface DueRow {
  endpoint_id: string;
  due_at: string;
  id: string;
  event_id: string;
  attempt: number;
  round: number;
  created_at: string;
  /** Since then, as the database counts. */
  age_ms: number;
  type: string | null;
  payload: string | null;
  trigger_id: string | null;
  vehicle: string | null;
  about_endpoint_id: string | null;
  license: string | null;
  is_trigger_live: boolean;
  /** In the endpoint's queue, from where it was read. */
  place: number;
  target: TargetRow | null;
  /** Like the target, of the endpoint's first row alone. */
  is_gated: boolean;
  /** Its secrets were replaced, and the former ones still sign. */
  is_overlapping: boolean;
  is_known: boolean;
  /** A permission a line. */
  granted: string | null;
}

/** The columns of `endpoints` that are read here. */
export interface TargetRow {
  id: string;
  license: string;
  url: string;
  status: EndpointStatus;
  secret: string;
  previous_secret: string | null;
  signing_key: string | null;
  previous_signing_key: string | null;
  headers: string | null;
  profile: EndpointOptions['profile'];
  header_prefix: string | null;
  content_type: EndpointOptions['contentType'];
  timeout_seconds: number | null;
  retry: string | null;
  max_per_second: number | null;
}

/**
 * Each endpoint's in the order of its queue. Its target stands on the first of its rows alone. `ticksMs`: the monotonic
 * clock when the rows came.
 */
export function toDueDeliveries(rows: readonly DueRow[], ticksMs: number): DueDelivery[] {
  const targets = new Map<string, DeliveryTarget>();
  const gated = new Set<string>();
  for (const { endpoint_id: endpointId, target, is_overlapping: isOverlapping, is_gated: isGated } of rows) {
    if (target !== null) targets.set(endpointId, toTarget(target, isOverlapping));
    if (isGated) gated.add(endpointId);
  }
  const inOrder = rows.toSorted((a, b) => a.place - b.place);
  return inOrder.map((row) => toDueDelivery(row, ticksMs, gated.has(row.endpoint_id), targets.get(row.endpoint_id)));
}

function toDueDelivery(
  row: DueRow,
  ticksMs: number,
  isGated: boolean,
  target: DeliveryTarget | undefined,
): DueDelivery {
  return {
    id: row.id,
    endpointId: row.endpoint_id,
    dueAt: row.due_at,
    eventId: row.event_id,
    eventType: row.type ?? '',
    attempt: row.attempt,
    round: row.round,
    payload: row.payload,
    license: row.license ?? '',
    triggerId: row.trigger_id,
    vehicle: row.vehicle,
    aboutEndpointId: row.about_endpoint_id,
    isTriggerLive: row.is_trigger_live,
    isGated,
    target,
    createdAt: row.created_at,
    createdTicksMs: ticksMs - row.age_ms,
    ...(row.is_known ? { isKnown: true } : {}),
    ...(row.granted === null ? {} : { granted: row.granted.split('\n') }),
  };
}

/** An endpoint as it is to be sent to: a previous secret signs while its overlap lasts, by the database's clock. */
export function toTarget(row: TargetRow, isOverlapping: boolean): DeliveryTarget {
  return {
    endpointId: row.id,
    license: row.license,
    url: row.url,
    status: row.status,
    secret: row.secret,
    previousSecret: isOverlapping ? row.previous_secret : null,
    signingKey: row.signing_key,
    previousSigningKey: isOverlapping ? row.previous_signing_key : null,
    headers: row.headers,
    profile: row.profile,
    headerPrefix: row.header_prefix,
    contentType: row.content_type,
    timeoutSeconds: row.timeout_seconds,
    retry: row.retry,
    maxPerSecond: row.max_per_second,
  };
}
