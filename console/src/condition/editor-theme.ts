import { EditorView } from '@codemirror/view';

/** The editor looks like the other fields. Only CSS variables, so that one style does for both themes. */
export const editorTheme = EditorView.theme({
  '&': {
    fontSize: '15px',
    border: '1px solid var(--field-line)',
    borderRadius: 'var(--r)',
    background: 'var(--field)',
    color: 'var(--text)',
  },
  '&.cm-focused': { outline: '2px solid var(--focus)', outlineOffset: '1px' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '1.6', minHeight: '5.2rem', fontVariantLigatures: 'none' },
  '.cm-content': { padding: '10px 4px', caretColor: 'var(--text)' },
  '.cm-placeholder': { color: 'var(--text-3)' },
  '.cm-cursor': { borderLeftColor: 'var(--text)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': {
    background: 'var(--accent-soft)',
  },
  '&.cm-focused .cm-matchingBracket': { background: 'var(--accent-soft)', outline: '1px solid var(--accent)' },
  // The lint package paints its wave with a data: URL, which the policy forbids.
  '.cm-lintRange': { backgroundImage: 'none !important', paddingBottom: '0' },
  '.cm-lintRange-error': {
    textDecoration: 'underline wavy var(--bad-text) 1.5px',
    textDecorationSkipInk: 'none',
    textUnderlineOffset: '4px',
    background: 'var(--bad-soft)',
  },
  '.cm-lintPoint-error:after': { borderBottomColor: 'var(--bad-text)' },
  '.cm-diagnostic': { padding: '8px 12px', borderLeft: '3px solid var(--bad-text)', fontFamily: 'var(--sans)' },
  '.cm-snippetField': { background: 'var(--accent-soft)', borderRadius: '3px' },
  // No `overflow: hidden` here: it would cut off the info box, which is a child of the list.
  '.cm-tooltip': {
    background: 'var(--panel)',
    color: 'var(--text)',
    border: '1px solid var(--line)',
    borderRadius: 'var(--r)',
    boxShadow: 'var(--shadow)',
  },
  '.cm-tooltip.cm-tooltip-autocomplete > ul': { fontFamily: 'var(--mono)', fontSize: '13.5px', maxHeight: '15em' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li': {
    padding: '6px 10px',
    display: 'flex',
    gap: '12px',
    alignItems: 'baseline',
  },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]': {
    background: 'var(--accent)',
    color: 'var(--on-accent)',
  },
  '.cm-completionDetail': {
    marginLeft: 'auto',
    fontStyle: 'normal',
    color: 'inherit',
    fontFamily: 'var(--sans)',
    fontSize: '12px',
  },
  '.cm-completionMatchedText': { textDecoration: 'none', fontWeight: '700' },
  '.cm-tooltip.cm-completionInfo': {
    padding: '8px 12px',
    maxWidth: '280px',
    fontSize: '13px',
    fontFamily: 'var(--sans)',
  },
  '@media (max-width: 560px)': {
    // It would cover the list.
    '.cm-tooltip.cm-completionInfo': { display: 'none' },
  },
});
