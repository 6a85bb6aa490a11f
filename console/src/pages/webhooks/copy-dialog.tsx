import type { Schema } from '@tripline/client';
import { useData } from '../../api/queries.js';
import { Button } from '../../parts/button.js';
import { CodeBlock } from '../../parts/code.js';
import { Dialog } from '../../parts/dialog.js';
import { Loaded } from '../../parts/loaded.js';
import { definitionText, exampleCommand, makeCommand } from './copy-text.js';

/** A webhook to be taken elsewhere: its definition, the command that makes it again, and a request as it sends them. */
export function CopyDialog({ id, onClose }: { id: string; onClose: () => void }) {
  const copyable = useData<Schema<'CopyableWebhook'>>(['webhooks', id, 'copyable'], (api, signal) =>
    api.GET('/v1/webhooks/{id}/copyable', { params: { path: { id } }, signal }),
  );
  return (
    <Dialog
      title="Copy this webhook"
      isWide
      isOpen
      onClose={onClose}
      actions={<Button onPress={onClose}>Close</Button>}
    >
      <Loaded query={copyable} height={420}>
        {(found) => (
          <>
            <CodeBlock label="Definition, JSON" text={definitionText(found)} />
            <CodeBlock label="Make the same webhook, curl" text={makeCommand(found, location.origin)} />
            <p className="hint">
              Set TRIPLINE_TOKEN to your token or API key, and VERIFICATION_TOKEN to what the target answers with.
              Secret header values are dots: fill them in.
            </p>
            <CodeBlock label="A request as it sends them, curl" text={exampleCommand(found)} />
            <p className="hint">
              Signed with the example secret <code>{found.exampleSecret}</code>, not with your own.
            </p>
          </>
        )}
      </Loaded>
    </Dialog>
  );
}
