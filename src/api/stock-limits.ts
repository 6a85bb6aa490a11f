import { isGated } from '../core/quota.js';
import type { QuotaStore } from '../store/quotas.js';
import type { OverQuota } from '../store/stock.js';
import type { ApiParts } from './api-parts.js';
import { quotaExceeded } from './problem.js';
import type { Problem } from './problem.js';

/** Spares a target the question when nothing may be made anyway: throws a 403. The store has the last word. */
export async function requireRoom(
  { quotas }: Pick<ApiParts, 'quotas'>,
  license: string,
  name: 'webhooks' | 'endpoints',
): Promise<void> {
  const refusal = await quotas.refusal(license, name);
  if (refusal) throw overQuota(refusal);
}

/** Nothing is sent for a license that is gated: throws a 403. */
export async function requireOpenGate({ quotas }: { quotas: Pick<QuotaStore, 'of'> }, license: string): Promise<void> {
  const { webhooks: most } = await quotas.of(license);
  if (isGated({ webhooks: most })) throw overQuota({ name: 'webhooks', most });
}

/** The 403 of a limit on what there is. */
export function overQuota({ name, most }: Pick<OverQuota, 'name' | 'most'>): Problem {
  return quotaExceeded({ kind: 'stock', name, most });
}
