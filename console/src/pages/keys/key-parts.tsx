import type { ApiKey } from '../../api/resources.js';
import { Status } from '../../parts/status.js';
import { Ago } from '../../parts/time.js';

const STATUSES = {
  active: { kind: 'ok', text: 'Active' },
  expired: { kind: 'mute', text: 'Expired' },
  revoked: { kind: 'bad', text: 'Revoked' },
} as const;

/** Whether a key still opens anything. */
export function KeyStatus({ status }: { status: ApiKey['status'] }) {
  const { kind, text } = STATUSES[status];
  return <Status kind={kind}>{text}</Status>;
}

/** When a key was last used, to the minute. */
export function LastUsed({ at }: { at: string | null }) {
  return at === null ? <span className="muted">never</span> : <Ago at={at} />;
}

/** When a key ends by itself. */
export function Ends({ at }: { at: string | null }) {
  return at === null ? <span className="muted">never</span> : <Ago at={at} />;
}
