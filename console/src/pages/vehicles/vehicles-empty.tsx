import type { Webhook } from '../../api/resources.js';
import { Button, LinkButton } from '../../parts/button.js';
import { Empty } from '../../parts/notice.js';
import { useTripline } from '../../session.js';
import { readDid } from '../../vehicle/did.js';

/** In place of vehicles: nothing is subscribed. */
export function NoVehicles({ webhook, onSubscribe }: { webhook: Webhook; onSubscribe: () => void }) {
  const { can } = useTripline();
  if (webhook.autoSubscribe) {
    return (
      <Empty title="No vehicle is shared with your license.">
        Once one is, it joins by itself within a minute or so.
      </Empty>
    );
  }
  return (
    <Empty
      title="This webhook watches no vehicle."
      actions={
        can('webhooks:manage') && (
          <Button icon="plus" onPress={onSubscribe}>
            Subscribe vehicles
          </Button>
        )
      }
    >
      It fires for vehicles that are subscribed to it.
    </Empty>
  );
}

/** In place of vehicles: a search finds none. A whole DID can be looked up all the same. */
export function NoMatch({ webhookId, search, onClear }: { webhookId: string; search: string; onClear: () => void }) {
  const read = readDid(search.trim());
  return (
    <Empty
      title="No subscribed vehicle matches."
      actions={
        <>
          {read.kind === 'ok' && (
            <LinkButton
              to="/webhooks/$id/vehicles"
              params={{ id: webhookId }}
              search={{ search, vehicle: read.did }}
              resetScroll={false}
            >
              Look up this vehicle
            </LinkButton>
          )}
          <Button onPress={onClear}>Clear search</Button>
        </>
      }
    >
      Type a token id, or a whole DID.
    </Empty>
  );
}
