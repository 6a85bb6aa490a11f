import { Link } from '@tanstack/react-router';
import { useCatalog, useWebhooks } from '../../api/resources.js';
import type { Webhook, WebhookState } from '../../api/resources.js';
import { findMetric } from '../../condition/metric.js';
import { describePrevious } from '../../condition/value-text.js';
import { LinkButton } from '../../parts/button.js';
import { CopyField } from '../../parts/copy.js';
import { SidePanel } from '../../parts/dialog.js';
import { number } from '../../parts/format.js';
import { Loaded } from '../../parts/loaded.js';
import { Card, Facts } from '../../parts/page.js';
import { Status } from '../../parts/status.js';
import { Ago, Moment } from '../../parts/time.js';
import { useTripline } from '../../session.js';
import { tokenIdOf } from '../../vehicle/did.js';
import { SubscribeOne } from '../../vehicle/subscribe-one.js';
import { subscribedAt, useVehicleState, useWebhooksOfVehicle } from '../../vehicle/use-vehicle.js';
import { webhookName, webhookNames } from '../../webhook/webhook-name.js';
import { WhyNot } from '../../why-not/why-not.js';
import { UnsubscribeOne } from './unsubscribe.js';
import { Cooling } from './vehicle-table.js';

interface VehiclePanelProps {
  webhook: Webhook;
  did: string;
  onClose: () => void;
}

const AGAIN_MS = 5_000;

/** One vehicle under a webhook: what is remembered of it, what can be done, and the other webhooks that watch it. */
export function VehiclePanel({ webhook, did, onClose }: VehiclePanelProps) {
  const { can } = useTripline();
  const subscriptions = useWebhooksOfVehicle(did);
  const state = useVehicleState(webhook.id, did, { refreshMs: AGAIN_MS });
  const since = subscribedAt(subscriptions.data, webhook.id);
  return (
    <SidePanel
      title={`Vehicle #${tokenIdOf(did)}`}
      onClose={onClose}
      actions={
        <>
          {can('events:read') && (
            <LinkButton to="/webhooks/$id/deliveries" params={{ id: webhook.id }} search={{ vehicle: did }} icon="send">
              Show its deliveries
            </LinkButton>
          )}
          <WhyNot webhookId={webhook.id} vehicle={did} />
          {can('webhooks:manage') && since && !webhook.autoSubscribe && (
            <UnsubscribeOne webhookId={webhook.id} did={did} />
          )}
        </>
      }
    >
      <CopyField label="DID" value={did} />
      {since === null && <NotSubscribed webhook={webhook} did={did} />}
      <Card title="What the webhook remembers">
        <Loaded query={state}>{(state) => <Memory webhook={webhook} state={state} since={since} />}</Loaded>
      </Card>
      <Card title="Webhooks that watch this vehicle">
        <Loaded query={subscriptions} height={80}>
          {(subscriptions) => <Watching webhookIds={subscriptions.map(({ webhookId }) => webhookId)} did={did} />}
        </Loaded>
      </Card>
    </SidePanel>
  );
}

function NotSubscribed({ webhook, did }: { webhook: Webhook; did: string }) {
  return (
    <div className="line">
      <Status kind="mute">Not subscribed</Status>
      {!webhook.autoSubscribe && <SubscribeOne webhookId={webhook.id} did={did} />}
    </div>
  );
}

interface MemoryProps {
  webhook: Webhook;
  state: WebhookState;
  since: string | null | undefined;
}

function Memory({ webhook, state, since }: MemoryProps) {
  const unit = findMetric(useCatalog().data ?? [], webhook)?.unit;
  const hasFired = state.lastFiredAt !== null;
  return (
    <Facts
      facts={[
        ['Subscribed', <Ago key="since" at={since} />],
        ['Firings', number(state.firings)],
        ['Last fired', <Moment key="fired" at={state.lastFiredAt} />],
        ['Previous value', hasFired ? describePrevious(state.previousValue, unit) : 'None: it has not fired yet'],
        ['Cooling', <Cooling key="cooling" until={state.coolingUntil} />],
      ]}
    />
  );
}

function Watching({ webhookIds, did }: { webhookIds: readonly string[]; did: string }) {
  const names = webhookNames(useWebhooks().data);
  if (webhookIds.length === 0) return <p className="muted">None.</p>;
  return (
    <ul className="stack">
      {webhookIds.map((id) => (
        <li key={id}>
          <Link to="/webhooks/$id/vehicles" params={{ id }} search={{ vehicle: did }}>
            {webhookName(id, names)}
          </Link>
        </li>
      ))}
    </ul>
  );
}
