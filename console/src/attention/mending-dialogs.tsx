import { useNavigate } from '@tanstack/react-router';
import type { Tripline } from '@tripline/client';
import { useChange } from '../api/queries.js';
import type { Subject } from '../api/resources.js';
import { describeBulkResult } from '../bulk/bulk-answer.js';
import { useSubscribeShared } from '../bulk/use-bulk-calls.js';
import { Confirm } from '../parts/dialog.js';
import { useToast } from '../parts/toast.js';

/** All that may change when something is mended. */
const MENDED = [['overview'], ['webhooks'], ['endpoints'], ['deliveries']] as const;

/** Enables a webhook, or a shared endpoint, that was given up or switched off. */
export function SwitchOn({ of, onClose }: { of: Subject; onClose: () => void }) {
  const change = useChange((api: Tripline, _: void) => switchOn(api, of), {
    refreshes: MENDED,
    said: `The ${of.kind} is switched on.`,
    onDone: onClose,
  });
  return (
    <Confirm
      title={`Switch the ${of.kind} on`}
      verb="Switch on"
      isOpen
      onClose={onClose}
      onConfirm={() => change.mutate()}
      isPending={change.isPending}
      error={change.error}
    >
      <p>What fires from now on is sent again, and the count of failures begins anew.</p>
      <p>What is held stays held until you recover it.</p>
    </Confirm>
  );
}

function switchOn(api: Tripline, { kind, id }: Subject): Promise<{ data?: unknown }> {
  const params = { path: { id } };
  return kind === 'webhook'
    ? api.PATCH('/v1/webhooks/{id}', { params, body: { status: 'enabled' } })
    : api.PATCH('/v1/endpoints/{id}', { params, body: { enabled: true } });
}

/** Subscribes everything that is shared with the license; where that takes longer, its progress has a page. */
export function SubscribeAll({ webhookId, onClose }: { webhookId: string; onClose: () => void }) {
  const navigate = useNavigate();
  const say = useToast();
  const subscribe = useSubscribeShared(webhookId, (result) => {
    onClose();
    if (result.kind !== 'continues') return say(describeBulkResult(result));
    return navigate({ to: '/operations/$id', params: { id: result.operationId }, search: { webhook: webhookId } });
  });
  return (
    <Confirm
      title="Subscribe all vehicles"
      verb="Subscribe all vehicles"
      isOpen
      onClose={onClose}
      onConfirm={() => subscribe.mutate()}
      isPending={subscribe.isPending}
      error={subscribe.error}
    >
      <p>Every vehicle that is shared with your license, and whose metric you may see, is watched from then on.</p>
    </Confirm>
  );
}
