import { readLog } from './by-index.js';
import type { Database } from './database.js';
import { firstIdAt } from './log-id.js';
import { DELIVERY_HOURS, PENDING_OF_TRIGGER, RESPONSE_TIMES, THROTTLED } from './sql/delivery-stats.js';

const HOUR_MS = 3_600_000;

export interface HourRecord {
  /** Its beginning; the first one begins where the question does. */
  startMs: number;
  firings: number;
  delivered: number;
  failed: number;
}

/** How a trigger did. Tests are left out. */
export interface StatsRecord {
  firings: number;
  /** How often the license was told that its firings are above the quota, whichever trigger they were of. */
  throttled: number;
  /** How often the owner was told that the condition cannot be evaluated. */
  conditionFailures: number;
  deliveries: { pending: number; delivered: number; failed: number; held: number; cancelled: number };
  attempts: number;
  /** Null without any answer. */
  responseTimeMs: { p50: number | null; p95: number | null };
  byHour: HourRecord[];
}

export interface StatsQuestion {
  license: string;
  triggerId: string;
  /** Of its deliveries those to this endpoint are counted, the trigger's own; others merely listen. */
  endpointId: string;
  sinceMs: number;
  /** Exclusive. */
  untilMs: number;
}

/** What the log says of triggers, counted through its indexes. */
export class DeliveryStats {
  constructor(private readonly database: Database) {}

  of(question: StatsQuestion): Promise<StatsRecord> {
    const { license, triggerId, endpointId, sinceMs, untilMs } = question;
    const hours = hoursBetween(sinceMs, untilMs);
    const starts = hours.map(([start]) => start);
    const range = [firstIdAt(sinceMs), firstIdAt(untilMs)];
    return readLog(this.database, async (manager) => {
      const counted = await manager.query<HourRow[]>(DELIVERY_HOURS, [
        ...[triggerId, endpointId, starts],
        ...[hours.map(([start]) => firstIdAt(start)), hours.map(([, end]) => firstIdAt(end))],
      ]);
      const [pending] = await manager.query<PendingRow[]>(PENDING_OF_TRIGGER, [triggerId, endpointId, ...range]);
      const [throttled] = await manager.query<{ count: number }[]>(THROTTLED, [license, ...range]);
      const [times] = await manager.query<TimesRow[]>(RESPONSE_TIMES, [triggerId, endpointId, ...range]);
      return toStats(counted, { ...pending!, throttled: throttled!.count, times: times! });
    });
  }
}

/** Whole hours in UTC, the first and the last cut to the range. */
export function hoursBetween(sinceMs: number, untilMs: number): [start: number, end: number][] {
  const hours: [number, number][] = [];
  for (let start = sinceMs; start < untilMs;) {
    const end = Math.min((Math.floor(start / HOUR_MS) + 1) * HOUR_MS, untilMs);
    hours.push([start, end]);
    start = end;
  }
  return hours;
}

interface HourRow {
  start: string;
  firings: number;
  condition_failures: number;
  delivered: number;
  failed: number;
  held: number;
  cancelled: number;
  attempts: number;
}

interface PendingRow {
  pending: number;
  attempts: number;
}

interface TimesRow {
  p50: number | null;
  p95: number | null;
}

function toStats(hours: HourRow[], rest: PendingRow & { throttled: number; times: TimesRow }): StatsRecord {
  const sum = (of: (hour: HourRow) => number) => hours.reduce((total, hour) => total + of(hour), 0);
  return {
    firings: sum((hour) => hour.firings),
    throttled: rest.throttled,
    conditionFailures: sum((hour) => hour.condition_failures),
    deliveries: {
      pending: rest.pending,
      delivered: sum((hour) => hour.delivered),
      failed: sum((hour) => hour.failed),
      held: sum((hour) => hour.held),
      cancelled: sum((hour) => hour.cancelled),
    },
    attempts: rest.attempts + sum((hour) => hour.attempts),
    responseTimeMs: { p50: rest.times.p50, p95: rest.times.p95 },
    byHour: hours.map(({ start, firings, delivered, failed }) => {
      return { startMs: Number(start), firings, delivered, failed };
    }),
  };
}
