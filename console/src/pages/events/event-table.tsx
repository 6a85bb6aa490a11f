import { eventTitle } from '../../api/event-title.js';
import type { LogEvent } from '../../api/resources.js';
import { Button } from '../../parts/button.js';
import { Code, Did } from '../../parts/code.js';
import { Empty } from '../../parts/notice.js';
import { DataTable } from '../../parts/table.js';
import type { Column } from '../../parts/table.js';
import { Moment } from '../../parts/time.js';
import { webhookName, type WebhookNames } from '../../webhook/webhook-name.js';
import type { EventSearch } from './event-search.js';
import { eventDetail, whoDid } from './event-words.js';
import { useKeyNames } from './use-key-names.js';

interface EventTableProps {
  rows: readonly LogEvent[];
  /** Of webhooks, by id. */
  names: WebhookNames;
  search: EventSearch;
  onChange: (search: EventSearch) => void;
}

/** Entries of the event log: what, about what, who, when. */
export function EventTable({ rows, names, search, onChange }: EventTableProps) {
  const keyNames = useKeyNames();
  const columns: Column<LogEvent>[] = [
    { id: 'what', head: 'What', cell: (event) => <What event={event} /> },
    { id: 'about', head: 'About', cell: (event) => <About event={event} names={names} /> },
    { id: 'who', head: 'Who', cell: (event) => whoDid(event, keyNames), drop: 820 },
    { id: 'request', head: 'Request', cell: (event) => <RequestId id={event.requestId} />, drop: 1080 },
    { id: 'time', head: 'Time', cell: (event) => <Moment at={event.time} />, drop: 560, align: 'end' },
  ];
  return (
    <DataTable
      label="Event log"
      columns={columns}
      rows={rows}
      rowId={({ id }) => id}
      link={({ id }) => ({ to: '/events/$id', params: { id } })}
      empty={<NoEvents search={search} onChange={onChange} />}
    />
  );
}

function What({ event }: { event: LogEvent }) {
  const detail = eventDetail(event);
  return (
    <span className="cell-line">
      {eventTitle(event.type)}
      {detail !== undefined && <span className="event-detail">{detail}</span>}
      <small>{event.type}</small>
      <small className="only-560">
        <Moment at={event.time} />
      </small>
    </span>
  );
}

function About({ event, names }: { event: LogEvent; names: WebhookNames }) {
  const { webhookId, vehicle, endpointId } = event;
  const endpoint = endpointId && `Endpoint ${endpointId.slice(0, 8)}…`;
  const name = webhookId === undefined ? endpoint : webhookName(webhookId, names);
  if (name === undefined && vehicle === undefined) return <span className="muted">–</span>;
  return (
    <span className="cell-line">
      {name}
      {vehicle !== undefined && (
        <small>
          <Did did={vehicle} />
        </small>
      )}
    </span>
  );
}

function RequestId({ id }: { id: string | undefined }) {
  return id === undefined ? <span className="muted">–</span> : <Code>{id.slice(0, 13)}…</Code>;
}

function NoEvents({ search, onChange }: Pick<EventTableProps, 'search' | 'onChange'>) {
  if (Object.keys(search).length > 0) {
    return (
      <Empty title="No entry matches" actions={<Button onPress={() => onChange({})}>Clear filters</Button>}>
        New ones that match appear here by themselves.
      </Empty>
    );
  }
  return <Empty title="Nothing happened yet">Firings and changes appear here by themselves.</Empty>;
}
