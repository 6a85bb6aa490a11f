import { useState } from 'react';
import type { Attention } from '../../api/resources.js';
import { Button, LinkButton } from '../../parts/button.js';
import { useTripline } from '../../session.js';
import { mendingOf, scopeOf } from './attention-actions.js';
import type { Mending } from './attention-actions.js';
import { LimitsDialog } from './limits-dialog.js';
import { RecoverNow, SendTestDialog, SubscribeAll, SwitchOn } from './mending-dialogs.js';

/** What mends a line, as a button; as a link where another page has to be asked. */
export function AttentionButton({ line }: { line: Attention }) {
  const { can } = useTripline();
  const [isAsked, setAsked] = useState(false);
  const mending = mendingOf(line);
  const label = line.action?.label;
  if (mending === undefined || label === undefined) return null;
  if (mending.kind === 'link') {
    const scope = scopeOf(mending.way);
    return scope === undefined || can(scope) ? <LinkButton {...mending.way}>{label}</LinkButton> : null;
  }
  if (mending.kind !== 'limits' && !can('webhooks:manage')) return null;
  return (
    <>
      <Button onPress={() => setAsked(true)}>{label}</Button>
      {isAsked && <Asked mending={mending} onClose={() => setAsked(false)} />}
    </>
  );
}

/** Everything that sends or changes something is asked about first. */
function Asked({ mending, onClose }: { mending: Exclude<Mending, { kind: 'link' }>; onClose: () => void }) {
  switch (mending.kind) {
    case 'limits':
      return <LimitsDialog onClose={onClose} />;
    case 'test':
      return <SendTestDialog of={mending.of} onClose={onClose} />;
    case 'switch-on':
      return <SwitchOn of={mending.of} onClose={onClose} />;
    case 'recover':
      return <RecoverNow of={mending.of} recovery={mending.recovery} onClose={onClose} />;
    case 'subscribe-all':
      return <SubscribeAll webhookId={mending.webhookId} onClose={onClose} />;
  }
}
