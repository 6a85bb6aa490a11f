import { z } from 'zod';
import { ALL_SCOPES } from '../../core/scopes.js';
import type { ApiKeyRecord } from '../../store/api-keys.js';

const time = z.iso.datetime({ precision: 3 });

/** A key as the REST surface shows it. */
export const apiKeyView = z
  .object({
    id: z.uuid(),
    name: z.string(),
    prefix: z.string().meta({ description: 'How the key begins, to tell keys apart; no more of it is shown again.' }),
    scopes: z.array(z.enum(ALL_SCOPES)),
    status: z.enum(['active', 'expired', 'revoked']),
    createdBy: z.uuid().nullable().meta({ description: "The key that made it; null for a developer's token." }),
    createdAt: time,
    expiresAt: time.nullable().meta({ description: 'Null for never.' }),
    lastUsedAt: time.nullable().meta({ description: 'To the minute; null before the first use.' }),
  })
  .meta({ id: 'ApiKey' });
export type ApiKeyView = z.output<typeof apiKeyView>;

export function viewApiKey(key: ApiKeyRecord): ApiKeyView {
  return {
    id: key.id,
    name: key.name,
    prefix: key.shown,
    scopes: key.scopes,
    status: key.status,
    createdBy: key.madeBy,
    createdAt: key.createdAt.toISOString(),
    expiresAt: key.expiresAt?.toISOString() ?? null,
    lastUsedAt: key.lastUsedAt?.toISOString() ?? null,
  };
}
