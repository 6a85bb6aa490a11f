import type { EntityManager } from 'typeorm';
import type { EndpointStatus } from '../core/endpoint.js';
import { timeOfId } from '../core/event-id.js';
import type { QuotaName } from '../core/quota.js';
import type { TriggerStatus } from '../core/trigger.js';
import { readLog } from './by-index.js';
import type { Database } from './database.js';
import { hoursBetween } from './delivery-stats.js';
import { firstIdAt } from './log-id.js';
import {
  DELIVERIES_BY_HOUR,
  ENDPOINTS_OF_OVERVIEW,
  FIRINGS_BY_HOUR,
  LATEST_FIRINGS,
  NOTICES,
  PENDING_AT_ENDPOINTS,
  RESPONSE_TIMES_OF_LICENSE,
  TRIGGERS_OF_OVERVIEW,
  UNDELIVERED,
} from './sql/overview.js';

export interface OverviewQuestion {
  license: string;
  sinceMs: number;
  /** Exclusive. */
  untilMs: number;
  /** From when on there is a log: what is held is counted from here, whenever the range begins. */
  logSinceMs: number;
}

/** A trigger with how it did. */
export interface OverviewTrigger {
  id: string;
  displayName: string;
  service: string;
  metricName: string;
  condition: string;
  status: TriggerStatus;
  statusReason: string | null;
  subscriptionCount: number;
  endpointId: string;
  updatedAt: Date;
  lastFiredAtMs: number | null;
  /** One number for each hour of the overview. */
  firings: number[];
  delivered: number[];
  failed: number[];
}

/** An endpoint that is shared, or some trigger's own, with how it does. */
export interface OverviewEndpoint {
  id: string;
  isShared: boolean;
  url: string;
  description: string;
  status: EndpointStatus;
  statusReason: string | null;
  maxPerSecond: number | null;
  /** Until when the secret before the present one signs as well; null when none does. It may be over. */
  previousUntil: Date | null;
  /** Attempts that failed since the last that arrived. */
  failures: number;
  /** The last warning that its owner got, in percent of what is allowed; 0 for none. */
  warned: number;
  failingSince: Date | null;
  lastError: string | null;
  /** Nothing is sent to it before. It may be over. */
  pauseUntil: Date | null;
}

/** What waits in the queue. */
export interface PendingAtEndpoint {
  endpointId: string;
  /** Whose firings these are; null for what the endpoint merely listens to, and for all that waits at a trigger's own. */
  triggerId: string | null;
  /** At most `PENDING_COUNTED_MAX` at one endpoint. */
  pending: number;
  oldestAt: Date;
  /** When the first of them is, or was, to be sent. */
  dueAt: Date;
}

/** What did not arrive and can be recovered: what is held, whenever it was, and what failed within the range. */
export interface UndeliveredAtEndpoint {
  endpointId: string;
  triggerId: string | null;
  status: 'held' | 'failed';
  count: number;
  /** When the oldest of them was created. */
  oldestAt: Date;
}

/** How often the license was told of something within the range, and when last. */
export interface NoticeCount {
  type: 'trigger.throttled' | 'condition.failed' | 'quota.exceeded';
  /** Of `condition.failed`. */
  triggerId: string | null;
  /** Of `quota.exceeded`. */
  limit: QuotaName | null;
  count: number;
  latestAtMs: number;
}

/** How all triggers of a license do, and what their owner may have to look after. Tests are left out. */
export interface OverviewRecord {
  /** When each hour begins, in ms; the first begins where the range does. */
  hours: number[];
  /** By id. */
  triggers: OverviewTrigger[];
  endpoints: OverviewEndpoint[];
  pending: PendingAtEndpoint[];
  undelivered: UndeliveredAtEndpoint[];
  notices: NoticeCount[];
  /** Of the latest 10,000 deliveries; null without any answer. */
  responseTimeMs: { p50: number | null; p95: number | null };
}

/** What the log and the queue say of all triggers of a license at once, in as many statements however many there are. */
export class OverviewStore {
  constructor(private readonly database: Database) {}

  /** As of one moment. Takes as long as there are rows of the range, see `DeliveryStats`. */
  of(question: OverviewQuestion): Promise<OverviewRecord> {
    return readLog(this.database, (manager) => read(manager, question));
  }
}

async function read(manager: EntityManager, question: OverviewQuestion): Promise<OverviewRecord> {
  const { license, sinceMs, untilMs, logSinceMs } = question;
  const hours = hoursBetween(sinceMs, untilMs).map(([start]) => start);
  const [first, behind, logFirst] = [firstIdAt(sinceMs), firstIdAt(untilMs), firstIdAt(logSinceMs)];
  const ask = <Row>(sql: string, values: unknown[]) => manager.query<Row[]>(sql, values);

  const triggers = await ask<TriggerRow>(TRIGGERS_OF_OVERVIEW, [license]);
  const endpoints = await ask<OverviewEndpoint>(ENDPOINTS_OF_OVERVIEW, [license]);
  const ids = triggers.map(({ id }) => id);
  const endpointIds = endpoints.map(({ id }) => id);
  const byHour = [ids, first, behind, hours.map(firstIdAt)];
  const sendingTo = triggers.map(({ endpointId }) => endpointId);
  const isShared = endpoints.map((endpoint) => endpoint.isShared);
  const counts = {
    firings: await ask<FiringsRow>(FIRINGS_BY_HOUR, byHour),
    deliveries: await ask<DeliveriesRow>(DELIVERIES_BY_HOUR, [...byHour, sendingTo]),
    latest: await ask<LatestRow>(LATEST_FIRINGS, [ids, logFirst, behind]),
  };
  const pending = await ask<PendingAtEndpoint>(PENDING_AT_ENDPOINTS, [endpointIds, isShared]);
  const undelivered = await ask<UndeliveredAtEndpoint>(UNDELIVERED, [license, logFirst, endpointIds, first]);
  const notices = await ask<NoticeRow>(NOTICES, [license, first, behind]);
  const [times] = await ask<OverviewRecord['responseTimeMs']>(RESPONSE_TIMES_OF_LICENSE, [license, first, behind]);
  return {
    hours,
    triggers: withCounts(triggers, hours.length, counts),
    ...{ endpoints, pending, undelivered },
    notices: notices.map(({ latestId, ...notice }) => ({ ...notice, latestAtMs: timeOfId(latestId) })),
    responseTimeMs: times!,
  };
}

type TriggerRow = Omit<OverviewTrigger, 'lastFiredAtMs' | 'firings' | 'delivered' | 'failed'>;
type NoticeRow = Omit<NoticeCount, 'latestAtMs'> & { latestId: string };

interface FiringsRow {
  /** That of the trigger, from 1, as the hour is. */
  place: number;
  hour: number;
  firings: number;
}

interface DeliveriesRow {
  place: number;
  hour: number;
  delivered: number;
  failed: number;
}

interface LatestRow {
  triggerId: string;
  eventId: string;
}

function withCounts(
  rows: TriggerRow[],
  hours: number,
  { firings, deliveries, latest }: { firings: FiringsRow[]; deliveries: DeliveriesRow[]; latest: LatestRow[] },
): OverviewTrigger[] {
  const lastFiredAtMs = new Map(latest.map(({ triggerId, eventId }) => [triggerId, timeOfId(eventId)]));
  const zeros = () => new Array<number>(hours).fill(0);
  const triggers = rows.map((row) => {
    const counts = { firings: zeros(), delivered: zeros(), failed: zeros() };
    return { ...row, lastFiredAtMs: lastFiredAtMs.get(row.id) ?? null, ...counts };
  });
  for (const row of firings) triggers[row.place - 1]!.firings[row.hour - 1] = row.firings;
  for (const { place, hour, delivered, failed } of deliveries) {
    triggers[place - 1]!.delivered[hour - 1] = delivered;
    triggers[place - 1]!.failed[hour - 1] = failed;
  }
  return triggers;
}
