import type { MetricKind, ValueKind } from '../core/catalog.js';
import type { EndpointStatus } from '../core/endpoint.js';
import type { TriggerStatus } from '../core/trigger.js';
import type { EndpointFields, EndpointFieldsRow } from './endpoint-fields.js';
import { DEFAULT_ENDPOINT_FIELDS, toEndpointFields } from './endpoint-fields.js';

/** A trigger as its owner sees it, with what the engine and the senders know of it. */
export interface TriggerRecord {
  id: string;
  license: string;
  service: string;
  metricName: string;
  metricKind: MetricKind;
  metric: string;
  valueKind: ValueKind;
  condition: string;
  normalizedCondition: string;
  cooldownSeconds: number;
  /** How old a sample may be when it arrives; null for any age. */
  maxSampleAgeSeconds: number | null;
  /** Never empty: the id when the developer gave none. */
  displayName: string;
  description: string;
  status: TriggerStatus;
  statusReason: string | null;
  /** Vehicles join and leave it by themselves, see `AutoSyncStore`. */
  autoSubscribe: boolean;
  endpointId: string;
  /** The endpoint is its own: nobody shares it, and it goes with the trigger. */
  ownsEndpoint: boolean;
  endpointStatus: EndpointStatus;
  /** How the endpoint is sent to. */
  endpointFields: EndpointFields;
  targetUrl: string;
  /** When the target last proved that it wants what we send. */
  verifiedAt: Date | null;
  /** Counts the changes; from 1. */
  revision: number;
  /** Firings, of whichever trigger of its endpoint, whose first attempt failed since the last that arrived. */
  failureCount: number;
  createdAt: Date;
  updatedAt: Date;
  /** Arrival time of the latest firing on record; null when its states were emptied since. */
  lastFiredAt: Date | null;
  lastDeliveredAt: Date | null;
  /** Vehicles that are subscribed, as of its row: whoever writes their rows keeps it exact. */
  subscriptionCount: number;
}

/** A record without what all of the trigger's states, a million maybe, would have to be read for. */
export type FoundTrigger = Omit<TriggerRecord, 'lastFiredAt'>;

/** Reads found triggers; what follows it may narrow `t`, `triggers` without the deleted ones, further. */
export const SELECT_FOUND_TRIGGERS = select('');

/** The same for records. */
export const SELECT_TRIGGER_RECORDS = select(`,
       (select max(s.fired_at) from states s where s.trigger_id = t.id) as last_fired_at`);

function select(more: string): string {
  return `
select t.*, to_jsonb(e) as endpoint, e.verified_at, coalesce(l.failed_firings, 0) as failed_firings,
       l.last_delivered_at${more}
from triggers t
left join endpoints e on e.id = t.endpoint_id
left join endpoint_leases l on l.endpoint_id = t.endpoint_id
where t.deleted_at is null`;
}

/** A row of `SELECT_TRIGGER_RECORDS`. */
export interface TriggerRecordRow extends FoundTriggerRow {
  last_fired_at: Date | null;
}

/** A row of `SELECT_FOUND_TRIGGERS`. */
export interface FoundTriggerRow {
  id: string;
  license: string;
  service: string;
  metric_name: string;
  metric_kind: MetricKind;
  metric: string;
  value_kind: ValueKind;
  condition: string;
  normalized_condition: string;
  cooldown_seconds: number;
  max_sample_age_seconds: number | null;
  display_name: string;
  description: string;
  status: TriggerStatus;
  status_reason: string | null;
  auto_subscribe: boolean;
  endpoint_id: string;
  endpoint: (EndpointFieldsRow & { url: string; status: EndpointStatus; is_shared: boolean }) | null;
  verified_at: Date | null;
  revision: number;
  failed_firings: number;
  created_at: Date;
  updated_at: Date;
  last_delivered_at: Date | null;
  /** 64 bits. */
  subscription_count: string;
}

export function toTriggerRecord(row: TriggerRecordRow): TriggerRecord {
  return { ...toFoundTrigger(row), lastFiredAt: row.last_fired_at };
}

export function toFoundTrigger(row: FoundTriggerRow): FoundTrigger {
  return {
    id: row.id,
    license: row.license,
    service: row.service,
    metricName: row.metric_name,
    metricKind: row.metric_kind,
    metric: row.metric,
    valueKind: row.value_kind,
    condition: row.condition,
    normalizedCondition: row.normalized_condition,
    cooldownSeconds: row.cooldown_seconds,
    maxSampleAgeSeconds: row.max_sample_age_seconds,
    displayName: row.display_name,
    description: row.description,
    status: row.status,
    statusReason: row.status_reason,
    autoSubscribe: row.auto_subscribe,
    endpointId: row.endpoint_id,
    ownsEndpoint: row.endpoint?.is_shared !== true,
    endpointStatus: row.endpoint?.status ?? 'active',
    endpointFields: row.endpoint === null ? DEFAULT_ENDPOINT_FIELDS : toEndpointFields(row.endpoint),
    targetUrl: row.endpoint?.url ?? '',
    verifiedAt: row.verified_at,
    revision: row.revision,
    failureCount: row.failed_firings,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    lastDeliveredAt: row.last_delivered_at,
    subscriptionCount: Number(row.subscription_count),
  };
}
