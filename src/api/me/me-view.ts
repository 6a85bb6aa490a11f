import { z } from 'zod';
import { QUOTA_NAMES, QUOTAS } from '../../core/quota.js';
import { ALL_SCOPES } from '../../core/scopes.js';

const NAMES = QUOTA_NAMES.map((name) => `- \`${name}\`: ${QUOTAS[name]}`).join('\n');

/** Who is calling, as the REST surface shows it. */
export const meView = z
  .object({
    license: z.string(),
    actor: z.object({
      kind: z.enum(['token', 'api_key']).meta({ description: "A developer's token, or an API key." }),
      keyId: z.uuid().optional().meta({ description: 'Of an API key, as is its name.' }),
      name: z.string().optional(),
    }),
    scopes: z.array(z.enum(ALL_SCOPES)).meta({ description: 'What the token or key may do.' }),
    quota: z
      .array(
        z.object({
          name: z.enum(QUOTA_NAMES),
          limit: z.int(),
          used: z.int().meta({
            description:
              'What there is; of pending deliveries, what there was a few seconds ago. Of limits per minute, what was ' +
              'taken of this minute: it is taken in blocks, so it may be more than was used.',
          }),
        }),
      )
      .meta({ description: `The limits of the license:\n\n${NAMES}` }),
  })
  .meta({ id: 'Me' });
export type MeView = z.output<typeof meView>;
