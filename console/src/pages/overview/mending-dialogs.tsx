import { useNavigate } from '@tanstack/react-router';
import type { Tripline } from '@tripline/client';
import { useChange, useData } from '../../api/queries.js';
import { Button } from '../../parts/button.js';
import { Confirm, Dialog } from '../../parts/dialog.js';
import { plural, utc } from '../../parts/format.js';
import { Loaded } from '../../parts/loaded.js';
import { SendTest } from '../deliveries/send-test.js';
import type { Recovery, Subject } from './attention-actions.js';

/** All that may change when something is mended. */
const MENDED = [['overview'], ['webhooks'], ['endpoints'], ['deliveries']] as const;

/** Sends a test when its button is pressed, and shows what came of it. */
export function SendTestDialog({ of, onClose }: { of: Subject; onClose: () => void }) {
  return (
    <Dialog title="Send a test" isOpen onClose={onClose} actions={<Button onPress={onClose}>Close</Button>}>
      <p>One signed event that is marked as a test goes to the target at once. It changes no count and no cool-down.</p>
      <SendTest of={of} />
    </Dialog>
  );
}

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

/** Sends again what did not arrive, after saying how much that is now. */
export function RecoverNow({ of, recovery, onClose }: { of: Subject; recovery: Recovery; onClose: () => void }) {
  const counted = useData(['recoverable', of, recovery], (api, signal) =>
    recover(api, of, { ...recovery, dryRun: true }, { signal }),
  );
  const change = useChange((api, _: void, header) => recover(api, of, { ...recovery, dryRun: false }, { header }), {
    refreshes: MENDED,
    said: ({ count }) => `${deliveries(count)} queued.`,
    onDone: onClose,
  });
  const count = counted.data?.count;
  if (count === undefined || count === 0) {
    return (
      <Dialog title="Recover deliveries" isOpen onClose={onClose} actions={<Button onPress={onClose}>Close</Button>}>
        <Loaded query={counted} height={48}>
          {() => <p>Nothing is left to recover: it arrived, or was recovered, meanwhile.</p>}
        </Loaded>
      </Dialog>
    );
  }
  return (
    <Confirm
      title="Recover deliveries"
      verb={`Recover ${deliveries(count)}`}
      isOpen
      onClose={onClose}
      onConfirm={() => change.mutate()}
      isPending={change.isPending}
      error={change.error}
    >
      <p>
        {deliveries(count)} since <time dateTime={recovery.since}>{utc(recovery.since).slice(0, 16)} UTC</time>{' '}
        {count === 1 ? 'is' : 'are'} {recovery.statuses.join(' or ')}.
      </p>
      <p>They are queued again with the same event ids, oldest first: a receiver that deduplicates sees each once.</p>
    </Confirm>
  );
}

function deliveries(count: number): string {
  return plural(count, 'delivery', 'deliveries');
}

function recover(
  api: Tripline,
  { kind, id }: Subject,
  body: Recovery & { dryRun: boolean },
  { header, signal }: { header?: { 'Idempotency-Key': string }; signal?: AbortSignal },
): Promise<{ data?: { count: number } }> {
  const request = { params: { path: { id }, ...(header && { header }) }, body, ...(signal && { signal }) };
  return kind === 'webhook'
    ? api.POST('/v1/webhooks/{id}/recover', request)
    : api.POST('/v1/endpoints/{id}/recover', request);
}

/** Subscribes everything that is shared with the license; where that takes longer, its progress has a page. */
export function SubscribeAll({ webhookId, onClose }: { webhookId: string; onClose: () => void }) {
  const navigate = useNavigate();
  const change = useChange(
    (api, _: void, header) =>
      api.POST('/v1/webhooks/{id}/subscribe/all', { params: { path: { id: webhookId }, header } }),
    {
      refreshes: MENDED,
      said: ({ message }) => message,
      onDone: (answer) => {
        onClose();
        if ('operationId' in answer) void navigate({ to: '/operations/$id', params: { id: answer.operationId } });
      },
    },
  );
  return (
    <Confirm
      title="Subscribe all vehicles"
      verb="Subscribe all vehicles"
      isOpen
      onClose={onClose}
      onConfirm={() => change.mutate()}
      isPending={change.isPending}
      error={change.error}
    >
      <p>Every vehicle that is shared with your license, and whose metric you may see, is watched from then on.</p>
    </Confirm>
  );
}
