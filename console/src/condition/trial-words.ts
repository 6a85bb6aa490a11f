import type { Schema } from '@tripline/client';
import { duration } from '../parts/format.js';

/** What the API says would become of a sample. */
export type TrialResult = Schema<'ConditionTrialResult'>;

/** What would become of a sample, in words. */
export function outcomeWords({ outcome, coolingSeconds = 0, error }: TrialResult): {
  kind: 'ok' | 'info' | 'warn' | 'bad';
  title: string;
  detail: string;
} {
  switch (outcome) {
    case 'fired':
      return { kind: 'ok', title: 'It would fire.', detail: '' };
    case 'not_met':
      return { kind: 'info', title: 'It would not fire.', detail: 'The condition does not hold for this sample.' };
    case 'cooling':
      return {
        kind: 'warn',
        title: 'It would not fire: it is cooling down.',
        detail: `The condition holds, but the last firing was too short ago. It cools for ${duration(coolingSeconds * 1000)} more.`,
      };
    case 'stale':
      return {
        kind: 'warn',
        title: 'It would not be looked at: the sample is too old.',
        detail: 'Late samples are left out by the oldest sample that you allow.',
      };
    case 'failed':
      return { kind: 'bad', title: 'It cannot be evaluated.', detail: error?.message ?? '' };
  }
}

/** What a clause said, in a word and as the name of a mark. */
export function clauseWords(value: boolean | null): { mark: 'check' | 'cross' | 'minus'; word: string; kind: string } {
  if (value === null) return { mark: 'minus', word: 'not reached', kind: 'mute' };
  return value ? { mark: 'check', word: 'holds', kind: 'ok' } : { mark: 'cross', word: 'does not hold', kind: 'bad' };
}
