import { useNavigate, useSearch } from '@tanstack/react-router';
import { compact } from '../../lists/search-values.js';
import { VehicleFilter } from '../../lists/vehicle-filter.js';
import { WebhookFilter } from '../../lists/webhook-filter.js';
import { Button } from '../../parts/button.js';
import { SelectField } from '../../parts/choice-fields.js';
import { NotAllowed } from '../../parts/not-allowed.js';
import { Empty, ProblemNotice } from '../../parts/notice.js';
import { Page } from '../../parts/page.js';
import { Status } from '../../parts/status.js';
import { useTripline } from '../../session.js';
import { readDid } from '../../vehicle/did.js';
import { LiveList } from './live-list.js';
import type { Connection } from './live-rows.js';
import { CONNECTIONS, typeOptions } from './live-words.js';
import './live.css';
import { useLive } from './use-live.js';

interface Filters {
  type?: string;
  webhook?: string;
  vehicle?: string;
}

/** What happens, as it happens: firings, deliveries, and changes. */
export function LivePage() {
  const { can } = useTripline();
  const filters = useSearch({ from: '/shell/live' });
  return (
    <Page title="Live" intro="What happens, within a second or so. What was before is in the event log.">
      {can('events:read') ? (
        <Filtered filters={filters} />
      ) : (
        <NotAllowed title="This key may not see what happens." scope="events:read" />
      )}
    </Page>
  );
}

/** Nothing is followed while the vehicle is none: everything would not be what was asked for. */
function Filtered({ filters }: { filters: Filters }) {
  const isWrong = filters.vehicle !== undefined && readDid(filters.vehicle).kind === 'wrong';
  return (
    <>
      <LiveFilters filters={filters} />
      {!isWrong && <Following filters={filters} />}
    </>
  );
}

function Following({ filters }: { filters: Filters }) {
  const { type, webhook, vehicle } = filters;
  const read = vehicle === undefined ? undefined : readDid(vehicle);
  const { list, change, error, tryAgain } = useLive({
    ...(type !== undefined && { type }),
    ...(webhook !== undefined && { webhookId: webhook }),
    ...(read?.kind === 'ok' && { vehicle: read.did }),
  });
  return (
    <>
      {error && <ProblemNotice error={error} retry={tryAgain} />}
      <LiveList
        list={list}
        change={change}
        connection={<ConnectionStatus connection={list.connection} />}
        empty={<NothingYet filters={filters} connection={list.connection} />}
      />
    </>
  );
}

function ConnectionStatus({ connection }: { connection: Connection }) {
  const { kind, text } = CONNECTIONS[connection];
  return (
    <span role="status">
      <Status kind={kind} icon="live">
        {text}
      </Status>
    </span>
  );
}

function LiveFilters({ filters }: { filters: Filters }) {
  const { type = '', webhook, vehicle } = filters;
  const navigate = useNavigate({ from: '/live' });
  const narrow = (search: Partial<Record<keyof Filters, string | undefined>>) =>
    void navigate({ search: compact({ ...filters, ...search }), replace: true, resetScroll: false });
  return (
    <div className="filter-fields" role="search" aria-label="Filters">
      <SelectField
        label="What"
        options={typeOptions(type)}
        value={type}
        onChange={(id) => narrow({ type: id === '' ? undefined : id })}
      />
      <WebhookFilter value={webhook} onChange={(id) => narrow({ webhook: id })} />
      <VehicleFilter key={vehicle} value={vehicle} onChange={(did) => narrow({ vehicle: did })} />
    </div>
  );
}

function NothingYet({ filters, connection }: { filters: Filters; connection: Connection }) {
  const navigate = useNavigate({ from: '/live' });
  const isFiltered = Object.keys(filters).length > 0;
  if (connection !== 'connected') return <Empty title={`${CONNECTIONS[connection].text}.`} />;
  return (
    <Empty
      title="Nothing has happened yet."
      actions={isFiltered && <Button onPress={() => void navigate({ search: {} })}>Clear filters</Button>}
    >
      Leave this page open: what happens from now on stands here.
    </Empty>
  );
}
