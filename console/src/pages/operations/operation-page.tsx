import { useParams, useSearch } from '@tanstack/react-router';
import { useWebhooks } from '../../api/resources.js';
import { OperationProgress } from '../../bulk/operation-progress.js';
import { rememberedOperations } from '../../bulk/remembered-operations.js';
import { LinkButton } from '../../parts/button.js';
import { Card, Page } from '../../parts/page.js';
import { Ago } from '../../parts/time.js';
import { useTripline } from '../../session.js';
import { lasting } from '../../shelf.js';
import { nameOf } from '../../webhook/webhook-name.js';

/** A call about many vehicles that goes on after its answer: how far it is, and what came of it. */
export function OperationPage() {
  const { id } = useParams({ from: '/shell/operations/$id' });
  const { webhook: named } = useSearch({ from: '/shell/operations/$id' });
  const { license } = useTripline();
  const remembered = rememberedOperations(lasting, license, Date.now()).find((operation) => operation.id === id);
  const webhookId = named ?? remembered?.webhookId;
  return (
    <Page
      title={remembered?.what ?? 'Vehicles of a webhook'}
      crumbs={[{ text: 'Webhooks', to: '/webhooks' }]}
      intro="It goes on whether this page is open or not. Its address shows it for a week."
      actions={webhookId && <ToVehicles webhookId={webhookId} />}
    >
      <Card>
        <div className="stack">
          <OperationProgress id={id} />
          {remembered && (
            <p className="hint">
              Begun <Ago at={new Date(remembered.startedMs).toISOString()} /> in this browser.
            </p>
          )}
        </div>
      </Card>
    </Page>
  );
}

function ToVehicles({ webhookId }: { webhookId: string }) {
  const webhook = useWebhooks().data?.find(({ id }) => id === webhookId);
  return (
    <LinkButton to="/webhooks/$id/vehicles" params={{ id: webhookId }}>
      {webhook ? `Vehicles of ${nameOf(webhook)}` : 'Vehicles of the webhook'}
    </LinkButton>
  );
}
