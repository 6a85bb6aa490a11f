import { useNavigate, useParams, useSearch as useAddress } from '@tanstack/react-router';
import { useDeferredValue, useState } from 'react';
import { useWebhook } from '../../api/resources.js';
import type { Webhook } from '../../api/resources.js';
import { BegunOperations } from '../../bulk/begun-operations.js';
import { Button } from '../../parts/button.js';
import { TextField } from '../../parts/field.js';
import { number, plural } from '../../parts/format.js';
import { Loaded, LoadMore, Waiting } from '../../parts/loaded.js';
import { Notice, ProblemNotice } from '../../parts/notice.js';
import { Card } from '../../parts/page.js';
import { useTripline } from '../../session.js';
import { WhyNot } from '../../why-not/why-not.js';
import { SubscribeDialog } from './subscribe-dialog.js';
import { UnsubscribeAll, UnsubscribeSome } from './unsubscribe.js';
import { useSearch, useStates, useVehicles } from './use-vehicles.js';
import { VehiclePanel } from './vehicle-panel.js';
import { VehicleTable } from './vehicle-table.js';
import { NoMatch, NoVehicles } from './vehicles-empty.js';
import './vehicles.css';

/** As many matches of a search as are shown; whoever looks for one types on. */
const FOUND_SHOWN_MAX = 100;

/** Which vehicles a webhook watches, and what it remembers of each. */
export function VehiclesPage() {
  const { id } = useParams({ from: '/shell/webhooks/$id/vehicles' });
  const webhook = useWebhook(id);
  return (
    <Loaded query={webhook} height={320}>
      {(webhook) => <Vehicles key={webhook.id} webhook={webhook} />}
    </Loaded>
  );
}

function Vehicles({ webhook }: { webhook: Webhook }) {
  const { search = '', vehicle } = useAddress({ from: '/shell/webhooks/$id/vehicles' });
  const navigate = useNavigate({ from: '/webhooks/$id/vehicles' });
  const [isSubscribing, setSubscribing] = useState(false);
  const setSearch = (text: string) =>
    void navigate({ search: (now) => ({ ...now, search: text || undefined }), replace: true, resetScroll: false });
  const close = () => void navigate({ search: (now) => ({ ...now, vehicle: undefined }), resetScroll: false });
  const subscribe = () => setSubscribing(true);
  return (
    <div className="stack">
      <BegunOperations webhookId={webhook.id} />
      {webhook.autoSubscribe && (
        <Notice kind="info" title="Vehicles join and leave by themselves.">
          Those that are shared with your license are subscribed. To choose them by hand, switch that off when editing
          the webhook.
        </Notice>
      )}
      <VehicleList webhook={webhook} search={search} onSearch={setSearch} onSubscribe={subscribe} />
      {isSubscribing && <SubscribeDialog webhook={webhook} onClose={() => setSubscribing(false)} />}
      {vehicle !== undefined && <VehiclePanel webhook={webhook} did={vehicle} onClose={close} />}
    </div>
  );
}

interface VehicleListProps {
  webhook: Webhook;
  search: string;
  onSearch: (text: string) => void;
  onSubscribe: () => void;
}

function VehicleList({ webhook, search, onSearch, onSubscribe }: VehicleListProps) {
  const { can } = useTripline();
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const pages = useVehicles(webhook.id);
  const found = useSearch(webhook, useDeferredValue(search), pages.rows);
  const shown = (found?.vehicles ?? pages.rows).slice(0, found ? FOUND_SHOWN_MAX : undefined);
  const states = useStates(webhook.id, found ? undefined : shown.at(-1));
  const error = found?.error ?? pages.error;
  const maySelect = can('webhooks:manage') && !webhook.autoSubscribe;
  const clear = () => setSelected(new Set());
  return (
    <Card
      title={plural(webhook.subscriptionCount, 'vehicle')}
      isFlush
      actions={
        <>
          {selected.size > 0 && <UnsubscribeSome webhookId={webhook.id} vehicles={[...selected]} onDone={clear} />}
          {maySelect && webhook.subscriptionCount > 0 && selected.size === 0 && <UnsubscribeAll webhook={webhook} />}
          <WhyNot webhookId={webhook.id} />
          {can('webhooks:manage') && (
            <Button kind="primary" icon="plus" onPress={onSubscribe}>
              Subscribe vehicles
            </Button>
          )}
        </>
      }
    >
      {(webhook.subscriptionCount > 0 || search !== '') && <SearchLine search={search} onSearch={onSearch} />}
      {error && <ProblemNotice error={error} retry={() => pages.refetch()} />}
      {(found ?? pages).isPending && !error && <Waiting height={240} />}
      {!(found ?? pages).isPending && !error && (
        <VehicleTable
          webhook={webhook}
          vehicles={shown}
          states={states}
          selection={maySelect ? { selected, onSelect: setSelected } : undefined}
          empty={
            search === '' ? (
              <NoVehicles webhook={webhook} onSubscribe={onSubscribe} />
            ) : (
              <NoMatch webhookId={webhook.id} search={search} onClear={() => onSearch('')} />
            )
          }
        />
      )}
      {found && found.vehicles.length > shown.length && (
        <p className="hint table-note">
          The first {number(shown.length)} of {number(found.vehicles.length)} are shown. Type more of the token id.
        </p>
      )}
      {!found && <LoadMore pages={pages} />}
    </Card>
  );
}

function SearchLine({ search, onSearch }: { search: string; onSearch: (text: string) => void }) {
  return (
    <div className="table-search">
      <TextField label="Search by token id or DID" type="search" value={search} onChange={onSearch} />
    </div>
  );
}
