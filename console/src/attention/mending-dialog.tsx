import { RecoverDialog } from '../delivery/recover-dialog.js';
import { SendTestDialog } from '../delivery/send-test.js';
import type { Mending } from './attention-actions.js';
import { LimitsDialog } from './limits-dialog.js';
import { SubscribeAll, SwitchOn } from './mending-dialogs.js';

/** Everything that sends or changes something is asked about first. */
export function MendingDialog({
  mending,
  onClose,
}: {
  mending: Exclude<Mending, { kind: 'link' }>;
  onClose: () => void;
}) {
  switch (mending.kind) {
    case 'limits':
      return <LimitsDialog onClose={onClose} />;
    case 'test':
      return <SendTestDialog of={mending.of} onClose={onClose} />;
    case 'switch-on':
      return <SwitchOn of={mending.of} onClose={onClose} />;
    case 'recover':
      return <RecoverDialog of={mending.of} {...mending.recovery} onClose={onClose} />;
    case 'subscribe-all':
      return <SubscribeAll webhookId={mending.webhookId} onClose={onClose} />;
  }
}
