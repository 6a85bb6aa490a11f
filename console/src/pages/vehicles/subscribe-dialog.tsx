import { useState } from 'react';
import type { Webhook } from '../../api/resources.js';
import { BulkOutcome } from '../../bulk/bulk-outcome.js';
import { useSubscribeShared } from '../../bulk/use-bulk-calls.js';
import { Button } from '../../parts/button.js';
import { ChoiceField } from '../../parts/choice-fields.js';
import { Dialog } from '../../parts/dialog.js';
import { ProblemNotice } from '../../parts/notice.js';
import { nameOf } from '../../webhook/webhook-name.js';
import { SubscribeList } from './subscribe-list.js';
import { SubscribeVehicle } from './subscribe-vehicle.js';

const WAYS = [
  { id: 'one', text: 'One vehicle' },
  { id: 'list', text: 'A list', detail: 'Pasted, or from a CSV file.' },
  { id: 'shared', text: 'All vehicles that are shared with your license' },
] as const;
type Way = (typeof WAYS)[number]['id'];

/** Subscribes vehicles to a webhook: one, a list, or all that are shared. */
export function SubscribeDialog({ webhook, onClose }: { webhook: Webhook; onClose: () => void }) {
  const [way, setWay] = useState<Way>('one');
  return (
    <Dialog title={`Subscribe vehicles to ${nameOf(webhook)}`} isOpen onClose={onClose} isWide>
      <ChoiceField label="Which vehicles" options={WAYS} value={way} onChange={setWay} />
      {way === 'one' && <SubscribeVehicle webhook={webhook} onClose={onClose} />}
      {way === 'list' && <SubscribeList webhook={webhook} onClose={onClose} />}
      {way === 'shared' && <SubscribeShared webhook={webhook} onClose={onClose} />}
    </Dialog>
  );
}

function SubscribeShared({ webhook, onClose }: { webhook: Webhook; onClose: () => void }) {
  const subscribe = useSubscribeShared(webhook.id);
  const result = subscribe.data;
  return (
    <div className="stack">
      <p className="hint">
        Those that are shared now. Vehicles that are shared later join by themselves only when the webhook is set to do
        that.
      </p>
      {subscribe.error && <ProblemNotice error={subscribe.error} />}
      <div role="status">{result && <BulkOutcome result={result} webhookId={webhook.id} />}</div>
      <div className="dialog-actions">
        {result ? (
          <Button kind="primary" onPress={onClose}>
            Show vehicles
          </Button>
        ) : (
          <Button kind="primary" onPress={() => subscribe.mutate()} isPending={subscribe.isPending}>
            Subscribe all shared vehicles
          </Button>
        )}
      </div>
    </div>
  );
}
