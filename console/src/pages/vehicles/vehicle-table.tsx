import type { ReactNode } from 'react';
import { Checkbox } from 'react-aria-components';
import { useCatalog } from '../../api/resources.js';
import type { Webhook, WebhookState } from '../../api/resources.js';
import { findMetric } from '../../condition/metric.js';
import { describePrevious } from '../../condition/value-text.js';
import { Did } from '../../parts/code.js';
import { Icon } from '../../parts/icon.js';
import { Status } from '../../parts/status.js';
import { DataTable } from '../../parts/table.js';
import type { Column } from '../../parts/table.js';
import { Ago, useNow } from '../../parts/time.js';
import { tokenIdOf } from '../../vehicle/did.js';
import { subscribedAt, useVehicleState, useWebhooksOfVehicle } from '../../vehicle/use-vehicle.js';
import { useSeen } from './use-seen.js';
import { stateAmong } from './vehicle-states.js';
import type { ReadStates } from './vehicle-states.js';

interface Selection {
  selected: ReadonlySet<string>;
  onSelect: (selected: ReadonlySet<string>) => void;
}

interface VehicleTableProps {
  webhook: Webhook;
  vehicles: readonly string[];
  states: ReadStates;
  /** Undefined where nothing may be done with several. */
  selection: Selection | undefined;
  empty: ReactNode;
}

/** Vehicles, each with what the webhook remembers of it. A row leads to the vehicle. */
export function VehicleTable({ webhook, vehicles, states, selection, empty }: VehicleTableProps) {
  const unit = findMetric(useCatalog().data ?? [], webhook)?.unit ?? '';
  const about = (did: string) => ({ webhookId: webhook.id, did, states });
  const columns: Column<string>[] = [
    { id: 'vehicle', head: 'Vehicle', cell: (did) => <Did did={did} /> },
    { id: 'since', head: 'Subscribed', drop: 1080, cell: (did) => <Since webhookId={webhook.id} did={did} /> },
    {
      id: 'previous',
      head: 'Previous value',
      cell: (did) => <OfState {...about(did)}>{({ previousValue }) => describePrevious(previousValue, unit)}</OfState>,
    },
    {
      id: 'fired',
      head: 'Last fired',
      cell: (did) => <OfState {...about(did)}>{({ lastFiredAt }) => <Ago at={lastFiredAt} />}</OfState>,
    },
    {
      id: 'cooling',
      head: 'Cooling',
      drop: 560,
      cell: (did) => <OfState {...about(did)}>{({ coolingUntil }) => <Cooling until={coolingUntil} />}</OfState>,
    },
  ];
  return (
    <DataTable
      label="Vehicles"
      columns={selection ? [...columns, selectColumn(selection)] : columns}
      rows={vehicles}
      rowId={(did) => did}
      link={(vehicle) => ({
        to: '/webhooks/$id/vehicles',
        params: { id: webhook.id },
        search: (now: { search?: string }) => ({ ...now, vehicle }),
        resetScroll: false,
      })}
      empty={empty}
    />
  );
}

function selectColumn({ selected, onSelect }: Selection): Column<string> {
  const toggle = (did: string) => {
    const next = new Set(selected);
    if (!next.delete(did)) next.add(did);
    onSelect(next);
  };
  return {
    id: 'select',
    head: 'Select',
    align: 'end',
    cell: (did) => (
      <Checkbox
        className="check select-row"
        aria-label={`Select vehicle ${tokenIdOf(did)}`}
        isSelected={selected.has(did)}
        onChange={() => toggle(did)}
      >
        <span className="box">
          <Icon name="check" />
        </span>
      </Checkbox>
    ),
  };
}

interface OfStateProps {
  webhookId: string;
  did: string;
  states: ReadStates;
  children: (state: WebhookState) => ReactNode;
}

/** Something of a vehicle's state; a dash when the webhook never fired for it. What was not read with the others is asked for. */
function OfState({ webhookId, did, states, children }: OfStateProps) {
  const known = stateAmong(states, did);
  const isAlone = known === undefined && !isFirstRead(states);
  const alone = useVehicleState(webhookId, did, { enabled: isAlone });
  const state = known ?? alone.data;
  if (state === undefined) return <span className="muted">…</span>;
  if (state === 'never' || state.lastFiredAt === null) return <span className="muted">–</span>;
  return children(state);
}

/** Before the first page of states is there, it would be a request for each vehicle. */
function isFirstRead({ states, hasMore }: ReadStates): boolean {
  return states.length === 0 && hasMore;
}

/** Since when a vehicle is subscribed: a request for each, so only for rows that are seen. */
function Since({ webhookId, did }: { webhookId: string; did: string }) {
  const [place, isSeen] = useSeen<HTMLSpanElement>();
  const subscriptions = useWebhooksOfVehicle(did, { enabled: isSeen });
  return <span ref={place}>{subscriptions.data ? <Ago at={subscribedAt(subscriptions.data, webhookId)} /> : '…'}</span>;
}

/** Until when it rests. */
export function Cooling({ until }: { until: string | null }) {
  const now = useNow(1_000);
  if (until === null || Date.parse(until) <= now) return <span className="muted">no</span>;
  return (
    <Status kind="mute" icon="clock">
      <Ago at={until} />
    </Status>
  );
}
