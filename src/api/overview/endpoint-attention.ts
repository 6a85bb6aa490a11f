import { isBreakerOpen } from '../../core/circuit-breaker.js';
import type { OverviewEndpoint, OverviewTrigger } from '../../store/overview.js';
import type { AttentionAction } from './attention-view.js';
import { deliveries, nameOfEndpoint, numberText, sentence, timeText, timeWords } from './attention-words.js';
import type { Line, Situation } from './attention.js';

const HOUR_MS = 3_600_000;
/** What is due for longer has been waiting for something. */
const LATE_MS = 5 * 60_000;

/** What there is at an endpoint, counted. */
interface Amount {
  count: number;
  oldestAtMs: number;
}

/** An endpoint with everything that is known of it. */
interface Place {
  endpoint: OverviewEndpoint;
  users: readonly OverviewTrigger[];
  name: string;
  held: Amount;
  failed: Amount;
  pending: Amount;
  /** When the first of what is pending is, or was, to be sent. */
  dueAtMs: number;
}

/** What is wrong with endpoints: one line for all webhooks that share one. */
export function endpointAttention(situation: Situation): Line[] {
  return placesOf(situation).flatMap((place) => [
    ...(place.endpoint.status === 'active' ? linesOfActive(place, situation) : linesOfOther(place)),
    ...overlapLines(place, situation.nowMs),
  ]);
}

function placesOf({ endpoints, triggers, pending, undelivered }: Situation): Place[] {
  const [users, waiting, lost] = [byEndpoint(triggers), byEndpoint(pending), byEndpoint(undelivered)];
  return endpoints.map((endpoint) => {
    const own = users.get(endpoint.id) ?? [];
    const queue = waiting.get(endpoint.id) ?? [];
    const rows = lost.get(endpoint.id) ?? [];
    return {
      endpoint,
      users: own,
      name: nameOfEndpoint(endpoint, own),
      held: summed(rows.filter(({ status }) => status === 'held')),
      failed: summed(rows.filter(({ status }) => status === 'failed')),
      pending: summed(queue.map((row) => ({ count: row.pending, oldestAt: row.oldestAt }))),
      dueAtMs: queue.reduce((first, { dueAt }) => Math.min(first, dueAt.getTime()), Infinity),
    };
  });
}

function byEndpoint<T extends { endpointId: string }>(rows: readonly T[]): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const row of rows) {
    const group = groups.get(row.endpointId);
    if (group === undefined) groups.set(row.endpointId, [row]);
    else group.push(row);
  }
  return groups;
}

function summed(rows: readonly { count: number; oldestAt: Date }[]): Amount {
  return {
    count: rows.reduce((sum, { count }) => sum + count, 0),
    oldestAtMs: rows.reduce((first, { oldestAt }) => Math.min(first, oldestAt.getTime()), Infinity),
  };
}

/** Who switched a webhook off knows that nothing is sent for it. */
function linesOfOther(place: Place): Line[] {
  const { endpoint, users, name, held } = place;
  if (!endpoint.isShared && users.every(({ status }) => status === 'disabled')) return [];
  const about = { ...aboutOf(place), count: held.count, since: oldestOf(held), action: switchOn(place) };
  const thenRecover = held.count === 0 ? '' : ` Then recover ${deliveries(held.count)}.`;
  const reason = endpoint.statusReason === null ? '' : ` ${sentence(endpoint.statusReason)}`;
  switch (endpoint.status) {
    case 'gone': {
      const detail = `The target said that it is gone, so nothing is sent any more and what fires is held.${reason} Switch it on again if that was a mistake, or give it another target.${thenRecover}`;
      return [{ kind: 'endpoint_gone', severity: 'error', title: `${name} is gone`, detail, ...about }];
    }
    case 'failed': {
      const detail = `Nothing is sent any more, and what fires is held.${reason} Switch it on once the target answers again.${thenRecover}`;
      return [{ kind: 'endpoint_failed', severity: 'error', title: `${name} was given up`, detail, ...about }];
    }
    default: {
      const detail = `You switched it off: what there is for it is held. Switch it on when it is to be sent to.${thenRecover}`;
      return [{ kind: 'endpoint_paused', severity: 'notice', title: `${name} is switched off`, detail, ...about }];
    }
  }
}

function linesOfActive(place: Place, situation: Situation): Line[] {
  const { failures } = place.endpoint;
  const failing = failures === 0 ? [] : [failingLine(place, situation)];
  // What is recovered would meet the same, or be refused.
  if (situation.isGated || isBreakerOpen(failures)) return failing;
  return [...failing, ...recoverLines(place), ...(failures === 0 ? lateLines(place, situation) : [])];
}

function failingLine(place: Place, { nowMs, failureLimits }: Situation): Line {
  const { endpoint, name, held, failed } = place;
  const { failures, lastError, failingSince, pauseUntil, warned } = endpoint;
  const isOpen = isBreakerOpen(failures);
  const waits = pauseUntil !== null && pauseUntil.getTime() > nowMs;
  const lost = held.count + failed.count;
  const attempts = failures === 1 ? 'The last attempt' : `The last ${numberText(failures)} attempts`;
  const detail = [
    `${attempts} failed${lastError === null ? '.' : `, most recently with: ${sentence(lastError)}`}`,
    waits ? `The next one is made at ${timeWords(pauseUntil.getTime())}.` : '',
    failingSince === null ? '' : givingUp(failingSince, failureLimits),
    'Send a test, and see what the target makes of it.',
    isOpen && lost > 0 ? `Once it answers, recover ${deliveries(lost)}.` : '',
  ];
  return {
    kind: isOpen ? 'endpoint_breaker_open' : 'endpoint_failing',
    severity: warned > 0 ? 'error' : isOpen ? 'warning' : 'notice',
    title: `${name} does not get through`,
    detail: detail.filter((part) => part !== '').join(' '),
    ...aboutOf(place),
    since: timeText(failingSince),
    until: waits ? timeText(pauseUntil) : null,
    count: failures,
    action: sendTest(place),
  };
}

/** Time alone gives nothing up before there were some attempts, so this is the earliest. */
function givingUp(failingSince: Date, { hours, count }: Situation['failureLimits']): string {
  const at = `if nothing arrives until ${timeWords(failingSince.getTime() + hours * HOUR_MS)}`;
  const orAfter = count === undefined ? '' : `, or when ${numberText(count)} firings in a row have failed`;
  return `It is given up ${at}${orAfter}.`;
}

function recoverLines(place: Place): Line[] {
  const { name, held, failed } = place;
  const lines: Line[] = [];
  if (held.count > 0) {
    lines.push({
      kind: 'deliveries_held',
      severity: 'warning',
      title: `${deliveries(held.count)} of ${lowered(name)} ${held.count === 1 ? 'is' : 'are'} held`,
      detail: `Nothing could be sent, or too many were pending, when they came; they are not sent by themselves. Recover them.`,
      ...lostAt(place, held, 'held'),
    });
  }
  if (failed.count > 0) {
    lines.push({
      kind: 'deliveries_failed',
      severity: 'warning',
      title: `${deliveries(failed.count)} of ${lowered(name)} did not arrive`,
      detail: `Every attempt failed, or their time was over. The endpoint works now: recover them if they are still wanted.`,
      ...lostAt(place, failed, 'failed'),
    });
  }
  return lines;
}

function lostAt(place: Place, amount: Amount, status: 'held' | 'failed'): Partial<Line> {
  return {
    ...aboutOf(place),
    since: oldestOf(amount),
    count: amount.count,
    action: actionOf('recoverEndpoint', `Recover ${deliveries(amount.count)}`, place.endpoint.id, {
      since: oldestOf(amount),
      statuses: [status],
    }),
  };
}

function lateLines(place: Place, { nowMs }: Situation): Line[] {
  const { endpoint, name, pending, dueAtMs } = place;
  const isPaused = endpoint.pauseUntil !== null && endpoint.pauseUntil.getTime() > nowMs;
  if (isPaused || dueAtMs >= nowMs - LATE_MS) return [];
  const advice =
    endpoint.maxPerSecond === null
      ? 'Your limit of deliveries a minute may be used up; otherwise tell the operator that the queue does not move.'
      : `It takes at most ${numberText(endpoint.maxPerSecond)} a second: raise that, if the target can take more.`;
  return [
    {
      kind: 'deliveries_late',
      severity: 'warning',
      title: `${deliveries(pending.count)} of ${lowered(name)} ${pending.count === 1 ? 'waits' : 'wait'}`,
      detail: `The first has been due since ${timeWords(dueAtMs)}, though nothing is known to be wrong. ${advice}`,
      ...aboutOf(place),
      since: timeText(dueAtMs),
      count: pending.count,
      action: {
        operationId: 'listDeliveries',
        label: 'See what waits',
        parameters: { endpointId: endpoint.id, status: 'pending' },
        body: null,
      },
    },
  ];
}

function overlapLines(place: Place, nowMs: number): Line[] {
  const { previousUntil } = place.endpoint;
  if (previousUntil === null || previousUntil.getTime() <= nowMs) return [];
  const until = timeWords(previousUntil.getTime());
  return [
    {
      kind: 'secret_overlap',
      severity: 'notice',
      title: `${place.name} has two secrets`,
      detail: `The old one signs as well until ${until}. Give the new one to the receiver before, and send a test.`,
      ...aboutOf(place),
      until: timeText(previousUntil),
      action: sendTest(place),
    },
  ];
}

function aboutOf({ endpoint, users }: Place): { endpointId: string; webhookId: string | null } {
  return { endpointId: endpoint.id, webhookId: users.length === 1 ? users[0]!.id : null };
}

function oldestOf({ oldestAtMs }: Amount): string | null {
  return oldestAtMs === Infinity ? null : timeText(oldestAtMs);
}

/** Within a sentence. */
function lowered(name: string): string {
  return name.replace(/^The /, 'the ');
}

function switchOn(place: Place): AttentionAction {
  const owner = ownerOf(place);
  return owner === undefined
    ? actionOf('patchEndpoint', 'Switch on', place.endpoint.id, { enabled: true })
    : actionOf('patchWebhook', 'Switch on', owner.id, { status: 'enabled' });
}

function sendTest(place: Place): AttentionAction {
  const owner = ownerOf(place);
  return owner === undefined
    ? actionOf('testEndpoint', 'Send a test', place.endpoint.id, {})
    : actionOf('testWebhook', 'Send a test', owner.id, {});
}

/** A webhook's own endpoint is changed and tested with the webhook. */
function ownerOf({ endpoint, users }: Place): OverviewTrigger | undefined {
  return endpoint.isShared ? undefined : users[0];
}

function actionOf(operationId: string, label: string, id: string, body: Record<string, unknown>): AttentionAction {
  return { operationId, label, parameters: { id }, body };
}
