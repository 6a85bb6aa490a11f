import { z } from 'zod';
import { QUOTA_NAMES, QUOTAS } from '../../core/quota.js';
import type { QuotaName } from '../../core/quota.js';
import type { QuotaStanding } from '../../store/quotas.js';

/** As of the settings: as good as none. */
const LIMIT_MAX = 1_000_000_000;

const limit = z.int().min(0).max(LIMIT_MAX).nullable().optional();

/** The limits that an operator sets. Strict: one whose name is misspelt would stay as it is. */
export const quotaChange = z
  .strictObject(
    Object.fromEntries(
      QUOTA_NAMES.map((name) => [name, limit.meta({ description: `${QUOTAS[name]} Null for the default again.` })]),
    ) as Record<QuotaName, typeof limit>,
  )
  .refine((limits) => Object.keys(limits).length > 0, 'must name at least one limit')
  .meta({ id: 'QuotaChange' });
export type QuotaChange = z.output<typeof quotaChange>;

export const quotaView = z
  .object({
    license: z.string(),
    quotas: z.array(
      z.object({
        name: z.enum(QUOTA_NAMES),
        limit: z.int(),
        isDefault: z.boolean().meta({ description: "Nobody set it for this license: it is the installation's." }),
        used: z.int().meta({
          description: 'What there is. Of limits per minute, what processes took of this minute, used up or not.',
        }),
        description: z.string(),
      }),
    ),
  })
  .meta({ id: 'LicenseQuota' });
export type QuotaView = z.output<typeof quotaView>;

/** Shows how a license stands with its limits. */
export function viewQuota(license: string, standing: readonly QuotaStanding[]): QuotaView {
  return { license, quotas: standing.map((one) => ({ ...one, description: QUOTAS[one.name] })) };
}
