import { useState } from 'react';
import { useChange } from '../../api/queries.js';
import type { Endpoint } from '../../api/resources.js';
import { TargetFault } from '../../endpoint/target-fault.js';
import { Button } from '../../parts/button.js';
import { Dialog } from '../../parts/dialog.js';
import { useToast } from '../../parts/toast.js';
import { draftOfEndpoint, endpointChange, isOtherUrl } from './endpoint-draft.js';
import { EndpointForm } from './endpoint-form.js';

/** Changes a shared endpoint; only what was changed here is sent. */
export function ChangeEndpointDialog({ endpoint, onClose }: { endpoint: Endpoint; onClose: () => void }) {
  // What is read again meanwhile must not change what is being written.
  const [before] = useState(() => draftOfEndpoint(endpoint));
  const [draft, setDraft] = useState(before);
  const say = useToast();
  const body = endpointChange(before, draft);
  const { id } = endpoint;
  const change = useChange(
    (api, changed: typeof body) => api.PATCH('/v1/endpoints/{id}', { params: { path: { id } }, body: changed }),
    {
      refreshes: [['endpoints'], ['overview'], ['webhooks']],
      onDone: ({ warnings }) => {
        say(['The endpoint is changed.', ...warnings].join(' '));
        onClose();
      },
    },
  );
  return (
    <Dialog
      title="Change the endpoint"
      isWide
      isOpen
      onClose={onClose}
      actions={
        <>
          <Button onPress={onClose}>Cancel</Button>
          <Button
            kind="primary"
            isDisabled={Object.keys(body).length === 0}
            isPending={change.isPending}
            onPress={() => change.mutate(body)}
          >
            Change the endpoint
          </Button>
        </>
      }
    >
      <EndpointForm
        draft={draft}
        onChange={setDraft}
        isNew={false}
        needsToken={isOtherUrl(before, draft)}
        error={change.error}
      />
      <TargetFault error={change.error} />
    </Dialog>
  );
}
