import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useData } from '../../api/queries.js';
import { useEndpoint } from '../../api/resources.js';
import type { Delivery } from '../../api/resources.js';
import { groupByCause } from '../../delivery/causes.js';
import type { Cause } from '../../delivery/causes.js';
import { capitalised } from '../../delivery/failure-words.js';
import { RecoverDialog } from '../../delivery/recover-dialog.js';
import { Button } from '../../parts/button.js';
import { Did } from '../../parts/code.js';
import { number, plural } from '../../parts/format.js';
import { Loaded } from '../../parts/loaded.js';
import { Empty } from '../../parts/notice.js';
import { DeliveryStatus } from '../../parts/status.js';
import { Moment } from '../../parts/time.js';
import { useTripline } from '../../session.js';
import { webhookName, type WebhookNames } from '../../webhook/webhook-name.js';
import './causes-view.css';
import { deliveryQuery } from './delivery-search.js';
import type { DeliverySearch } from './delivery-search.js';
import { ViewSwitch } from './view-switch.js';

const REFRESH_MS = 5_000;
const ROWS_MAX = 500;
/** Of each cause so many are named. */
const EXAMPLES_MAX = 10;
const UNDELIVERED = 'pending,failed,held';

interface CausesViewProps {
  filters: DeliverySearch;
  search: DeliverySearch;
  names: WebhookNames;
  onChange: (search: DeliverySearch) => void;
}

/** What did not arrive, grouped by why: what is mended once is mended for all of a group. */
export function CausesView({ filters, search, names, onChange }: CausesViewProps) {
  const status = filters.status ?? UNDELIVERED;
  const query = useData(
    ['deliveries', { ...filters, status, isByCause: true }],
    (api, signal) =>
      api.GET('/v1/deliveries', {
        params: { query: { ...deliveryQuery({ ...filters, status }, Date.now()), limit: ROWS_MAX } },
        signal,
      }),
    { refreshMs: REFRESH_MS },
  );
  return (
    <section className="card flush" aria-labelledby="deliveries-causes">
      <h2 className="hidden-text" id="deliveries-causes">
        Failures by cause
      </h2>
      <div className="list-bar">
        <ViewSwitch search={search} onChange={onChange} />
        {query.data?.next != null && <span className="small">Of the latest {number(ROWS_MAX)}</span>}
      </div>
      <Loaded query={query} height={300}>
        {({ data }) => <Causes causes={groupByCause(data)} names={names} />}
      </Loaded>
    </section>
  );
}

function Causes({ causes, names }: { causes: Cause<Delivery>[]; names: WebhookNames }) {
  if (causes.length === 0) {
    return <Empty title="Everything arrived">No delivery of this list failed, is held, or is tried again.</Empty>;
  }
  return (
    <ul className="causes">
      {causes.map((cause) => (
        <CauseItem key={cause.words} cause={cause} names={names} />
      ))}
    </ul>
  );
}

function CauseItem({ cause, names }: { cause: Cause<Delivery>; names: WebhookNames }) {
  const { words, advice, rows, firstAt, lastAt, endpointCount } = cause;
  const webhooks = [...new Set(rows.flatMap(({ webhookId }) => (webhookId ? [webhookName(webhookId, names)] : [])))];
  return (
    <li className="cause">
      <div className="line cause-head">
        <h3>
          {capitalised(words)}, <span className="numbers">{number(rows.length)}</span>
        </h3>
        {endpointCount === 1 && <RecoverCause endpointId={rows[0]!.endpointId} since={firstAt} />}
      </div>
      {advice && <p>{advice}</p>}
      <p className="small">
        <Moment at={firstAt} /> to <Moment at={lastAt} /> · {plural(endpointCount, 'endpoint')}
        {webhooks.length > 0 && ` · ${webhooks.slice(0, 3).join(', ')}${webhooks.length > 3 ? ' and others' : ''}`}
      </p>
      <details className="more">
        <summary>{rows.length > EXAMPLES_MAX ? `The latest ${EXAMPLES_MAX}` : 'Show them'}</summary>
        <ul className="examples">
          {rows.slice(0, EXAMPLES_MAX).map((row) => (
            <li key={row.id} className="line">
              <Link to="." search={(now) => ({ ...now, delivery: row.id })} resetScroll={false}>
                {row.webhookId ? webhookName(row.webhookId, names) : (row.eventType ?? 'Event')}{' '}
                {row.vehicle !== null && <Did did={row.vehicle} />}
              </Link>
              <DeliveryStatus status={row.status} />
              <Moment at={row.createdAt} />
            </li>
          ))}
        </ul>
      </details>
    </li>
  );
}

function RecoverCause({ endpointId, since }: { endpointId: string; since: string }) {
  const { can } = useTripline();
  const [isOpen, setOpen] = useState(false);
  const endpoint = useEndpoint(endpointId, { enabled: isOpen }).data;
  if (!can('webhooks:manage')) return null;
  return (
    <>
      <Button icon="refresh" onPress={() => setOpen(true)}>
        Recover deliveries
      </Button>
      {isOpen && (
        <RecoverDialog
          of={{ kind: 'endpoint', id: endpointId }}
          name={endpoint && new URL(endpoint.url).host}
          since={since}
          onClose={() => setOpen(false)}
        />
      )}
    </>
  );
}
