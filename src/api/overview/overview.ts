import { isGated } from '../../core/quota.js';
import { databaseNowMs } from '../../store/database-time.js';
import type { OverviewRecord, OverviewTrigger } from '../../store/overview.js';
import type { ApiParts } from '../api-parts.js';
import { sinceOf } from '../stats/stats.js';
import type { StatsQuery } from '../stats/stats-operations.js';
import { timeText } from './attention-words.js';
import { attentionOf } from './attention.js';
import { ATTENTION_MAX } from './overview-operations.js';
import type { OverviewView } from './overview-operations.js';

const DAY_MS = 86_400_000;

type Parts = Pick<ApiParts, 'overview' | 'quotas' | 'failureLimits' | 'eventRetentionDays' | 'now'>;
type WebhookOverview = OverviewView['webhooks'][number];

/** How all triggers of a license do. */
export class Overview {
  constructor(private readonly parts: Parts) {}

  /** Throws a 400 for a time that is yet to come. */
  async of(license: string, query: StatsQuery): Promise<OverviewView> {
    const { overview, quotas, failureLimits, eventRetentionDays } = this.parts;
    const untilMs = this.parts.now?.() ?? databaseNowMs();
    const sinceMs = sinceOf(query, { untilMs, eventRetentionDays });
    const logSinceMs = untilMs - eventRetentionDays * DAY_MS;
    const [record, quota] = await Promise.all([
      overview.of({ license, sinceMs, untilMs, logSinceMs }),
      quotas.standing(license),
    ]);
    const gated = quota.some(({ name, limit }) => name === 'webhooks' && isGated({ webhooks: limit }));
    const webhooks = viewWebhooks(record);
    const attention = attentionOf({ ...record, quota, nowMs: untilMs, failureLimits, isGated: gated });
    return {
      since: new Date(sinceMs).toISOString(),
      until: new Date(untilMs).toISOString(),
      totals: { ...sumsOf(webhooks), responseTimeMs: record.responseTimeMs },
      byHour: byHour(record),
      webhooks,
      attention: attention.slice(0, ATTENTION_MAX),
      attentionOmitted: Math.max(0, attention.length - ATTENTION_MAX),
    };
  }
}

/** What waits and what is held, by trigger and endpoint. */
interface Waiting {
  count: number;
  oldestAtMs: number;
}

function viewWebhooks({ triggers, endpoints, pending, undelivered }: OverviewRecord): WebhookOverview[] {
  const shared = new Set(endpoints.filter(({ isShared }) => isShared).map(({ id }) => id));
  const waiting = new Map<string, Waiting>();
  for (const row of pending) {
    waiting.set(keyOf(row), { count: row.pending, oldestAtMs: row.oldestAt.getTime() });
  }
  const held = new Map<string, number>();
  for (const row of undelivered) if (row.status === 'held') held.set(keyOf(row), row.count);
  return triggers.map((trigger) => {
    const { id, endpointId } = trigger;
    const own = waiting.get(keyOf({ endpointId, triggerId: shared.has(endpointId) ? id : null }));
    return {
      id,
      displayName: trigger.displayName,
      service: trigger.service,
      metricName: trigger.metricName,
      condition: trigger.condition,
      status: trigger.status,
      statusReason: trigger.statusReason,
      endpointId,
      subscriptionCount: trigger.subscriptionCount,
      lastFiredAt: timeText(trigger.lastFiredAtMs),
      firings: sum(trigger.firings),
      delivered: sum(trigger.delivered),
      failed: sum(trigger.failed),
      pending: own?.count ?? 0,
      held: held.get(keyOf({ endpointId, triggerId: id })) ?? 0,
      oldestPendingAt: timeText(own?.oldestAtMs ?? null),
      byHour: trigger.firings,
    };
  });
}

function keyOf({ endpointId, triggerId }: { endpointId: string; triggerId: string | null }): string {
  return `${endpointId} ${triggerId}`;
}

function sumsOf(webhooks: readonly WebhookOverview[]): Omit<OverviewView['totals'], 'responseTimeMs'> {
  const total = (of: (webhook: WebhookOverview) => number) => sum(webhooks.map(of));
  const [delivered, failed] = [total((one) => one.delivered), total((one) => one.failed)];
  const oldest = webhooks.flatMap(({ oldestPendingAt: at }) => (at === null ? [] : [at])).sort()[0];
  return {
    firings: total((one) => one.firings),
    ...{ delivered, failed },
    pending: total((one) => one.pending),
    held: total((one) => one.held),
    oldestPendingAt: oldest ?? null,
    successRate: delivered + failed === 0 ? null : delivered / (delivered + failed),
  };
}

function byHour({ hours, triggers }: OverviewRecord): OverviewView['byHour'] {
  const total = (of: (trigger: OverviewTrigger) => number[], at: number) => {
    return triggers.reduce((all, trigger) => all + of(trigger)[at]!, 0);
  };
  return hours.map((startMs, at) => ({
    hour: new Date(startMs).toISOString(),
    firings: total(({ firings }) => firings, at),
    delivered: total(({ delivered }) => delivered, at),
    failed: total(({ failed }) => failed, at),
  }));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
