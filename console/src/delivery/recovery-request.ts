import type { Tripline } from '@tripline/client';
import type { Subject } from '../api/resources.js';
import type { RecoveryRange } from './recovery.js';

/** What can be sent again. */
export type RecoveredStatus = 'failed' | 'held' | 'cancelled';

/** What is sent again unless somebody says otherwise: what was cancelled was not to be sent, so it is left. */
export const RECOVERED: readonly RecoveredStatus[] = ['failed', 'held'];

interface AskedRecovery extends RecoveryRange {
  statuses: readonly RecoveredStatus[];
  dryRun: boolean;
}

/** Counts what did not arrive in a range, or queues it again: the same request, with and without `dryRun`. */
export function postRecovery(
  api: Tripline,
  { kind, id }: Subject,
  { statuses, ...asked }: AskedRecovery,
  { header = {}, signal }: { header?: { 'Idempotency-Key'?: string }; signal?: AbortSignal },
): Promise<{ data?: { count: number } }> {
  const request = {
    params: { path: { id }, header },
    body: { ...asked, statuses: [...statuses] },
    ...(signal && { signal }),
  };
  return kind === 'webhook'
    ? api.POST('/v1/webhooks/{id}/recover', request)
    : api.POST('/v1/endpoints/{id}/recover', request);
}
