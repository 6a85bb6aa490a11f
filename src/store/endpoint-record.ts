import type { EndpointStatus } from '../core/endpoint.js';
import { databaseNowMs } from './database-time.js';
import type { EndpointFields, EndpointFieldsRow } from './endpoint-fields.js';
import { toEndpointFields } from './endpoint-fields.js';

/** An endpoint as its owner sees it, with how it does. */
export interface EndpointRecord extends EndpointFields {
  id: string;
  license: string;
  /** Several triggers may use it; one that is not shared belongs to a trigger. */
  isShared: boolean;
  url: string;
  description: string;
  status: EndpointStatus;
  statusReason: string | null;
  /** The log events that it is sent besides what its triggers fire. */
  enabledEvents: string[];
  /** When it last proved that it wants what we send. */
  verifiedAt: Date | null;
  createdAt: Date;
  updatedAt: Date;
  /** How many triggers use it. */
  triggerCount: number;
  /** Whose own it is; null for a shared one, and for one that its trigger has left. */
  triggerId: string | null;
  /** Firings whose first attempt failed since the last that arrived. */
  failureCount: number;
  lastDeliveredAt: Date | null;
  lastError: string | null;
  /** Nothing is sent to it before. */
  pausedUntil: Date | null;
}

/** Reads records; what follows it may narrow `e`, `endpoints`, further. */
export const SELECT_ENDPOINT_RECORDS = `
select e.*, coalesce(l.failed_firings, 0) as failed_firings, l.last_delivered_at, l.last_error, l.pause_until,
       (select count(*)::int from triggers t where t.endpoint_id = e.id and t.deleted_at is null) as trigger_count,
       (select t.id from triggers t where t.endpoint_id = e.id and t.deleted_at is null and not e.is_shared limit 1)
         as trigger_id
from endpoints e
left join endpoint_leases l on l.endpoint_id = e.id
where e.license = $1`;

/** A row of `SELECT_ENDPOINT_RECORDS`. */
export interface EndpointRecordRow extends EndpointFieldsRow {
  id: string;
  license: string;
  is_shared: boolean;
  url: string;
  description: string;
  status: EndpointStatus;
  status_reason: string | null;
  enabled_events: string[];
  verified_at: Date | null;
  created_at: Date;
  updated_at: Date;
  trigger_count: number;
  trigger_id: string | null;
  failed_firings: number;
  last_delivered_at: Date | null;
  last_error: string | null;
  pause_until: Date | null;
}

export function toEndpointRecord(row: EndpointRecordRow): EndpointRecord {
  return {
    ...toEndpointFields(row),
    id: row.id,
    license: row.license,
    isShared: row.is_shared,
    url: row.url,
    description: row.description,
    status: row.status,
    statusReason: row.status_reason,
    enabledEvents: row.enabled_events,
    verifiedAt: row.verified_at,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    triggerCount: row.trigger_count,
    triggerId: row.trigger_id,
    failureCount: row.failed_firings,
    lastDeliveredAt: row.last_delivered_at,
    lastError: row.last_error,
    pausedUntil: row.pause_until !== null && row.pause_until.getTime() > databaseNowMs() ? row.pause_until : null,
  };
}
