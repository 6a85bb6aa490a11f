import { closeBrackets, closeBracketsKeymap, completionKeymap } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { bracketMatching } from '@codemirror/language';
import { Annotation, EditorState, Prec } from '@codemirror/state';
import { drawSelection, EditorView, keymap, placeholder } from '@codemirror/view';
import { celLanguage } from './cel-language.js';
import type { CheckState, ConditionCheck } from './condition-check.js';
import { completeFor } from './editor-completion.js';
import { checkAgain, lintBy } from './editor-lint.js';
import { editorTheme } from './editor-theme.js';
import type { Metric } from './metric.js';

/** What the editor asks for and tells, always of the present. */
export interface EditorSurroundings {
  metric(): Metric;
  check(text: string): Promise<ConditionCheck>;
  onChange(text: string): void;
  onCheck(state: CheckState): void;
  onTry(): void;
}

/** Marks what came from outside: whoever put it there need not be told. */
const fromOutside = Annotation.define<boolean>();

/** Makes the editor in an element. `attributes` are those of the element that has the focus. */
export function createConditionEditor(
  parent: HTMLElement,
  { text, attributes, surroundings }: EditorOptions,
): EditorView {
  const told = EditorView.updateListener.of((update) => {
    if (!update.docChanged || update.transactions.some((each) => each.annotation(fromOutside))) return;
    surroundings.onChange(update.state.doc.toString());
  });
  // Before all others: Enter would begin a line. Tab is bound by nothing but an open snippet, so it leaves the field.
  const tryNow = Prec.highest(keymap.of([{ key: 'Mod-Enter', run: () => (surroundings.onTry(), true) }]));
  const extensions = [
    EditorView.cspNonce.of(pageNonce()),
    celLanguage,
    editorTheme,
    EditorView.lineWrapping,
    history(),
    drawSelection(),
    bracketMatching(),
    closeBrackets(),
    placeholder('value > 55'),
    EditorView.contentAttributes.of(attributes),
    tryNow,
    keymap.of([...completionKeymap, ...closeBracketsKeymap, ...defaultKeymap, ...historyKeymap]),
    completeFor(() => surroundings.metric()),
    lintBy(
      (draft) => surroundings.check(draft),
      (state) => surroundings.onCheck(state),
    ),
    told,
  ];
  return new EditorView({ parent, state: EditorState.create({ doc: text, extensions }) });
}

export interface EditorOptions {
  text: string;
  attributes: Record<string, string>;
  surroundings: EditorSurroundings;
}

/** Shows another text, with the cursor where it was if that still is a place. Undo brings the old one back. */
export function showText(view: EditorView, text: string): void {
  if (view.state.doc.toString() === text) return;
  view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text }, annotations: fromOutside.of(true) });
}

/** Writes a text where the cursor is, in place of what is selected. */
export function insertText(view: EditorView, text: string): void {
  view.dispatch(view.state.replaceSelection(text));
  view.focus();
}

/** Writes a text in place of everything. */
export function replaceText(view: EditorView, text: string): void {
  view.dispatch({
    changes: { from: 0, to: view.state.doc.length, insert: text },
    selection: { anchor: text.length },
  });
  view.focus();
}

/** Has the text checked again, which is the same but for another metric now. */
export function recheck(view: EditorView): void {
  view.dispatch({ effects: checkAgain.of(null) });
}

/** Browsers hide the attribute from scripts, so `getAttribute` has nothing. */
function pageNonce(): string {
  return document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? '';
}
