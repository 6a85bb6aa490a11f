import type { Delivery } from '../../api/resources.js';
import { causeOf } from '../../delivery/causes.js';
import { Button } from '../../parts/button.js';
import { Did } from '../../parts/code.js';
import { number } from '../../parts/format.js';
import { Empty } from '../../parts/notice.js';
import { DeliveryStatus, Status } from '../../parts/status.js';
import { DataTable } from '../../parts/table.js';
import type { Column } from '../../parts/table.js';
import { Moment } from '../../parts/time.js';
import { webhookName, type WebhookNames } from '../../webhook/webhook-name.js';
import { isNarrowed } from './delivery-search.js';
import type { DeliverySearch } from './delivery-search.js';
import { NextAttempt } from './next-attempt.js';

interface DeliveryTableProps {
  rows: readonly Delivery[];
  search: DeliverySearch;
  /** Of webhooks, by id. */
  names: WebhookNames;
  isOfWebhook: boolean;
  onChange: (search: DeliverySearch) => void;
}

/** Deliveries one by one. A row opens over the list. */
export function DeliveryTable({ rows, search, names, isOfWebhook, onChange }: DeliveryTableProps) {
  const columns: Column<Delivery>[] = [
    {
      id: 'what',
      head: isOfWebhook ? 'Vehicle' : 'Webhook',
      cell: (row) => <What row={row} names={names} isOfWebhook={isOfWebhook} />,
    },
    ...(isOfWebhook ? [] : [{ id: 'vehicle', head: 'Vehicle', cell: vehicleCell, drop: 820 } as const]),
    { id: 'status', head: 'Status', cell: (row) => <HowItIs row={row} /> },
    { id: 'attempts', head: 'Attempts', cell: (row) => number(row.attemptCount), drop: 1080, align: 'end' },
    { id: 'time', head: 'Event', cell: (row) => <Moment at={row.createdAt} />, drop: 560, align: 'end' },
  ];
  return (
    <DataTable
      label="Deliveries"
      columns={columns}
      rows={rows}
      rowId={({ id }) => id}
      link={({ id }) => ({ to: '.', search: (now) => ({ ...now, delivery: id }), resetScroll: false })}
      empty={<NoDeliveries search={search} onChange={onChange} />}
    />
  );
}

function vehicleCell({ vehicle }: Delivery) {
  return vehicle === null ? <span className="muted">–</span> : <Did did={vehicle} />;
}

function What({ row, names, isOfWebhook }: { row: Delivery; names: WebhookNames; isOfWebhook: boolean }) {
  const isFiring = row.eventType === 'trigger.fired';
  const name = row.webhookId === null ? undefined : webhookName(row.webhookId, names);
  return (
    <span className="cell-line">
      {isOfWebhook && row.vehicle !== null ? <Did did={row.vehicle} /> : (name ?? row.eventType ?? 'Event')}
      {row.isTest && <Status kind="mute">Test</Status>}
      {!isFiring && !row.isTest && row.eventType && name !== undefined && <small>{row.eventType}</small>}
      <small className="only-560">
        {!isOfWebhook && row.vehicle !== null && (
          <>
            <Did did={row.vehicle} /> ·{' '}
          </>
        )}
        <Moment at={row.createdAt} />
      </small>
    </span>
  );
}

/** The status, why it is so, and what comes next. */
function HowItIs({ row }: { row: Delivery }) {
  const cause = row.status === 'cancelled' ? undefined : causeOf(row);
  return (
    <span className="cell-line">
      <DeliveryStatus status={row.status} />
      {cause && <small>{cause.words}</small>}
      {row.nextAttemptAt !== null && row.attemptCount > 0 && (
        <small>
          <NextAttempt at={row.nextAttemptAt} />
        </small>
      )}
    </span>
  );
}

function NoDeliveries({ search, onChange }: Pick<DeliveryTableProps, 'search' | 'onChange'>) {
  if (isNarrowed(search)) {
    return (
      <Empty title="No delivery matches" actions={<Button onPress={() => onChange({})}>Clear filters</Button>}>
        New ones that match appear here by themselves.
      </Empty>
    );
  }
  return (
    <Empty title="Nothing was sent yet">
      When a webhook fires for a vehicle, its delivery appears here by itself. Send a test to see one at once.
    </Empty>
  );
}
