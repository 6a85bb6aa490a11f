import type { ReactNode } from 'react';
import type { Overview } from '../../api/resources.js';
import { milliseconds, number, percent, plural } from '../../parts/format.js';
import { Ago } from '../../parts/time.js';
import './numbers.css';

/** A number, what it is of, and what else is to be known of it. */
export interface Figure {
  term: string;
  value: ReactNode;
  more?: ReactNode;
}

/** A few numbers, side by side where there is room. */
export function Figures({ figures }: { figures: readonly Figure[] }) {
  return (
    <dl className="figures">
      {figures.map(({ term, value, more }) => (
        <div key={term}>
          <dt>{term}</dt>
          <dd>
            <strong>{value}</strong>
            {more && <small>{more}</small>}
          </dd>
        </div>
      ))}
    </dl>
  );
}

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
