import { useDelivery } from '../../delivery/use-delivery.js';
import { LinkButton } from '../../parts/button.js';
import { SidePanel } from '../../parts/dialog.js';
import { Loaded } from '../../parts/loaded.js';
import { DeliveryContent } from './delivery-content.js';
import { ResendButton } from './resend-button.js';

/** One delivery over the list that it stands in. */
export function DeliveryPanel({
  id,
  onClose,
  onOther,
}: {
  id: string;
  onClose: () => void;
  onOther: (id: string) => void;
}) {
  const query = useDelivery(id);
  return (
    <SidePanel
      title="Delivery"
      onClose={onClose}
      actions={
        <>
          {query.data && <ResendButton delivery={query.data} onOther={onOther} />}
          <LinkButton kind="quiet" icon="out" to="/deliveries/$id" params={{ id }}>
            Open as a page
          </LinkButton>
        </>
      }
    >
      <Loaded query={query} height={480}>
        {(delivery) => <DeliveryContent key={delivery.id} delivery={delivery} />}
      </Loaded>
    </SidePanel>
  );
}
