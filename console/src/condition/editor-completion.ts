import {
  autocompletion,
  pickedCompletion,
  snippet,
  type Completion,
  type CompletionContext,
  type CompletionResult,
} from '@codemirror/autocomplete';
import type { Extension } from '@codemirror/state';
import type { EditorView } from '@codemirror/view';
import { suggest, type Suggestion } from './completion.js';
import type { Metric } from './metric.js';

/** Completion for whichever metric is chosen when the list opens. */
export function completeFor(currentMetric: () => Metric): Extension {
  const source = (context: CompletionContext): CompletionResult | null => {
    const before = context.state.sliceDoc(0, context.pos);
    const found = suggest(before, currentMetric(), context.explicit);
    if (!found) return null;
    const options = found.suggestions.map((suggestion, index) => completionOf(suggestion, -index));
    return { from: found.from, options, validFor: found.validFor };
  };
  return autocompletion({ override: [source], icons: false, defaultKeymap: false });
}

/** `order` keeps what one wants most first: the list is sorted by name otherwise. */
function completionOf({ label, kind, detail, info, template }: Suggestion, order: number): Completion {
  const apply = template !== undefined ? snippet(template) : kind === 'constant' ? putText : undefined;
  return { label, type: kind, detail, info, boost: order, ...(apply ? { apply } : {}) };
}

/** A text takes the place of the closing quote too, which the editor wrote when the opening one was typed. */
function putText(view: EditorView, completion: Completion, from: number, to: number): void {
  const next = view.state.sliceDoc(to, to + 1);
  const end = next === '"' || next === "'" ? to + 1 : to;
  view.dispatch({
    changes: { from, to: end, insert: completion.label },
    selection: { anchor: from + completion.label.length },
    annotations: pickedCompletion.of(completion),
  });
}
