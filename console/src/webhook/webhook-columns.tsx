import { MetricName } from '../parts/code.js';
import type { Column } from '../parts/table.js';
import { Ago } from '../parts/time.js';
import './webhook-columns.css';
import { nameOf } from './webhook-name.js';

/** What every table of webhooks shows of one. */
interface Listed {
  id: string;
  displayName: string;
  metricName: string;
  condition: string;
  lastFiredAt: string | null;
}

/** The name of a webhook, over what it watches. */
export function nameColumn<Row extends Listed>(): Column<Row> {
  return {
    id: 'name',
    head: 'Name',
    cell: (webhook) => (
      <>
        {nameOf(webhook)}
        <br />
        <small className="metric-under">
          <MetricName name={webhook.metricName} />
        </small>
      </>
    ),
  };
}

/** The beginning of a condition. `drop` as columns have it. */
export function conditionColumn<Row extends Listed>(drop: 1080 | 820): Column<Row> {
  return {
    id: 'condition',
    head: 'Condition',
    drop,
    cell: ({ condition }) => <code className="clipped">{condition}</code>,
  };
}

/** When a webhook fired last. */
export function lastFiredColumn<Row extends Listed>(): Column<Row> {
  return { id: 'last', head: 'Last fired', drop: 560, cell: ({ lastFiredAt }) => <Ago at={lastFiredAt} /> };
}
