import { z } from 'zod';
import type { DeadLetter } from '../../store/dead-letters.js';

/** What the stream brought that could not be understood, as operators see it. */
export const deadLetterView = z
  .object({
    id: z.string(),
    topic: z.string(),
    partition: z.int(),
    offset: z.string().meta({ description: 'Of the record in its partition; as text because it may pass 2^53.' }),
    index: z.int().nullable().meta({ description: 'Of the sample in the record, from 0; null for the record itself.' }),
    reason: z.string(),
    detail: z.string(),
    excerpt: z.string().meta({ description: 'Beginning of the record as text.' }),
    excerptBase64: z.string().meta({ description: 'The same bytes as they were.' }),
    suppressed: z.int().meta({ description: 'How many more of its kind were only counted.' }),
    createdAt: z.iso.datetime({ precision: 3 }),
  })
  .meta({ id: 'DeadLetter' });
export type DeadLetterView = z.output<typeof deadLetterView>;

/** Shows a stored dead letter. */
export function viewDeadLetter(letter: DeadLetter): DeadLetterView {
  const { id, topic, partition, offset, index, reason, detail, excerpt, suppressed, createdAt } = letter;
  return {
    id: String(id),
    topic,
    partition,
    offset: String(offset),
    index,
    reason,
    detail,
    excerpt: excerpt.toString('utf8'),
    excerptBase64: excerpt.toString('base64'),
    suppressed,
    createdAt: createdAt.toISOString(),
  };
}
