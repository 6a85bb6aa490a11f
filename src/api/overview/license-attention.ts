import { RATE_QUOTAS } from '../../core/quota.js';
import type { QuotaName } from '../../core/quota.js';
import type { NoticeCount } from '../../store/overview.js';
import type { QuotaStanding } from '../../store/quotas.js';
import type { AttentionAction } from './attention-view.js';
import { counted, deliveries, numberText, timeText } from './attention-words.js';
import type { Line, Situation } from './attention.js';

const NEAR = 0.8;

/** What the limits are of, in the middle of a sentence. */
const THINGS: Readonly<Record<QuotaName, string>> = {
  webhooks: 'webhooks',
  endpoints: 'shared endpoints',
  subscriptions: 'subscriptions',
  apiKeys: 'API keys',
  requestsPerMinute: 'requests a minute',
  probesPerMinute: 'handshakes and tests a minute',
  firingsPerMinute: 'firings a minute',
  deliveriesPerMinute: 'deliveries a minute',
  pendingDeliveries: 'pending deliveries',
};

/** What happens at a limit a minute, and what to do. */
const RATES: Readonly<Record<string, string>> = {
  requestsPerMinute: 'What is above it is answered with 429: ask less often, or use the stream.',
  probesPerMinute: 'What is above it is answered with 429: test less often.',
  deliveriesPerMinute: 'What is due above it waits for the next minute. Fire less often, or ask for a higher limit.',
};

/** How the license stands with its limits. What cannot be had at all is near nothing. */
export function licenseAttention(situation: Situation): Line[] {
  const { quota, notices, isGated } = situation;
  const stocks = quota.filter(({ name, limit }) => limit > 0 && !(RATE_QUOTAS as readonly string[]).includes(name));
  return [
    ...(isGated ? [gatedLine(situation)] : []),
    ...stocks.flatMap(stockLines),
    ...notices.flatMap((notice) => noticeLines(notice, quota)),
  ];
}

function gatedLine({ undelivered }: Situation): Line {
  const held = undelivered.reduce((sum, { status, count }) => sum + (status === 'held' ? count : 0), 0);
  const kept = held === 0 ? 'What fires is held.' : `What fires is held, ${deliveries(held)} so far.`;
  return {
    kind: 'license_gated',
    severity: 'error',
    title: 'Nothing is sent to your license',
    detail: `The operator has set its limit of webhooks to 0. ${kept} Ask the operator; it can be recovered afterwards.`,
    count: held,
  };
}

function stockLines({ name, limit, used }: QuotaStanding): Line[] {
  const isPending = name === 'pendingDeliveries';
  const title = `${numberText(used)} of ${numberText(limit)} ${THINGS[name]} ${isPending ? 'wait' : 'are used'}`;
  const action: AttentionAction = isPending
    ? { operationId: 'listDeliveries', label: 'See what waits', parameters: { status: 'pending' }, body: null }
    : { operationId: 'getMe', label: 'See your limits', parameters: {}, body: null };
  const about = { title, count: used, action };
  if (used >= limit) {
    const detail = isPending
      ? 'The limit is reached: deliveries of new firings are held. See which endpoint does not keep up, then recover.'
      : 'The limit is reached: no more can be made. Delete what you do not need, or ask the operator for more.';
    return [{ kind: 'quota_reached', severity: isPending ? 'error' : 'warning', detail, ...about }];
  }
  if (used < limit * NEAR) return [];
  const detail = isPending
    ? 'At the limit, deliveries of new firings are held. See which endpoint does not keep up.'
    : 'At the limit, no more can be made. Delete what you do not need, or ask the operator for more.';
  return [{ kind: 'quota_near', severity: 'notice', detail, ...about }];
}

function noticeLines({ type, limit, count, latestAtMs }: NoticeCount, quota: readonly QuotaStanding[]): Line[] {
  const times = counted(count, 'time');
  if (type === 'trigger.throttled') {
    const most = quota.find(({ name }) => name === 'firingsPerMinute')?.limit ?? 0;
    return [
      {
        kind: 'firings_throttled',
        severity: 'warning',
        title: 'Samples were passed over',
        detail: `There were more than ${numberText(most)} firings in a minute, told ${times}, so some samples did not fire. Make conditions narrower or cool-downs longer, or ask the operator for a higher limit.`,
        since: timeText(latestAtMs),
        count,
        action: eventsOf('trigger.throttled'),
      },
    ];
  }
  const effect = limit === null ? undefined : RATES[limit];
  if (type !== 'quota.exceeded' || limit === null || effect === undefined) return [];
  return [
    {
      kind: 'rate_limited',
      severity: 'warning',
      title: `The limit of ${THINGS[limit]} was reached`,
      detail: `It was reached in ${counted(count, 'minute')}. ${effect}`,
      since: timeText(latestAtMs),
      count,
      action: eventsOf('quota.exceeded'),
    },
  ];
}

function eventsOf(type: string): Line['action'] {
  return { operationId: 'listEvents', label: 'See when', parameters: { type }, body: null };
}
