import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { useWebhooks } from '../../api/resources.js';
import type { Webhook } from '../../api/resources.js';
import { Button, LinkButton } from '../../parts/button.js';
import { SelectField } from '../../parts/choice-fields.js';
import { TextField } from '../../parts/field.js';
import { number, plural } from '../../parts/format.js';
import { Loaded } from '../../parts/loaded.js';
import { Empty } from '../../parts/notice.js';
import { Card, Page } from '../../parts/page.js';
import { WebhookStatus } from '../../parts/status.js';
import { DataTable } from '../../parts/table.js';
import type { Column } from '../../parts/table.js';
import { useTripline } from '../../session.js';
import { RecipesList } from '../../webhook/recipes-list.js';
import { conditionColumn, lastFiredColumn, nameColumn } from '../../webhook/webhook-columns.js';
import { filteredWebhooks, STATUS_FILTERS, statusFilterOf } from './webhook-list.js';
import './webhooks.css';

const REFRESH_MS = 15_000;
/** So many rows are drawn at once; nobody reads more. */
const SHOWN_AT_ONCE = 100;

/** All webhooks of the license, to be searched. */
export function WebhooksPage() {
  const { can } = useTripline();
  const webhooks = useWebhooks({ refreshMs: REFRESH_MS });
  return (
    <Page
      title="Webhooks"
      actions={
        can('webhooks:manage') && (
          <LinkButton kind="primary" icon="plus" to="/webhooks/new">
            New webhook
          </LinkButton>
        )
      }
    >
      <Loaded query={webhooks} height={360}>
        {(all) => (all.length === 0 ? <RecipesList /> : <WebhookList webhooks={all} />)}
      </Loaded>
    </Page>
  );
}

function WebhookList({ webhooks }: { webhooks: readonly Webhook[] }) {
  const { search, status } = useSearch({ from: '/shell/webhooks' });
  const [shown, setShown] = useState(SHOWN_AT_ONCE);
  const found = filteredWebhooks(webhooks, { search, status: statusFilterOf(status) });
  return (
    <>
      <Filters count={found.length} all={webhooks.length} />
      <Card isFlush>
        <h2 className="hidden-text">Webhooks found</h2>
        <DataTable
          label="Webhooks"
          columns={COLUMNS}
          rows={found.slice(0, shown)}
          rowId={({ id }) => id}
          link={({ id }) => ({ to: '/webhooks/$id', params: { id } })}
          empty={
            <Empty
              title="No webhook matches"
              actions={
                <LinkButton to="/webhooks" search={{}}>
                  Clear filters
                </LinkButton>
              }
            >
              Names, metrics, conditions and targets are searched.
            </Empty>
          }
        />
      </Card>
      {found.length > shown && (
        <div className="line">
          <Button onPress={() => setShown(shown + SHOWN_AT_ONCE)}>Show more webhooks</Button>
          <span className="muted">{number(found.length - shown)} are left</span>
        </div>
      )}
    </>
  );
}

function Filters({ count, all }: { count: number; all: number }) {
  const navigate = useNavigate();
  const { search, status } = useSearch({ from: '/shell/webhooks' });
  const filter = (change: { search?: string; status?: string }) => {
    const next = { search, status, ...change };
    void navigate({
      to: '/webhooks',
      search: { ...(next.search && { search: next.search }), ...(next.status && { status: next.status }) },
      replace: true,
      resetScroll: false,
    });
  };
  return (
    <search className="webhook-filters">
      <TextField label="Search" type="search" value={search ?? ''} onChange={(text) => filter({ search: text })} />
      <SelectField
        label="Status"
        options={STATUS_FILTERS}
        value={statusFilterOf(status)}
        onChange={(id) => filter({ status: id === 'all' ? '' : id })}
      />
      <p className="muted" role="status">
        {count === all ? plural(all, 'webhook') : `${number(count)} of ${plural(all, 'webhook')}`}
      </p>
    </search>
  );
}

const COLUMNS: Column<Webhook>[] = [
  nameColumn(),
  { id: 'status', head: 'Status', cell: (webhook) => <WebhookStatus webhook={webhook} /> },
  conditionColumn(820),
  {
    id: 'vehicles',
    head: 'Vehicles',
    align: 'end',
    drop: 560,
    cell: ({ subscriptionCount }) => number(subscriptionCount),
  },
  lastFiredColumn(),
];
