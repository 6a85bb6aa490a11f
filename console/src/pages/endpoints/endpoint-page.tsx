import { Link, useParams } from '@tanstack/react-router';
import { useEndpoint, useWebhooks } from '../../api/resources.js';
import type { Endpoint } from '../../api/resources.js';
import { AttentionAbout } from '../../attention/attention-list.js';
import { HealthFact, optionFacts } from '../../endpoint/endpoint-facts.js';
import { profileWords, retryWords } from '../../endpoint/endpoint-words.js';
import { LinkButton } from '../../parts/button.js';
import { Copyable } from '../../parts/copy.js';
import { Loaded } from '../../parts/loaded.js';
import { Notice } from '../../parts/notice.js';
import { Card, Facts, Page } from '../../parts/page.js';
import { WebhookStatus } from '../../parts/status.js';
import { Ago } from '../../parts/time.js';
import { RotateForm } from '../../secret/rotate-form.js';
import { SecretStandingCard } from '../../secret/secret-standing.js';
import { useTripline } from '../../session.js';
import { byName, nameOf } from '../../webhook/webhook-name.js';
import { EndpointActions } from './endpoint-actions.js';

const REFRESH_MS = 15_000;
const CRUMBS = [{ text: 'Endpoints', to: '/endpoints' }] as const;

/** One endpoint: how it is, who uses it, and all that can be done with it. */
export function EndpointPage() {
  const { id } = useParams({ from: '/shell/endpoints/$id' });
  const endpoint = useEndpoint(id, { refreshMs: REFRESH_MS });
  const found = endpoint.data;
  return (
    <Page
      title={found === undefined ? 'Endpoint' : titleOf(found)}
      crumbs={CRUMBS}
      actions={found && found.webhookId === null && <EndpointActions endpoint={found} />}
    >
      <Loaded query={endpoint} height={480}>
        {(known) => <Known endpoint={known} />}
      </Loaded>
    </Page>
  );
}

function Known({ endpoint }: { endpoint: Endpoint }) {
  const { can } = useTripline();
  const isShared = endpoint.webhookId === null;
  return (
    <>
      {endpoint.webhookId !== null && <OwnNotice webhookId={endpoint.webhookId} />}
      <AttentionAbout
        // Below stands more about the secrets.
        isAbout={({ endpointId, kind }) => endpointId === endpoint.id && kind !== 'secret_overlap'}
        isOnItsPage={({ webhookId }) => webhookId === null}
      />
      <div className="halves">
        <EndpointCard endpoint={endpoint} />
        <UsersCard endpoint={endpoint} />
      </div>
      {isShared && (
        <>
          <SecretStandingCard endpointId={endpoint.id} lastDeliveredAt={endpoint.lastDeliveredAt} />
          {can('webhooks:manage') && <RotateForm of={{ kind: 'endpoint', id: endpoint.id }} />}
        </>
      )}
    </>
  );
}

function OwnNotice({ webhookId }: { webhookId: string }) {
  return (
    <Notice
      kind="info"
      title="This endpoint belongs to one webhook"
      actions={
        <LinkButton to="/webhooks/$id" params={{ id: webhookId }}>
          Go to the webhook
        </LinkButton>
      }
    >
      It is changed, tested and rotated with its webhook.
    </Notice>
  );
}

function EndpointCard({ endpoint }: { endpoint: Endpoint }) {
  const { id, url, enabledEvents, profile, retry, failureCount, lastDeliveredAt, verifiedAt } = endpoint;
  const { can } = useTripline();
  return (
    <Card
      title="Endpoint"
      actions={
        can('events:read') && (
          <LinkButton kind="quiet" to="/deliveries" search={{ endpoint: id }}>
            Its deliveries
          </LinkButton>
        )
      }
    >
      <Facts
        facts={[
          ['Health', <HealthFact key="health" endpoint={endpoint} />],
          ['Target', <code key="target">{url}</code>],
          [
            'Listens to',
            enabledEvents.length === 0 ? 'its webhooks only' : <code key="events">{enabledEvents.join(', ')}</code>,
          ],
          ['Verified', <Ago key="verified" at={verifiedAt} />],
          ['Failures in a row', String(failureCount)],
          ['Last delivered', <Ago key="delivered" at={lastDeliveredAt} />],
          ['Profile', profileWords(profile)],
          ['Retries', retryWords(retry)],
          ...optionFacts(endpoint),
          ['Made', <Ago key="made" at={endpoint.createdAt} />],
          ['Changed', <Ago key="changed" at={endpoint.updatedAt} />],
          ['Id', <Copyable key="id" text={id} name="id of the endpoint" />],
        ]}
      />
    </Card>
  );
}

/** The webhooks that send to it. */
function UsersCard({ endpoint }: { endpoint: Endpoint }) {
  const { can } = useTripline();
  const webhooks = useWebhooks();
  return (
    <Card
      title="Webhooks that use it"
      actions={
        endpoint.webhookId === null &&
        can('webhooks:manage') && (
          <LinkButton kind="quiet" to="/webhooks/new" search={{ endpoint: endpoint.id }}>
            New webhook here
          </LinkButton>
        )
      }
    >
      <Loaded query={webhooks} height={120}>
        {(all) => {
          const users = all.filter(({ endpointId }) => endpointId === endpoint.id).sort(byName);
          if (users.length === 0) return <p>None yet. It is sent what it listens to.</p>;
          return (
            <ul className="short-list">
              {users.map((webhook) => (
                <li key={webhook.id}>
                  <Link to="/webhooks/$id" params={{ id: webhook.id }}>
                    {nameOf(webhook)}
                  </Link>
                  <WebhookStatus webhook={webhook} />
                </li>
              ))}
            </ul>
          );
        }}
      </Loaded>
    </Card>
  );
}

function titleOf({ description, url }: Endpoint): string {
  if (description.trim() !== '') return description;
  return URL.canParse(url) ? new URL(url).host : 'Endpoint';
}
