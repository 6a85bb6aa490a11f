import type { Schema } from '@tripline/client';

/** What the API says of a condition. */
export type ConditionCheck = Schema<'ConditionCheck'>;

/** How far the check of what stands in the field is. */
export type CheckState =
  | { kind: 'empty' }
  | { kind: 'checking' }
  | { kind: 'checked'; check: ConditionCheck }
  /** The API could not be asked, or does not know the metric. */
  | { kind: 'unknown'; reason: string };
