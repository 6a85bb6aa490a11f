import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useData } from '../../api/queries.js';
import type { Delivery, LogEvent } from '../../api/resources.js';
import { LinkButton } from '../../parts/button.js';
import { Did } from '../../parts/code.js';
import { Loaded } from '../../parts/loaded.js';
import { Card } from '../../parts/page.js';
import { DeliveryStatus } from '../../parts/status.js';
import { Ago } from '../../parts/time.js';
import { WhyNot } from '../../why-not/why-not.js';

const LATEST = 5;
const REFRESH_MS = 15_000;

/** The last firings, and why there was none. */
export function LatestFirings({ id }: { id: string }) {
  const query = { webhookId: id, type: 'trigger.fired', limit: LATEST };
  const firings = useData(['events', query], (api, signal) => api.GET('/v1/events', { params: { query }, signal }), {
    refreshMs: REFRESH_MS,
  });
  return (
    <Card
      title="Last firings"
      actions={
        <>
          <WhyNot webhookId={id} />
          <LinkButton kind="quiet" to="/events" search={{ webhook: id }}>
            All events
          </LinkButton>
        </>
      }
    >
      <Loaded query={firings} height={220}>
        {({ data }) => (data.length === 0 ? <p>It has not fired yet.</p> : <Rows rows={data.map(firingRow)} />)}
      </Loaded>
    </Card>
  );
}

/** The last deliveries, tests too. */
export function LatestDeliveries({ id }: { id: string }) {
  const query = { webhookId: id, limit: LATEST };
  const deliveries = useData(
    ['deliveries', query],
    (api, signal) => api.GET('/v1/deliveries', { params: { query }, signal }),
    { refreshMs: REFRESH_MS },
  );
  return (
    <Card
      title="Last deliveries"
      actions={
        <LinkButton kind="quiet" to="/webhooks/$id/deliveries" params={{ id }}>
          All deliveries
        </LinkButton>
      }
    >
      <Loaded query={deliveries} height={220}>
        {({ data }) =>
          data.length === 0 ? (
            <p>Nothing was sent yet. What fires is listed here as soon as it is on its way.</p>
          ) : (
            <Rows rows={data.map(deliveryRow)} />
          )
        }
      </Loaded>
    </Card>
  );
}

interface Row {
  id: string;
  first: ReactNode;
  last: ReactNode;
}

function Rows({ rows }: { rows: readonly Row[] }) {
  return (
    <ul className="short-list">
      {rows.map(({ id, first, last }) => (
        <li key={id}>
          {first}
          <span className="line">{last}</span>
        </li>
      ))}
    </ul>
  );
}

function firingRow({ id, vehicle, time }: LogEvent): Row {
  return {
    id,
    first: (
      <Link to="/events/$id" params={{ id }}>
        Vehicle {vehicle === undefined ? 'unknown' : <Did did={vehicle} />}
      </Link>
    ),
    last: <Ago at={time} />,
  };
}

function deliveryRow({ id, vehicle, status, isTest, createdAt }: Delivery): Row {
  return {
    id,
    first: (
      <Link to="/deliveries/$id" params={{ id }}>
        {isTest ? (
          'Test'
        ) : vehicle === null ? (
          'Event'
        ) : (
          <>
            Vehicle <Did did={vehicle} />
          </>
        )}
      </Link>
    ),
    last: (
      <>
        <DeliveryStatus status={status} />
        <Ago at={createdAt} />
      </>
    ),
  };
}
