import { useNavigate, useSearch } from '@tanstack/react-router';
import { useWebhooks } from '../../api/resources.js';
import { Button } from '../../parts/button.js';
import { SelectField } from '../../parts/field.js';
import { Empty, Notice, ProblemNotice } from '../../parts/notice.js';
import { Page } from '../../parts/page.js';
import { Status } from '../../parts/status.js';
import { nameOf } from '../overview/standing.js';
import { useTripline } from '../../session.js';
import { readDid } from '../vehicles/did.js';
import type { Connection } from './live-rows.js';
import { CONNECTIONS, typeOptions } from './live-words.js';
import { LiveList } from './live-list.js';
import { useLive } from './use-live.js';
import { VehicleFilter } from './vehicle-filter.js';
import './live.css';

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
        <Notice kind="info" title="The key that you signed in with may not see events.">
          Sign in with a developer token, or with a key that may see events.
        </Notice>
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
  const { type = '', webhook = '', vehicle = '' } = filters;
  const navigate = useNavigate({ from: '/live' });
  const webhooks = useWebhooks().data ?? [];
  const set = (part: Partial<Record<keyof Filters, string>>) => {
    const filled = Object.entries({ ...filters, ...part }).filter(([, text]) => text !== '');
    void navigate({ search: Object.fromEntries(filled) as Filters, replace: true, resetScroll: false });
  };
  const named = webhooks.map((webhook) => ({ id: webhook.id, text: nameOf(webhook) }));
  const unknown = webhook !== '' && !named.some(({ id }) => id === webhook) ? [{ id: webhook, text: webhook }] : [];
  return (
    <div className="columns" role="search" aria-label="Filters">
      <SelectField label="What" options={typeOptions(type)} value={type} onChange={(id) => set({ type: id })} />
      <SelectField
        label="Webhook"
        options={[{ id: '', text: 'All webhooks' }, ...named, ...unknown]}
        value={webhook}
        onChange={(id) => set({ webhook: id })}
      />
      <VehicleFilter key={vehicle} vehicle={vehicle} onChange={(did) => set({ vehicle: did })} />
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
