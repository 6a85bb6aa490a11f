import { completionStatus } from '@codemirror/autocomplete';
import { linter, type Diagnostic } from '@codemirror/lint';
import { StateEffect, type Extension } from '@codemirror/state';
import type { EditorView, ViewUpdate } from '@codemirror/view';
import type { CheckState, ConditionCheck } from './condition-check.js';
import { rangeOfPlace } from './text-range.js';

/** Long enough not to ask at every key, short enough to seem at once. */
const TYPING_PAUSE_MS = 250;

/**
 * Asks whether the condition is right whenever typing pauses, underlines what is wrong, and tells how far it is. While a
 * completion is open nothing is asked: half a word is no mistake.
 */
export function lintBy(check: (text: string) => Promise<ConditionCheck>, told: (state: CheckState) => void): Extension {
  const source = async (view: EditorView): Promise<Diagnostic[]> => {
    const document = view.state.doc;
    const text = document.toString();
    if (completionStatus(view.state) === 'active') return [];
    if (text.trim() === '') {
      told({ kind: 'empty' });
      return [];
    }
    told({ kind: 'checking' });
    const state = await check(text).then(checked, failed);
    // What was asked about another text tells nothing of this one; another answer is on its way.
    if (view.state.doc !== document) return [];
    told(state);
    const error = state.kind === 'checked' ? state.check.error : undefined;
    return error ? [{ ...rangeOfPlace(text, error), severity: 'error', message: error.message }] : [];
  };
  return linter(source, { delay: TYPING_PAUSE_MS, needsRefresh: isToAskAgain });
}

/** The same text is to be checked again: for another metric. */
export const checkAgain = StateEffect.define<null>();

function isToAskAgain({ startState, state, transactions }: ViewUpdate): boolean {
  const hasClosedList = completionStatus(startState) !== null && completionStatus(state) === null;
  return hasClosedList || transactions.some(({ effects }) => effects.some((effect) => effect.is(checkAgain)));
}

function checked(check: ConditionCheck): CheckState {
  return { kind: 'checked', check };
}

function failed(error: unknown): CheckState {
  return { kind: 'unknown', reason: error instanceof Error ? error.message : String(error) };
}
