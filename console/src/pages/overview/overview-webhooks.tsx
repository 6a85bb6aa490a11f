import type { Overview } from '../../api/resources.js';
import { Sparkline } from '../../charts/sparkline.js';
import { successOf } from '../../numbers/success.js';
import { LinkButton } from '../../parts/button.js';
import { number, percent } from '../../parts/format.js';
import { Card } from '../../parts/page.js';
import { WebhookStatus } from '../../parts/status.js';
import { DataTable } from '../../parts/table.js';
import type { Column } from '../../parts/table.js';
import { conditionColumn, lastFiredColumn, nameColumn } from '../../webhook/webhook-columns.js';
import { sparklineWords, standingsOf } from './standing.js';
import type { Standing } from './standing.js';

const SHOWN_MAX = 25;

/** How each webhook did: what fails first, then the busiest. */
export function OverviewWebhooks({ overview, rangeText }: { overview: Overview; rangeText: string }) {
  const standings = standingsOf(overview);
  return (
    <Card
      title="Webhooks"
      isFlush
      actions={
        <LinkButton kind="quiet" to="/webhooks">
          {standings.length > SHOWN_MAX ? `All ${number(standings.length)} webhooks` : 'All webhooks'}
        </LinkButton>
      }
    >
      <DataTable
        label="Webhooks"
        columns={columnsOf(rangeText)}
        rows={standings.slice(0, SHOWN_MAX)}
        rowId={({ id }) => id}
        link={({ id }) => ({ to: '/webhooks/$id', params: { id } })}
      />
    </Card>
  );
}

function columnsOf(rangeText: string): Column<Standing>[] {
  return [
    nameColumn(),
    { id: 'status', head: 'Status', cell: (row) => <WebhookStatus webhook={row} /> },
    conditionColumn(1080),
    {
      id: 'line',
      head: <span className="hidden-text">Firings over time</span>,
      drop: 820,
      cell: (row) => <Sparkline values={row.byHour} label={sparklineWords(row.byHour, rangeText)} tone={toneOf(row)} />,
    },
    { id: 'firings', head: 'Firings', align: 'end', drop: 560, cell: ({ firings }) => number(firings) },
    { id: 'success', head: 'Delivered', align: 'end', drop: 820, cell: (row) => percent(successOf(row)) },
    lastFiredColumn(),
  ];
}

function toneOf({ status, failureCount }: Standing): 'accent' | 'bad' | 'mute' {
  if (status === 'disabled') return 'mute';
  return status === 'failed' || failureCount > 0 ? 'bad' : 'accent';
}
