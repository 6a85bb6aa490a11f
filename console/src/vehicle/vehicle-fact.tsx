import { Link } from '@tanstack/react-router';
import { Did } from '../parts/code.js';
import { Copyable } from '../parts/copy.js';

/** A vehicle among facts: its token, its DID, and the way to it where it stands under a webhook. */
export function VehicleFact({ did, webhookId }: { did: string; webhookId?: string | null | undefined }) {
  return (
    <Copyable text={did} name="vehicle">
      {webhookId ? (
        <Link to="/webhooks/$id/vehicles" params={{ id: webhookId }} search={{ vehicle: did }}>
          <Did did={did} />
        </Link>
      ) : (
        <Did did={did} />
      )}{' '}
      <small>{did}</small>
    </Copyable>
  );
}
