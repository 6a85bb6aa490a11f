import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useChange } from '../../api/queries.js';
import type { Webhook } from '../../api/resources.js';
import { describeBulkResult } from '../../bulk/bulk-answer.js';
import { useUnsubscribe } from '../../bulk/use-bulk-calls.js';
import { Button } from '../../parts/button.js';
import { Confirm } from '../../parts/dialog.js';
import { plural } from '../../parts/format.js';
import { useToast } from '../../parts/toast.js';
import { tokenIdOf } from '../../vehicle/did.js';
import { READ_AGAIN_AFTER_SUBSCRIBING } from '../../vehicle/use-vehicle.js';
import { nameOf } from '../../webhook/webhook-name.js';

/** Asks, then unsubscribes one vehicle. */
export function UnsubscribeOne({ webhookId, did }: { webhookId: string; did: string }) {
  const [isAsking, setAsking] = useState(false);
  const unsubscribe = useChange(
    (api, _: void) => api.DELETE('/v1/webhooks/{id}/unsubscribe/{did}', { params: { path: { id: webhookId, did } } }),
    {
      refreshes: READ_AGAIN_AFTER_SUBSCRIBING,
      said: 'The vehicle is unsubscribed.',
      onDone: () => setAsking(false),
    },
  );
  return (
    <>
      <Button kind="danger" onPress={() => setAsking(true)}>
        Unsubscribe vehicle
      </Button>
      <Confirm
        title={`Unsubscribe vehicle #${tokenIdOf(did)}?`}
        verb="Unsubscribe vehicle"
        kind="danger"
        isOpen={isAsking}
        onClose={() => setAsking(false)}
        onConfirm={() => unsubscribe.mutate()}
        isPending={unsubscribe.isPending}
        error={unsubscribe.error}
      >
        <p>The webhook no longer fires for it. What it remembers of the vehicle is kept.</p>
      </Confirm>
    </>
  );
}

interface UnsubscribeSomeProps {
  webhookId: string;
  vehicles: readonly string[];
  onDone: () => void;
}

/** Asks, then unsubscribes the selected vehicles. */
export function UnsubscribeSome({ webhookId, vehicles, onDone }: UnsubscribeSomeProps) {
  const what = plural(vehicles.length, 'vehicle');
  return (
    <UnsubscribeMany webhookId={webhookId} vehicles={vehicles} verb={`Unsubscribe ${what}`} onDone={onDone}>
      The webhook no longer fires for {vehicles.length === 1 ? 'it' : 'them'}:{' '}
      {vehicles
        .slice(0, 20)
        .map((did) => `#${tokenIdOf(did)}`)
        .join(', ')}
      {vehicles.length > 20 && ` and ${vehicles.length - 20} more`}.
    </UnsubscribeMany>
  );
}

/** Asks, then unsubscribes every vehicle of a webhook. */
export function UnsubscribeAll({ webhook }: { webhook: Webhook }) {
  return (
    <UnsubscribeMany webhookId={webhook.id} vehicles="all" verb="Unsubscribe all vehicles">
      {nameOf(webhook)} watches {plural(webhook.subscriptionCount, 'vehicle')} and will watch none. Those that are
      subscribed meanwhile stay.
    </UnsubscribeMany>
  );
}

interface UnsubscribeManyProps {
  webhookId: string;
  vehicles: readonly string[] | 'all';
  verb: string;
  onDone?: () => void;
  children: React.ReactNode;
}

function UnsubscribeMany({ webhookId, vehicles, verb, onDone, children }: UnsubscribeManyProps) {
  const [isAsking, setAsking] = useState(false);
  const say = useToast();
  const navigate = useNavigate();
  const unsubscribe = useUnsubscribe(webhookId, (result) => {
    setAsking(false);
    onDone?.();
    if (result.kind !== 'continues') return say(describeBulkResult(result));
    return navigate({ to: '/operations/$id', params: { id: result.operationId }, search: { webhook: webhookId } });
  });
  return (
    <>
      <Button kind="danger" onPress={() => setAsking(true)}>
        {verb}
      </Button>
      <Confirm
        title={`${verb}?`}
        verb={verb}
        kind="danger"
        isOpen={isAsking}
        onClose={() => setAsking(false)}
        onConfirm={() => unsubscribe.mutate(vehicles)}
        isPending={unsubscribe.isPending}
        error={unsubscribe.error}
      >
        <p>{children}</p>
      </Confirm>
    </>
  );
}
