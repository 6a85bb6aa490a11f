import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useChange } from '../../api/queries.js';
import type { Webhook } from '../../api/resources.js';
import { Button } from '../../parts/button.js';
import { Confirm } from '../../parts/dialog.js';
import { plural } from '../../parts/format.js';
import { ProblemNotice } from '../../parts/notice.js';
import { Card } from '../../parts/page.js';
import { useWebhookStatus } from '../../webhook/use-webhook-status.js';
import { nameOf } from '../../webhook/webhook-name.js';

interface WebhookSwitchProps {
  webhook: Webhook;
  /** The page is about to be left because of it. */
  onDelete: () => void;
}

/** Switches a webhook off and on, or deletes it. At once: it has nothing to do with what is written above. */
export function WebhookSwitch({ webhook, onDelete }: WebhookSwitchProps) {
  const { id, status } = webhook;
  const change = useWebhookStatus(id);
  const isOn = status === 'enabled';
  return (
    <Card title={isOn ? 'Disable or delete' : 'Enable or delete'}>
      <div className="stack">
        <p>{STATUS_WORDS[status]}</p>
        {webhook.statusReason !== null && <p className="muted">{webhook.statusReason}</p>}
        <div className="line">
          <Button
            icon={isOn ? 'pause' : 'play'}
            onPress={() => change.mutate(isOn ? 'disabled' : 'enabled')}
            isPending={change.isPending}
          >
            {isOn ? 'Disable webhook' : 'Enable webhook'}
          </Button>
          <DeleteButton webhook={webhook} onDelete={onDelete} />
        </div>
        {change.error && <ProblemNotice error={change.error} />}
      </div>
    </Card>
  );
}

const STATUS_WORDS: Readonly<Record<Webhook['status'], string>> = {
  enabled: 'It is enabled. While it is disabled it is kept with its vehicles, but never fires.',
  disabled: 'It is disabled: it is kept with its vehicles, but never fires.',
  failed: 'It was given up, and what it fires is held. Enabled, it begins anew.',
};

function DeleteButton({ webhook, onDelete }: WebhookSwitchProps) {
  const { id, subscriptionCount } = webhook;
  const name = nameOf(webhook);
  const [isAsked, setAsked] = useState(false);
  const navigate = useNavigate();
  const remove = useChange((api, _: void) => api.DELETE('/v1/webhooks/{id}', { params: { path: { id } } }), {
    refreshes: [['webhooks'], ['overview']],
    said: `${name} is deleted.`,
    onDone: () => {
      onDelete();
      return navigate({ to: '/webhooks' });
    },
  });
  return (
    <>
      <Button kind="danger" icon="trash" onPress={() => setAsked(true)}>
        Delete webhook
      </Button>
      <Confirm
        title={`Delete ${name}?`}
        verb={`Delete ${name}`}
        kind="danger"
        isOpen={isAsked}
        onClose={() => setAsked(false)}
        onConfirm={() => remove.mutate()}
        isPending={remove.isPending}
        error={remove.error}
      >
        <p>
          It goes with its {plural(subscriptionCount, 'subscription')}, and cannot be brought back. What it fired stays
          in the log.
        </p>
      </Confirm>
    </>
  );
}
