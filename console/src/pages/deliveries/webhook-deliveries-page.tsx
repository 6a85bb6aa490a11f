import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { useWebhook } from '../../api/resources.js';
import { RecoverDialog } from '../../delivery/recover-dialog.js';
import { Button } from '../../parts/button.js';
import { useTripline } from '../../session.js';
import { nameOf } from '../../webhook/webhook-name.js';
import { DeliveryExplorer } from './delivery-explorer.js';

/** The deliveries of one webhook, in its tab. */
export function WebhookDeliveriesPage() {
  const { id } = useParams({ from: '/shell/webhooks/$id/deliveries' });
  const search = useSearch({ from: '/shell/webhooks/$id/deliveries' });
  const navigate = useNavigate();
  return (
    <DeliveryExplorer
      webhook={id}
      search={search}
      actions={<Recover id={id} />}
      onChange={(next) => void navigate({ to: '.', search: next, replace: true, resetScroll: false })}
    />
  );
}

function Recover({ id }: { id: string }) {
  const { can } = useTripline();
  const webhook = useWebhook(id).data;
  const [isOpen, setOpen] = useState(false);
  if (!can('webhooks:manage')) return null;
  return (
    <>
      <Button icon="refresh" onPress={() => setOpen(true)}>
        Recover deliveries
      </Button>
      {isOpen && (
        <RecoverDialog of={{ kind: 'webhook', id }} name={webhook && nameOf(webhook)} onClose={() => setOpen(false)} />
      )}
    </>
  );
}
