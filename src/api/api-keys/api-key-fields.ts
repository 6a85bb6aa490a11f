import { z } from 'zod';
import { SCOPE_NAMES, SCOPES } from '../../core/scopes.js';
import { timeText } from '../events/log-query.js';
import { text } from '../fields.js';

const NAME_LENGTH_MAX = 100;
/** Longer than any scope. */
const SCOPE_LENGTH_MAX = 100;

const SCOPE_LIST = Object.entries(SCOPES)
  .map(([scope, meaning]) => `- \`${scope}\`: ${meaning}`)
  .join('\n');

/** What makes a key. Strict: a limit whose name is misspelt would be none. */
export const newApiKeyRequest = z
  .strictObject({
    name: text(NAME_LENGTH_MAX)
      .refine((name) => name.trim() !== '', 'must not be empty')
      .meta({ description: 'What you know it by.', examples: ['fleet dashboard'] }),
    scopes: z
      .array(text(SCOPE_LENGTH_MAX))
      .max(SCOPE_NAMES.length)
      .refine((scopes) => scopes.length > 0, 'must name at least one scope')
      .optional()
      .meta({
        description:
          `What it may do; all that the caller may when not given. None includes another.\n\n${SCOPE_LIST}\n\n` +
          '`platform:` in front of one of the first three means the same, and `workspace:webhooks` the first two.',
        examples: [['webhooks:read', 'events:read']],
      }),
    expiresAt: timeText.optional().meta({
      description:
        'When it ends by itself. Never when not given, except that a key that makes one bounds it with its own end.',
      examples: ['2027-01-15T12:00:00Z'],
    }),
  })
  .meta({ id: 'NewApiKey' });
export type NewApiKeyRequest = z.output<typeof newApiKeyRequest>;
