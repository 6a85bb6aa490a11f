import type { ReactNode } from 'react';
import type { Delivery, Webhook } from '../api/resources.js';
import { Icon } from './icon.js';
import type { IconName } from './icon.js';

export type StatusKind = 'ok' | 'warn' | 'bad' | 'mute';

const ICONS: Record<StatusKind, IconName> = { ok: 'check', warn: 'alert', bad: 'cross', mute: 'minus' };

/** How something is, in a word; the colour only repeats it. */
export function Status({ kind, icon, children }: { kind: StatusKind; icon?: IconName; children: ReactNode }) {
  return (
    <span className={`status ${kind}`}>
      <Icon name={icon ?? ICONS[kind]} />
      {children}
    </span>
  );
}

/** How a webhook is. One that is enabled and whose firings do not arrive says so. */
export function WebhookStatus({ webhook }: { webhook: Pick<Webhook, 'status'> & { failureCount?: number } }) {
  if (webhook.status === 'failed') return <Status kind="bad">Given up</Status>;
  if (webhook.status === 'disabled') return <Status kind="mute">Disabled</Status>;
  if ((webhook.failureCount ?? 0) > 0) return <Status kind="warn">Failing</Status>;
  return <Status kind="ok">Enabled</Status>;
}

const DELIVERIES: Record<Delivery['status'], { kind: StatusKind; icon?: IconName; text: string }> = {
  pending: { kind: 'warn', icon: 'clock', text: 'Pending' },
  delivered: { kind: 'ok', text: 'Delivered' },
  failed: { kind: 'bad', text: 'Failed' },
  held: { kind: 'warn', icon: 'pause', text: 'Held' },
  cancelled: { kind: 'mute', text: 'Cancelled' },
};

/** How a delivery is. */
export function DeliveryStatus({ status }: { status: Delivery['status'] }) {
  const { text, ...rest } = DELIVERIES[status];
  return <Status {...rest}>{text}</Status>;
}
