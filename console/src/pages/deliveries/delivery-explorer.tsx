import { useState } from 'react';
import type { ReactNode } from 'react';
import { useWebhooks } from '../../api/resources.js';
import { PauseButton, WaitingRows } from '../../lists/live-bar.js';
import { MoreRows } from '../../lists/more-rows.js';
import { useIsScrolled, useLiveRows } from '../../lists/use-live-rows.js';
import { Loaded } from '../../parts/loaded.js';
import { NotAllowed } from '../../parts/not-allowed.js';
import { useTripline } from '../../session.js';
import { webhookNames, type WebhookNames } from '../../webhook/webhook-name.js';
import { CausesView } from './causes-view.js';
import { DeliveryFilters } from './delivery-filters.js';
import { DeliveryPanel } from './delivery-panel.js';
import { deliveryQuery } from './delivery-search.js';
import type { DeliverySearch } from './delivery-search.js';
import { DeliveryTable } from './delivery-table.js';
import { ViewSwitch } from './view-switch.js';

interface DeliveryExplorerProps {
  search: DeliverySearch;
  onChange: (search: DeliverySearch) => void;
  /** Of one webhook alone. */
  webhook?: string;
  /** What can be done besides, in the list's head. */
  actions?: ReactNode;
}

/** A list of deliveries with its filters, by cause if asked for, and one of them open over it. */
export function DeliveryExplorer({ search, onChange, webhook, actions }: DeliveryExplorerProps) {
  const { can } = useTripline();
  const webhooks = useWebhooks();
  const { view, delivery, ...filters } = search;
  const asked = webhook === undefined ? filters : { ...filters, webhook };
  if (!can('events:read')) return <NotAllowed title="This key may not read deliveries." scope="events:read" />;
  const names = webhookNames(webhooks.data);
  return (
    <>
      <DeliveryFilters search={search} onChange={onChange} isOfWebhook={webhook !== undefined} />
      {view === 'causes' ? (
        <CausesView key={JSON.stringify(asked)} filters={asked} search={search} names={names} onChange={onChange} />
      ) : (
        <DeliveryList
          key={JSON.stringify(asked)}
          filters={asked}
          search={search}
          names={names}
          isOfWebhook={webhook !== undefined}
          onChange={onChange}
          actions={actions}
        />
      )}
      {delivery !== undefined && (
        <DeliveryPanel
          id={delivery}
          onClose={() => onChange({ ...search, delivery: undefined })}
          onOther={(other) => onChange({ ...search, delivery: other })}
        />
      )}
    </>
  );
}

interface DeliveryListProps {
  /** What is asked for. */
  filters: DeliverySearch;
  search: DeliverySearch;
  names: WebhookNames;
  isOfWebhook: boolean;
  onChange: (search: DeliverySearch) => void;
  actions: ReactNode;
}

function DeliveryList({ filters, search, names, isOfWebhook, onChange, actions }: DeliveryListProps) {
  const [isPaused, setPaused] = useState(false);
  const isScrolled = useIsScrolled();
  const list = useLiveRows(
    ['deliveries', filters],
    (api, limit, signal) =>
      api.GET('/v1/deliveries', { params: { query: { ...deliveryQuery(filters, Date.now()), limit } }, signal }),
    { isHeld: isPaused || isScrolled },
  );
  return (
    <section className="card flush" aria-labelledby="deliveries-list">
      <h2 className="hidden-text" id="deliveries-list">
        Deliveries one by one
      </h2>
      <div className="list-bar">
        <ViewSwitch search={search} onChange={onChange} />
        <div className="line">
          {actions}
          <PauseButton isPaused={isPaused} onChange={setPaused} />
        </div>
      </div>
      <WaitingRows count={list.waitingCount} onShow={list.showWaiting} />
      <Loaded query={{ data: list.rows, error: list.error, refetch: list.refetch }} height={400}>
        {(rows) => (
          <>
            <DeliveryTable rows={rows} search={search} names={names} isOfWebhook={isOfWebhook} onChange={onChange} />
            <MoreRows list={list} onOlder={() => onChange({ ...search, until: rows.at(-1)?.createdAt })} />
          </>
        )}
      </Loaded>
    </section>
  );
}
