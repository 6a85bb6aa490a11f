import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { useWebhook } from '../../api/resources.js';
import { Button } from '../../parts/button.js';
import { useTripline } from '../../session.js';
import { DeliveryExplorer } from './delivery-explorer.js';
import { readDeliverySearch } from './delivery-search.js';
import { RecoverDialog } from './recover-dialog.js';

/** The deliveries of one webhook, in its tab. */
export function WebhookDeliveriesPage() {
  const id = useParams({ strict: false }).id ?? '';
  const search = readDeliverySearch(useSearch({ strict: false }));
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
  const name = webhook?.displayName || webhook?.metricName || 'this webhook';
  return (
    <>
      <Button icon="refresh" onPress={() => setOpen(true)}>
        Recover deliveries…
      </Button>
      <RecoverDialog of={{ kind: 'webhook', id, name }} isOpen={isOpen} onClose={() => setOpen(false)} />
    </>
  );
}
