import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { useEndpoint } from '../../api/resources.js';
import type { Endpoint, Webhook } from '../../api/resources.js';
import { RecoverDialog } from '../../delivery/recover-dialog.js';
import { HealthFact, optionFacts } from '../../endpoint/endpoint-facts.js';
import { profileWords, retryWords } from '../../endpoint/endpoint-words.js';
import { VerifyDialog } from '../../endpoint/verify-dialog.js';
import { Button } from '../../parts/button.js';
import { MetricName } from '../../parts/code.js';
import { Copyable } from '../../parts/copy.js';
import { plural, seconds } from '../../parts/format.js';
import { Loaded } from '../../parts/loaded.js';
import { Card, Facts } from '../../parts/page.js';
import { Ago } from '../../parts/time.js';
import { useTripline } from '../../session.js';
import { nameOf } from '../../webhook/webhook-name.js';

/** What was asked of the webhook. */
export function WebhookFacts({ webhook }: { webhook: Webhook }) {
  const { id, service, metricName, condition, normalizedCondition, coolDownPeriod, maxSampleAgeSeconds } = webhook;
  return (
    <Card title="Webhook">
      <Facts
        facts={[
          ['Metric', <MetricName key="metric" name={`${service}/${metricName}`} />],
          ...(normalizedCondition === condition
            ? []
            : [['Evaluated as', <code key="code">{normalizedCondition}</code>] as const]),
          ['Cool-down', coolDownPeriod === 0 ? 'none' : `${seconds(coolDownPeriod)}, for each vehicle`],
          ...(maxSampleAgeSeconds === null ? [] : [['Samples no older than', seconds(maxSampleAgeSeconds)] as const]),
          ['Vehicles', <VehiclesFact key="vehicles" webhook={webhook} />],
          ['Last fired', <Ago key="fired" at={webhook.lastFiredAt} />],
          ...(webhook.description === '' ? [] : [['Description', webhook.description] as const]),
          ['Made', <Ago key="made" at={webhook.createdAt} />],
          ['Changed', <Ago key="changed" at={webhook.updatedAt} />],
          ['Id', <Copyable key="id" text={id} name="id of the webhook" />],
        ]}
      />
    </Card>
  );
}

function VehiclesFact({ webhook: { id, subscriptionCount, autoSubscribe } }: { webhook: Webhook }) {
  return (
    <>
      <Link to="/webhooks/$id/vehicles" params={{ id }}>
        {plural(subscriptionCount, 'vehicle')}
      </Link>
      {autoSubscribe && ', and whatever is shared with your license'}
    </>
  );
}

/** Where the webhook sends to, how that does, and what can be done about it. */
export function EndpointFacts({ webhook }: { webhook: Webhook }) {
  const endpoint = useEndpoint(webhook.endpointId);
  const { can } = useTripline();
  return (
    <Card title="Endpoint" actions={can('webhooks:manage') && <EndpointActions webhook={webhook} />}>
      <Loaded query={endpoint} height={280}>
        {(found) => <Facts facts={endpointFacts(webhook, found)} />}
      </Loaded>
    </Card>
  );
}

function EndpointActions({ webhook }: { webhook: Webhook }) {
  const [open, setOpen] = useState<'verify' | 'recover'>();
  const close = () => setOpen(undefined);
  const of = { kind: 'webhook', id: webhook.id } as const;
  return (
    <>
      <Button onPress={() => setOpen('verify')}>
        {webhook.status === 'failed' ? 'Verify and switch on' : 'Verify again'}
      </Button>
      <Button onPress={() => setOpen('recover')}>Recover deliveries</Button>
      {open === 'verify' && <VerifyDialog of={of} url={webhook.targetURL} onClose={close} />}
      {open === 'recover' && <RecoverDialog of={of} name={nameOf(webhook)} onClose={close} />}
    </>
  );
}

function endpointFacts(webhook: Webhook, endpoint: Endpoint): (readonly [string, ReactNode])[] {
  const isShared = endpoint.webhookId === null;
  return [
    ['Health', <HealthFact key="health" endpoint={endpoint} />],
    ['Target', <code key="target">{endpoint.url}</code>],
    ...(isShared ? [['Shared', <SharedFact key="shared" endpoint={endpoint} />] as const] : []),
    ['Verified', <Ago key="verified" at={webhook.verifiedAt} />],
    ['Failures in a row', String(webhook.failureCount)],
    ['Last delivered', <Ago key="delivered" at={webhook.lastDeliveredAt} />],
    ['Profile', profileWords(endpoint.profile)],
    ['Retries', retryWords(endpoint.retry)],
    ...optionFacts(endpoint),
  ];
}

function SharedFact({ endpoint: { id, description, webhookCount } }: { endpoint: Endpoint }) {
  return (
    <>
      <Link to="/endpoints/$id" params={{ id }}>
        {description === '' ? 'with others' : description}
      </Link>
      , used by {plural(webhookCount, 'webhook')}
    </>
  );
}
