import type { Overview } from '../../api/resources.js';
import { Figures } from '../../numbers/figures.js';
import { milliseconds, number, percent, plural } from '../../parts/format.js';
import { Ago } from '../../parts/time.js';

/** The four numbers of all webhooks. */
export function Totals({ totals, rangeText }: { totals: Overview['totals']; rangeText: string }) {
  const { firings, delivered, failed, pending, held, oldestPendingAt, successRate, responseTimeMs } = totals;
  const waiting = [pending > 0 && `${number(pending)} wait`, held > 0 && `${number(held)} held`].filter(Boolean);
  return (
    <Figures
      figures={[
        { term: `Firings, ${rangeText}`, value: number(firings) },
        {
          term: 'Delivered',
          value: percent(successRate),
          more:
            delivered + failed === 0
              ? 'nothing yet'
              : `${number(delivered)} of ${plural(delivered + failed, 'delivery', 'deliveries')}`,
        },
        {
          term: 'Oldest undelivered',
          value: oldestPendingAt === null ? 'none' : <Ago at={oldestPendingAt} />,
          more: waiting.join(', '),
        },
        {
          term: 'Answer time, 95 %',
          value: milliseconds(responseTimeMs.p95),
          more: responseTimeMs.p50 === null ? undefined : `half within ${milliseconds(responseTimeMs.p50)}`,
        },
      ]}
    />
  );
}
