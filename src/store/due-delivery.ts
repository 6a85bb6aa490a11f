import type { DeliveryTarget, EndpointOptions, EndpointStatus } from '../core/endpoint.js';
import { FIRING } from '../core/event-types.js';
import { RecentMap } from '../core/recent-map.js';

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

/** What is usual is null; see `FETCH_DUE`. */
export interface DueRow {
  /** Of the endpoint, from 1. */
  head: number;
  due_at: string;
  id: string;
  event_id: string;
  attempt: number | null;
  round: number | null;
  created_at: string;
  /** Since then, as the database counts. */
  age_ms: number;
  type: string | null;
  payload: string | null;
  trigger_id: string | null;
  vehicle: string | null;
  about_endpoint_id: string | null;
  license: string | null;
  is_trigger_gone: true | null;
  /** In the endpoint's queue, from where it was read. */
  place: number;
  /** JSON of a `TargetRow`. */
  target: string | null;
  /** Like the target, of the endpoint's first row alone. */
  is_gated: true | null;
  /** Its secrets were replaced, and the former ones still sign. */
  is_overlapping: true | null;
  is_known: true | null;
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

/** So many endpoints are remembered as they were read last: as many as a sender holds. */
const TARGETS_MAX = 10_000;

/**
 * Endpoints as they were read last. One that is read again unchanged is the same object, so that what sending has made of
 * it (its secrets were opened) is made once, and not for every few deliveries.
 */
export class ReadTargets {
  private readonly targets = new RecentMap<string, { text: string; isOverlapping: boolean; target: DeliveryTarget }>(
    TARGETS_MAX,
  );

  of(endpointId: string, text: string, isOverlapping: boolean): DeliveryTarget {
    const known = this.targets.get(endpointId);
    if (known?.text === text && known.isOverlapping === isOverlapping) return known.target;
    const target = toTarget(JSON.parse(text) as TargetRow, isOverlapping);
    this.targets.set(endpointId, { text, isOverlapping, target });
    return target;
  }
}

/** What the rows of one endpoint have in common. */
interface HeadGist {
  endpointId: string;
  target: DeliveryTarget | undefined;
  isGated: boolean;
}

/**
 * Each endpoint's in the order of its queue. Its target stands on the first of its rows alone. `ticksMs`: the monotonic
 * clock when the rows came.
 */
export function toDueDeliveries(
  rows: readonly DueRow[],
  { endpointIds, targets, ticksMs }: { endpointIds: readonly string[]; targets: ReadTargets; ticksMs: number },
): DueDelivery[] {
  const heads = endpointIds.map((endpointId): HeadGist => ({ endpointId, target: undefined, isGated: false }));
  for (const { head, target, is_overlapping: isOverlapping, is_gated: isGated } of rows) {
    const gist = heads[head - 1]!;
    if (target !== null) gist.target = targets.of(gist.endpointId, target, isOverlapping === true);
    if (isGated) gist.isGated = true;
  }
  const permissions = new Map<string, string[]>();
  const inOrder = rows.toSorted((a, b) => a.place - b.place);
  return inOrder.map((row) => {
    const delivery = toDueDelivery(row, heads[row.head - 1]!, ticksMs);
    if (row.is_known) delivery.isKnown = true;
    if (row.granted !== null) delivery.granted = linesOf(row.granted, permissions);
    return delivery;
  });
}

function toDueDelivery(row: DueRow, { endpointId, target, isGated }: HeadGist, ticksMs: number): DueDelivery {
  return {
    id: row.id,
    endpointId,
    dueAt: row.due_at,
    eventId: row.event_id,
    eventType: row.type ?? (row.payload === null ? '' : FIRING),
    attempt: row.attempt ?? 0,
    round: row.round ?? 0,
    payload: row.payload,
    license: row.license ?? target?.license ?? '',
    triggerId: row.trigger_id,
    vehicle: row.vehicle,
    aboutEndpointId: row.about_endpoint_id,
    isTriggerLive: row.is_trigger_gone === null,
    isGated,
    target,
    createdAt: row.created_at,
    createdTicksMs: ticksMs - row.age_ms,
  };
}

/** Of a text that many rows have, once. */
function linesOf(text: string, known: Map<string, string[]>): string[] {
  let lines = known.get(text);
  if (lines === undefined) known.set(text, (lines = text.split('\n')));
  return lines;
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
