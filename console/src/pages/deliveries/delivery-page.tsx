import { useNavigate, useParams } from '@tanstack/react-router';
import { useDelivery } from '../../delivery/use-delivery.js';
import { Loaded } from '../../parts/loaded.js';
import { Page } from '../../parts/page.js';
import { DeliveryContent } from './delivery-content.js';
import { ResendButton } from './resend-button.js';

/** One delivery: its attempts, what was sent and answered, and whether the signature is right. */
export function DeliveryPage() {
  const { id } = useParams({ from: '/shell/deliveries/$id' });
  const query = useDelivery(id);
  const navigate = useNavigate();
  const show = (other: string): void => void navigate({ to: '/deliveries/$id', params: { id: other } });
  return (
    <Page
      title="Delivery"
      crumbs={[{ text: 'Deliveries', to: '/deliveries' }]}
      actions={query.data && <ResendButton delivery={query.data} onOther={show} />}
    >
      <Loaded query={query} height={480}>
        {(delivery) => <DeliveryContent key={delivery.id} delivery={delivery} />}
      </Loaded>
    </Page>
  );
}
