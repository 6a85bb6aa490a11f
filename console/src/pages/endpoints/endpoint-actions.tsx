import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useChange } from '../../api/queries.js';
import type { Endpoint } from '../../api/resources.js';
import { RecoverDialog } from '../../delivery/recover-dialog.js';
import { SendTestDialog } from '../../delivery/send-test.js';
import { VerifyDialog } from '../../endpoint/verify-dialog.js';
import { Button } from '../../parts/button.js';
import { Confirm } from '../../parts/dialog.js';
import { SwitchField } from '../../parts/switch-field.js';
import { plural } from '../../parts/format.js';
import { ProblemNotice } from '../../parts/notice.js';
import { useTripline } from '../../session.js';
import { ChangeEndpointDialog } from './change-endpoint-dialog.js';

/** What can be done with a shared endpoint. */
export function EndpointActions({ endpoint }: { endpoint: Endpoint }) {
  const { can } = useTripline();
  const [open, setOpen] = useState<'test' | 'verify' | 'recover' | 'change' | 'delete'>();
  if (!can('webhooks:manage')) return null;
  const close = () => setOpen(undefined);
  const of = { kind: 'endpoint', id: endpoint.id } as const;
  const name = endpoint.description.trim() === '' ? 'this endpoint' : endpoint.description;
  return (
    <>
      <Switch endpoint={endpoint} />
      <Button icon="send" onPress={() => setOpen('test')}>
        Send a test
      </Button>
      <Button icon="edit" onPress={() => setOpen('change')}>
        Change
      </Button>
      <Button onPress={() => setOpen('verify')}>Verify</Button>
      <Button onPress={() => setOpen('recover')}>Recover deliveries</Button>
      <Button kind="danger" icon="trash" onPress={() => setOpen('delete')}>
        Delete
      </Button>
      {open === 'test' && <SendTestDialog of={of} onClose={close} />}
      {open === 'verify' && <VerifyDialog of={of} url={endpoint.url} onClose={close} />}
      {open === 'change' && <ChangeEndpointDialog endpoint={endpoint} onClose={close} />}
      {open === 'delete' && <DeleteEndpoint endpoint={endpoint} onClose={close} />}
      {open === 'recover' && <RecoverDialog of={of} name={name} onClose={close} />}
    </>
  );
}

/** On and off. One that was given up is shown as off; switching it on lets it begin anew. */
function Switch({ endpoint: { id, enabled } }: { endpoint: Endpoint }) {
  const change = useChange(
    (api, isOn: boolean) => api.PATCH('/v1/endpoints/{id}', { params: { path: { id } }, body: { enabled: isOn } }),
    { refreshes: [['endpoints'], ['overview'], ['webhooks']], said: 'The endpoint is changed.' },
  );
  return (
    <>
      <SwitchField label="Enabled" value={enabled} onChange={(isOn) => change.mutate(isOn)} />
      {change.error && <ProblemNotice error={change.error} />}
    </>
  );
}

function DeleteEndpoint({ endpoint: { id, webhookCount }, onClose }: { endpoint: Endpoint; onClose: () => void }) {
  const navigate = useNavigate();
  const remove = useChange((api, _: void) => api.DELETE('/v1/endpoints/{id}', { params: { path: { id } } }), {
    refreshes: [['overview'], ['deliveries'], ['endpoints']],
    said: 'The endpoint is deleted.',
    onDone: () => navigate({ to: '/endpoints' }),
  });
  return (
    <Confirm
      title="Delete the endpoint"
      verb="Delete the endpoint"
      kind="danger"
      isOpen
      onClose={onClose}
      onConfirm={() => remove.mutate()}
      isPending={remove.isPending}
      error={remove.error}
    >
      <p>What waits for it is cancelled, and its secret is gone. This cannot be taken back.</p>
      {webhookCount > 0 && <p>{plural(webhookCount, 'webhook')} send to it: give them another target first.</p>}
    </Confirm>
  );
}
