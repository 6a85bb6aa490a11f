import { nameOfTrigger, timeText, timeWords } from './attention-words.js';
import type { Line, Situation } from './attention.js';

/** What is wrong with webhooks that is not their endpoints' fault. One that is switched off has nothing wrong. */
export function webhookAttention({ triggers, notices }: Situation): Line[] {
  const failures = new Map(
    notices.filter(({ type }) => type === 'condition.failed').map((notice) => [notice.triggerId, notice]),
  );
  return triggers
    .filter(({ status }) => status !== 'disabled')
    .flatMap((trigger) => {
      const about = { webhookId: trigger.id, endpointId: trigger.endpointId };
      const name = nameOfTrigger(trigger);
      const lines: Line[] = [];
      const failure = failures.get(trigger.id);
      // Whoever has changed something since is given a chance.
      if (failure !== undefined && failure.latestAtMs >= trigger.updatedAt.getTime()) {
        const at = timeWords(failure.latestAtMs);
        lines.push({
          ...{ kind: 'condition_failing', severity: 'warning', ...about, since: timeText(failure.latestAtMs) },
          title: `The condition of ${name.replace(/^The /, 'the ')} fails`,
          detail: `It could not be evaluated for some samples, the last time it was told at ${at}: they did not fire. See why, and change the condition.`,
          action: {
            operationId: 'listEvents',
            label: 'See why',
            parameters: { type: 'condition.failed', webhookId: trigger.id },
            body: null,
          },
        });
      }
      if (trigger.subscriptionCount === 0) {
        lines.push({
          ...{ kind: 'webhook_without_vehicles', severity: 'notice', ...about },
          title: `${name} watches no vehicle`,
          detail: 'It is enabled, but no vehicle is subscribed, so it cannot fire. Subscribe some.',
          action: {
            operationId: 'subscribeAll',
            label: 'Subscribe all vehicles',
            parameters: { id: trigger.id },
            body: null,
          },
        });
      }
      return lines;
    });
}
