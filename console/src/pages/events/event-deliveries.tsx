import { useData } from '../../api/queries.js';
import type { Delivery, LogEvent } from '../../api/resources.js';
import { causeOf } from '../../delivery/causes.js';
import { number } from '../../parts/format.js';
import { Loaded } from '../../parts/loaded.js';
import { Card } from '../../parts/page.js';
import { DeliveryStatus } from '../../parts/status.js';
import { DataTable } from '../../parts/table.js';
import type { Column } from '../../parts/table.js';
import { Moment } from '../../parts/time.js';

const REFRESH_MS = 5_000;
/** Deliveries of one millisecond are looked through for those of the event. */
const ROWS_MAX = 500;

/** What was sent because of an event, to the endpoint of its webhook and to all that listen. */
export function EventDeliveries({ event }: { event: LogEvent }) {
  const since = event.time;
  const until = new Date(Date.parse(event.time) + 1).toISOString();
  const query = useData(
    ['deliveries', { ofEvent: event.id }],
    (api, signal) => api.GET('/v1/deliveries', { params: { query: { since, until, limit: ROWS_MAX } }, signal }),
    { refreshMs: REFRESH_MS },
  );
  return (
    <Loaded query={query} height={120}>
      {({ data }) => {
        const rows = data.filter(({ eventId }) => eventId === event.id);
        return (
          <Card title="Deliveries" isFlush>
            {rows.length === 0 ? (
              <p className="none">Nothing was sent because of it: no endpoint listens to events of this type.</p>
            ) : (
              <DataTable
                label="Deliveries of this event"
                columns={COLUMNS}
                rows={rows}
                rowId={({ id }) => id}
                link={({ id }) => ({ to: '/deliveries/$id', params: { id } })}
              />
            )}
          </Card>
        );
      }}
    </Loaded>
  );
}

const COLUMNS: Column<Delivery>[] = [
  {
    id: 'delivery',
    head: 'Delivery',
    cell: ({ id }) => <code>{id}</code>,
  },
  {
    id: 'status',
    head: 'Status',
    cell: (row) => (
      <span className="cell-line">
        <DeliveryStatus status={row.status} />
        <small>{causeOf(row)?.words}</small>
      </span>
    ),
  },
  { id: 'attempts', head: 'Attempts', cell: (row) => number(row.attemptCount), drop: 560, align: 'end' },
  { id: 'delivered', head: 'Delivered', cell: (row) => <Moment at={row.deliveredAt} />, drop: 820, align: 'end' },
];
