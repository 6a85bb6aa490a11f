import { useState } from 'react';
import { usePages } from '../../api/queries.js';
import type { Endpoint } from '../../api/resources.js';
import { healthOf } from '../../endpoint/endpoint-words.js';
import { Button } from '../../parts/button.js';
import { number, plural } from '../../parts/format.js';
import { LoadedPages } from '../../parts/loaded.js';
import { Empty } from '../../parts/notice.js';
import { Card, Page } from '../../parts/page.js';
import { Status } from '../../parts/status.js';
import { DataTable } from '../../parts/table.js';
import type { Column } from '../../parts/table.js';
import { Ago, useNow } from '../../parts/time.js';
import { useTripline } from '../../session.js';
import { NewEndpointDialog } from './new-endpoint-dialog.js';

const REFRESH_MS = 15_000;

/** The endpoints that several webhooks can share. */
export function EndpointsPage() {
  const { can } = useTripline();
  const [isMaking, setMaking] = useState(false);
  const endpoints = usePages<Endpoint>(
    ['endpoints', 'list'],
    (api, cursor, signal) => api.GET('/v1/endpoints', { params: { query: { ...(cursor && { cursor }) } }, signal }),
    { refreshMs: REFRESH_MS },
  );
  const make = can('webhooks:manage') && (
    <Button kind="primary" icon="plus" onPress={() => setMaking(true)}>
      New endpoint
    </Button>
  );
  return (
    <Page
      title="Endpoints"
      intro="Targets that several webhooks share, with one secret, and that can listen to the event log. A webhook with a target of its own has its endpoint on its own page."
      actions={endpoints.rows.length > 0 && make}
    >
      <LoadedPages pages={endpoints} height={240}>
        {(rows) => (
          <Card title="Shared endpoints" isFlush>
            <DataTable
              label="Shared endpoints"
              columns={COLUMNS}
              rows={rows}
              rowId={({ id }) => id}
              link={({ id }) => ({ to: '/endpoints/$id', params: { id } })}
              empty={
                <Empty title="No shared endpoints yet" actions={make}>
                  Make one where several webhooks send to the same server, or where your server is to hear of failures.
                </Empty>
              }
            />
          </Card>
        )}
      </LoadedPages>
      {isMaking && <NewEndpointDialog onClose={() => setMaking(false)} />}
    </Page>
  );
}

const COLUMNS: Column<Endpoint>[] = [
  { id: 'name', head: 'Endpoint', cell: (endpoint) => <NameCell endpoint={endpoint} /> },
  { id: 'health', head: 'Health', cell: (endpoint) => <HealthCell endpoint={endpoint} /> },
  { id: 'webhooks', head: 'Webhooks', align: 'end', drop: 560, cell: ({ webhookCount }) => number(webhookCount) },
  { id: 'events', head: 'Listens to', drop: 820, cell: ({ enabledEvents }) => <ListensTo events={enabledEvents} /> },
  {
    id: 'delivered',
    head: 'Last delivered',
    drop: 560,
    cell: ({ lastDeliveredAt }) => <Ago at={lastDeliveredAt} />,
  },
];

function NameCell({ endpoint: { url, description } }: { endpoint: Endpoint }) {
  if (description.trim() === '') return url;
  return (
    <>
      {description}
      <br />
      <small>{url}</small>
    </>
  );
}

function HealthCell({ endpoint }: { endpoint: Endpoint }) {
  const { kind, word } = healthOf(endpoint, useNow());
  return <Status kind={kind}>{word}</Status>;
}

function ListensTo({ events }: { events: readonly string[] }) {
  if (events.length === 0) return <span className="muted">its webhooks only</span>;
  if (events.length > 2) return plural(events.length, 'kind of event', 'kinds of events');
  return <code>{events.join(', ')}</code>;
}
