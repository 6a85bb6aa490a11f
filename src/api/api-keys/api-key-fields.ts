import { z } from 'zod';
import { SCOPE_NAMES, SCOPES } from '../../core/scopes.js';
import { keptTimeText } from '../events/log-query.js';
import { text } from '../fields.js';

const NAME_LENGTH_MAX = 100;
/** Longer than any scope. */
const SCOPE_LENGTH_MAX = 100;

/** What one can see of a text: no blanks, no fillers. */
const VISIBLE = /[^\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u2800]/u;
const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}]/u;

/** A key that may do everything is only made for who says so: what was left out may be a variable that was not set. */
const SCOPES_MISSING = `is required: send what the key may do, as a list of some of ${SCOPE_NAMES.join(', ')}`;

const SCOPE_LIST = Object.entries(SCOPES)
  .map(([scope, meaning]) => `- \`${scope}\`: ${meaning}`)
  .join('\n');

/** What makes a key. Strict: a limit whose name is misspelt would be none. */
export const newApiKeyRequest = z
  .strictObject({
    name: text(NAME_LENGTH_MAX)
      .refine((name) => VISIBLE.test(name), 'must not be empty')
      .refine((name) => !CONTROL.test(name), 'must not contain control characters')
      .meta({ description: 'What you know it by.', examples: ['fleet dashboard'] }),
    scopes: z
      .array(text(SCOPE_LENGTH_MAX), { error: ({ input }) => (input === undefined ? SCOPES_MISSING : undefined) })
      .max(SCOPE_NAMES.length)
      .refine((scopes) => scopes.length > 0, 'must name at least one scope')
      .meta({
        description:
          `What it may do. None includes another.\n\n${SCOPE_LIST}\n\n` +
          '`platform:` in front of one of the first three means the same, and `workspace:webhooks` the first two.',
        examples: [['webhooks:read', 'events:read']],
      }),
    expiresAt: keptTimeText.optional().meta({
      description:
        'When it ends by itself. Never when not given, except that a key that makes one bounds it with its own end.',
      examples: ['2027-01-15T12:00:00Z'],
    }),
  })
  .meta({ id: 'NewApiKey' });
export type NewApiKeyRequest = z.output<typeof newApiKeyRequest>;
