import { useChange } from '../api/queries.js';
import { Button } from '../parts/button.js';
import { ProblemNotice } from '../parts/notice.js';
import { READ_AGAIN_AFTER_SUBSCRIBING } from './use-vehicle.js';

/** Subscribes one vehicle to a webhook. */
export function useSubscribe(webhookId: string) {
  return useChange(
    (api, did: string, header) =>
      api.POST('/v1/webhooks/{id}/subscribe/{did}', { params: { path: { id: webhookId, did }, header } }),
    { refreshes: READ_AGAIN_AFTER_SUBSCRIBING, said: 'The vehicle is subscribed.' },
  );
}

/** A button that subscribes one vehicle. */
export function SubscribeOne({ webhookId, did }: { webhookId: string; did: string }) {
  const subscribe = useSubscribe(webhookId);
  return (
    <>
      <Button onPress={() => subscribe.mutate(did)} isPending={subscribe.isPending}>
        Subscribe vehicle
      </Button>
      {subscribe.error && <ProblemNotice error={subscribe.error} />}
    </>
  );
}
