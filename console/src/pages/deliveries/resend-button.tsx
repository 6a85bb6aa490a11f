import { useState } from 'react';
import { useChange } from '../../api/queries.js';
import type { DeliveryDetail } from '../../api/resources.js';
import { Button } from '../../parts/button.js';
import { Confirm } from '../../parts/dialog.js';
import { ProblemNotice } from '../../parts/notice.js';
import { useTripline } from '../../session.js';

/**
 * Sends a delivery again now; asks first when it arrived already, for then another delivery goes out, which `onOther` is told
 * of. Not for tests, which are sent once.
 */
export function ResendButton({ delivery, onOther }: { delivery: DeliveryDetail; onOther: (id: string) => void }) {
  const { can } = useTripline();
  const [isAsking, setAsking] = useState(false);
  const resend = useChange(
    (api, id: string, header) => api.POST('/v1/deliveries/{id}/resend', { params: { path: { id }, header }, body: {} }),
    {
      refreshes: [['deliveries'], ['overview']],
      said: 'It is queued and goes out now.',
      onDone: ({ deliveryId }) => {
        setAsking(false);
        // What had arrived goes out as another delivery.
        if (deliveryId !== delivery.id) onOther(deliveryId);
      },
    },
  );
  if (!can('webhooks:manage') || delivery.isTest) return null;
  const hasArrived = delivery.status === 'delivered';
  return (
    <>
      <Button
        icon="send"
        isPending={resend.isPending && !isAsking}
        onPress={() => (hasArrived ? setAsking(true) : resend.mutate(delivery.id))}
      >
        {delivery.status === 'pending' ? 'Send now' : 'Resend'}
      </Button>
      {resend.error && !isAsking && <ProblemNotice error={resend.error} />}
      <Confirm
        title="Send it again?"
        verb="Resend delivery"
        isOpen={isAsking}
        onClose={() => setAsking(false)}
        onConfirm={() => resend.mutate(delivery.id)}
        isPending={resend.isPending}
        error={resend.error}
      >
        <p>
          This delivery arrived already. Your receiver gets the same event a second time, with the same event id, as a
          new delivery.
        </p>
      </Confirm>
    </>
  );
}
