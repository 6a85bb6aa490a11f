import { useState } from 'react';
import { useChange } from '../../api/queries.js';
import { TargetFault } from '../../endpoint/target-fault.js';
import { Button, LinkButton } from '../../parts/button.js';
import { Dialog } from '../../parts/dialog.js';
import { Notice } from '../../parts/notice.js';
import { SecretOnce } from '../../secret/secret-once.js';
import { useTripline } from '../../session.js';
import { beginEndpoint, newEndpoint } from './endpoint-draft.js';
import type { EndpointDraft } from './endpoint-draft.js';
import { EndpointForm } from './endpoint-form.js';

/** Makes a shared endpoint: asks for what it needs, has its target prove itself, and shows its secret once. */
export function NewEndpointDialog({ onClose }: { onClose: () => void }) {
  const { demo } = useTripline();
  const [draft, setDraft] = useState(() => beginEndpoint(demo));
  const make = useChange(
    (api, body: EndpointDraft, header) => api.POST('/v1/endpoints', { params: { header }, body: newEndpoint(body) }),
    { refreshes: [['endpoints'], ['overview']] },
  );
  if (make.data) return <Made {...make.data} onClose={onClose} />;
  return (
    <Dialog
      title="New endpoint"
      isWide
      isOpen
      onClose={onClose}
      actions={
        <>
          <Button onPress={onClose}>Cancel</Button>
          <Button
            kind="primary"
            isDisabled={draft.targetURL.trim() === '' || draft.verificationToken.trim() === ''}
            isPending={make.isPending}
            onPress={() => make.mutate(draft)}
          >
            Make endpoint
          </Button>
        </>
      }
    >
      <EndpointForm draft={draft} onChange={setDraft} isNew needsToken error={make.error} />
      <TargetFault error={make.error} />
    </Dialog>
  );
}

interface MadeProps {
  id: string;
  secret: string;
  warnings: string[];
  onClose: () => void;
}

function Made({ id, secret, warnings, onClose }: MadeProps) {
  return (
    <Dialog
      title="The endpoint is made"
      isWide
      isOpen
      onClose={onClose}
      actions={
        <>
          <Button onPress={onClose}>Close</Button>
          <LinkButton kind="primary" to="/endpoints/$id" params={{ id }}>
            Go to the endpoint
          </LinkButton>
        </>
      }
    >
      <Notice kind="ok" title="The target proved that it is yours." isSpoken />
      {warnings.map((warning) => (
        <Notice key={warning} kind="warn" title={warning} />
      ))}
      <SecretOnce secret={secret} />
    </Dialog>
  );
}
