import type { Tripline } from '@tripline/client';
import type { RecoveryRange, RecoverySubject } from './recovery.js';

/** Counts what did not arrive in a range, or queues it again: the same request, with and without `dryRun`. */
export function postRecovery(
  api: Tripline,
  { kind, id }: RecoverySubject,
  body: RecoveryRange & { dryRun: boolean },
  header: { 'Idempotency-Key'?: string } = {},
): Promise<{ data?: { count: number } }> {
  const request = { params: { path: { id }, header }, body: { statuses: [...RECOVERED], ...body } };
  return kind === 'webhook'
    ? api.POST('/v1/webhooks/{id}/recover', request)
    : api.POST('/v1/endpoints/{id}/recover', request);
}

/** What was cancelled was not to be sent, so it is left. */
const RECOVERED = ['failed', 'held'] as const;
