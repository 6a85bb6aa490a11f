import { useParams } from '@tanstack/react-router';
import { useEndpoint, useWebhook } from '../../api/resources.js';
import type { Webhook } from '../../api/resources.js';
import { LinkButton } from '../../parts/button.js';
import { Loaded } from '../../parts/loaded.js';
import { Notice } from '../../parts/notice.js';
import { Card } from '../../parts/page.js';
import { RotateForm } from '../../secret/rotate-form.js';
import { SecretStandingCard } from '../../secret/secret-standing.js';
import { VerificationGuide } from '../../secret/verification-guide.js';
import { useTripline } from '../../session.js';

/** The secret that a webhook's deliveries are signed with: how it stands, and another one in its place. */
export function SecretPage() {
  const { id } = useParams({ from: '/shell/webhooks/$id/secret' });
  const webhook = useWebhook(id);
  return (
    <Loaded query={webhook} height={420}>
      {(found) => <OfWebhook webhook={found} />}
    </Loaded>
  );
}

function OfWebhook({ webhook }: { webhook: Webhook }) {
  const { can } = useTripline();
  const endpoint = useEndpoint(webhook.endpointId);
  return (
    <Loaded query={endpoint} height={420}>
      {({ id, webhookId }) => (
        <>
          <SecretStandingCard endpointId={id} lastDeliveredAt={webhook.lastDeliveredAt} />
          {webhookId === null ? (
            <SharedSecret endpointId={id} />
          ) : (
            can('webhooks:manage') && <RotateForm of={{ kind: 'webhook', id: webhook.id }} />
          )}
          <Card>
            <VerificationGuide />
          </Card>
        </>
      )}
    </Loaded>
  );
}

function SharedSecret({ endpointId }: { endpointId: string }) {
  return (
    <Notice
      kind="info"
      title="The secret belongs to a shared endpoint"
      actions={
        <LinkButton to="/endpoints/$id" params={{ id: endpointId }}>
          Go to the endpoint
        </LinkButton>
      }
    >
      Other webhooks may send to it, too: rotate it there, for all of them.
    </Notice>
  );
}
