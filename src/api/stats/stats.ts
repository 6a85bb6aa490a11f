import type { ApiParts } from '../api-parts.js';
import { refuseField } from '../fields.js';
import { webhookNotFound } from '../problem.js';
import type { StatsQuery, StatsView } from './stats-operations.js';
import { databaseNowMs } from '../../store/database-time.js';

const DAY_MS = 86_400_000;

/** How triggers do. */
export class Stats {
  constructor(private readonly parts: Pick<ApiParts, 'triggers' | 'stats' | 'eventRetentionDays' | 'now'>) {}

  /** Throws a 404 for a webhook that the license does not have, a 400 for a time that is yet to come. */
  async of(license: string, id: string, query: StatsQuery): Promise<StatsView> {
    const untilMs = this.parts.now?.() ?? databaseNowMs();
    const sinceMs = sinceOf(query, { untilMs, eventRetentionDays: this.parts.eventRetentionDays });
    const trigger = await this.parts.triggers.find(license, id);
    if (trigger === undefined) throw webhookNotFound();
    const { endpointId } = trigger;
    const stats = await this.parts.stats.of({ license, triggerId: id, endpointId, sinceMs, untilMs });
    return {
      since: new Date(sinceMs).toISOString(),
      until: new Date(untilMs).toISOString(),
      ...stats,
      byHour: stats.byHour.map(({ startMs, ...hour }) => ({ hour: new Date(startMs).toISOString(), ...hour })),
    };
  }
}

/**
 * Where the numbers begin: a day back unless the question says otherwise, and never before the log. Throws a 400 for a
 * time that is yet to come.
 */
export function sinceOf(
  { since }: StatsQuery,
  { untilMs, eventRetentionDays }: { untilMs: number; eventRetentionDays: number },
): number {
  if (since !== undefined && since > untilMs) refuseField('since', 'since must not be in the future');
  return Math.max(since ?? untilMs - DAY_MS, untilMs - eventRetentionDays * DAY_MS);
}
