import { useState } from 'react';
import { useChange } from '../api/queries.js';
import type { Subject } from '../api/resources.js';
import { Button } from '../parts/button.js';
import { Dialog } from '../parts/dialog.js';
import { TextField } from '../parts/field.js';
import { useTripline } from '../session.js';
import { TargetFault } from './target-fault.js';

/** Asks a target again to prove that it is its owner's. What was given up begins anew when it does. */
export function VerifyDialog({ of, url, onClose }: { of: Subject; url: string; onClose: () => void }) {
  const { demo } = useTripline();
  const [token, setToken] = useState(demo?.target.url === url ? demo.target.verificationToken : '');
  const verify = useChange(
    (api, verificationToken: string, header) => {
      const request = { params: { path: { id: of.id }, header }, body: { verificationToken } };
      return of.kind === 'webhook'
        ? api.POST('/v1/webhooks/{id}/verify', request)
        : api.POST('/v1/endpoints/{id}/verify', request);
    },
    {
      refreshes: [['webhooks'], ['endpoints'], ['overview']],
      said: 'The target proved that it is yours.',
      onDone: onClose,
    },
  );
  return (
    <Dialog
      title="Verify the target"
      isOpen
      onClose={onClose}
      actions={
        <>
          <Button onPress={onClose}>Cancel</Button>
          <Button
            kind="primary"
            isDisabled={token.trim() === ''}
            isPending={verify.isPending}
            onPress={() => verify.mutate(token.trim())}
          >
            Verify the target
          </Button>
        </>
      }
    >
      <p>
        <code>{url}</code> is asked once, and has to answer with its token. What was given up is switched on when it
        does.
      </p>
      <TextField
        label="Verification token"
        hint="What your target answers with. It is not stored."
        value={token}
        onChange={setToken}
        isMono
        autoComplete="off"
      />
      <TargetFault error={verify.error} />
    </Dialog>
  );
}
