import { useNavigate, useSearch } from '@tanstack/react-router';
import { Page } from '../../parts/page.js';
import { DeliveryExplorer } from './delivery-explorer.js';

/** What was sent, is about to be, or could not be. */
export function DeliveriesPage() {
  const search = useSearch({ from: '/shell/deliveries' });
  const navigate = useNavigate();
  return (
    <Page title="Deliveries" intro="What your webhooks fired on its way to your endpoints. Newest first.">
      <DeliveryExplorer
        search={search}
        onChange={(next) => void navigate({ to: '.', search: next, replace: true, resetScroll: false })}
      />
    </Page>
  );
}
