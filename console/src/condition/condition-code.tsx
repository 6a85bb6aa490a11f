import type { EditorView } from '@codemirror/view';
import { useEffect, useImperativeHandle, useRef, type Ref } from 'react';
import type { CheckState, ConditionCheck } from './condition-check.js';
import {
  createConditionEditor,
  insertText,
  recheck,
  replaceText,
  showText,
  type EditorSurroundings,
} from './condition-editor.js';
import type { Metric } from './metric.js';

/** What can be done to the text from outside, as if the user had typed it: undo takes it back. */
export interface ConditionHandle {
  insert(text: string): void;
  replace(text: string): void;
  focus(): void;
}

/** What a condition field works with. */
export interface ConditionCodeProps {
  metric: Metric;
  value: string;
  onChange(text: string): void;
  /** Asks the API about a text, for the metric that is chosen now. */
  check(text: string): Promise<ConditionCheck>;
  onCheck(state: CheckState): void;
  onTry(): void;
  labelId: string;
  descriptionId: string;
  isInvalid: boolean;
  ref?: Ref<ConditionHandle>;
}

/**
 * The code editor itself, in a file of its own so that CodeMirror is loaded when it is needed. It lives as long as the
 * field does and reads what is current, so that undo reaches over a change of metric.
 */
export function ConditionCode(props: ConditionCodeProps) {
  const { metric, value, isInvalid, ref } = props;
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(undefined);
  const current = useRef(props);
  useEffect(() => {
    current.current = props;
  });
  useEffect(() => {
    const editor = createConditionEditor(host.current!, {
      text: current.current.value,
      attributes: attributesOf(current.current),
      surroundings: surroundingsOf(() => current.current),
    });
    view.current = editor;
    return () => editor.destroy();
  }, []);
  useEffect(() => showText(view.current!, value), [value]);
  useEffect(() => recheck(view.current!), [metric.service, metric.name]);
  useEffect(() => view.current!.contentDOM.setAttribute('aria-invalid', String(isInvalid)), [isInvalid]);
  useImperativeHandle(ref, () => ({
    insert: (text) => insertText(view.current!, text),
    replace: (text) => replaceText(view.current!, text),
    focus: () => view.current!.focus(),
  }));
  return <div ref={host} className="condition-code" />;
}

function attributesOf({ labelId, descriptionId }: ConditionCodeProps): Record<string, string> {
  return {
    'aria-labelledby': labelId,
    'aria-describedby': descriptionId,
    'aria-multiline': 'true',
    spellcheck: 'false',
  };
}

function surroundingsOf(now: () => ConditionCodeProps): EditorSurroundings {
  return {
    metric: () => now().metric,
    check: (text) => now().check(text),
    onChange: (text) => now().onChange(text),
    onCheck: (state) => now().onCheck(state),
    onTry: () => now().onTry(),
  };
}
