import { Outlet, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { useData } from '../../api/queries.js';
import { useWebhook } from '../../api/resources.js';
import type { Webhook } from '../../api/resources.js';
import { SendTestDialog } from '../../delivery/send-test.js';
import { Button } from '../../parts/button.js';
import { SwitchField } from '../../parts/switch-field.js';
import { Loaded } from '../../parts/loaded.js';
import { ProblemNotice } from '../../parts/notice.js';
import { Page } from '../../parts/page.js';
import { WebhookStatus } from '../../parts/status.js';
import { LinkTabs } from '../../parts/tabs.js';
import { useTripline } from '../../session.js';
import { useWebhookStatus } from '../../webhook/use-webhook-status.js';
import { nameOf } from '../../webhook/webhook-name.js';
import { CopyDialog } from './copy-dialog.js';
import './webhooks.css';

const REFRESH_MS = 15_000;
const CRUMBS = [{ text: 'Webhooks', to: '/webhooks' }] as const;

/** What all pages of one webhook have: its name, how it is, what it waits for, and the way to the others. */
export function WebhookLayout() {
  const { id } = useParams({ from: '/shell/webhooks/$id' });
  const webhook = useWebhook(id, { refreshMs: REFRESH_MS });
  if (webhook.data === undefined) {
    return (
      <Page title="Webhook" crumbs={CRUMBS}>
        <Loaded query={webhook} height={360}>
          {() => null}
        </Loaded>
      </Page>
    );
  }
  return <Known webhook={webhook.data} />;
}

function Known({ webhook }: { webhook: Webhook }) {
  const name = nameOf(webhook);
  return (
    <Page
      title={name}
      heading={
        <span className="webhook-heading">
          {name} <WebhookStatus webhook={webhook} />
        </span>
      }
      crumbs={CRUMBS}
      intro={<ConditionReading webhook={webhook} />}
      actions={<Actions webhook={webhook} />}
      tabs={<Tabs id={webhook.id} />}
    >
      <Outlet />
    </Page>
  );
}

function Tabs({ id }: { id: string }) {
  const { can } = useTripline();
  const params = { id };
  return (
    <LinkTabs
      label="Webhook"
      tabs={[
        { text: 'Overview', to: '/webhooks/$id', params },
        { text: 'Vehicles', to: '/webhooks/$id/vehicles', params },
        ...(can('events:read') ? [{ text: 'Deliveries', to: '/webhooks/$id/deliveries', params } as const] : []),
        { text: 'Secret', to: '/webhooks/$id/secret', params },
        ...(can('webhooks:manage') ? [{ text: 'Edit', to: '/webhooks/$id/edit', params } as const] : []),
      ]}
    />
  );
}

/** The condition as it is written and, above it, as a sentence. */
function ConditionReading({ webhook }: { webhook: Webhook }) {
  const { service, metricName, condition } = webhook;
  const body = { service, metricName, condition };
  const check = useData(['conditions', body], (api, signal) => api.POST('/v1/conditions/check', { body, signal }));
  return (
    <>
      {check.data?.reading}
      <code className="reading-condition">
        {metricName}: {condition}
      </code>
    </>
  );
}

function Actions({ webhook }: { webhook: Webhook }) {
  const { can } = useTripline();
  const [open, setOpen] = useState<'test' | 'copy'>();
  const close = () => setOpen(undefined);
  return (
    <>
      {can('webhooks:manage') && (
        <>
          <Switch webhook={webhook} />
          <Button icon="send" onPress={() => setOpen('test')}>
            Send a test
          </Button>
        </>
      )}
      <Button icon="copy" onPress={() => setOpen('copy')}>
        Copy
      </Button>
      {open === 'test' && <SendTestDialog of={{ kind: 'webhook', id: webhook.id }} onClose={close} />}
      {open === 'copy' && <CopyDialog id={webhook.id} onClose={close} />}
    </>
  );
}

/** On and off. What was given up is switched on where its reason stands, not in passing. */
function Switch({ webhook: { id, status } }: { webhook: Webhook }) {
  const change = useWebhookStatus(id);
  if (status === 'failed') return null;
  return (
    <>
      <SwitchField
        label="Enabled"
        value={status === 'enabled'}
        onChange={(isOn) => change.mutate(isOn ? 'enabled' : 'disabled')}
      />
      {change.error && <ProblemNotice error={change.error} />}
    </>
  );
}
