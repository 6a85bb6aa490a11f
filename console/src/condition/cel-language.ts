import {
  HighlightStyle,
  LanguageSupport,
  StreamLanguage,
  syntaxHighlighting,
  type StringStream,
} from '@codemirror/language';
import type { Extension } from '@codemirror/state';
import { tags } from '@lezer/highlight';
import { VARIABLE_NAMES } from './variables.js';

/** What a token's colour depends on besides its own characters. */
interface TokenState {
  isAfterDot: boolean;
}

const TEXT = /^[rR]?("""[^]*?"""|'''[^]*?'''|"(?:\\.|[^"\\])*"?|'(?:\\.|[^'\\])*'?)/;
const NUMBER = /^(0x[\da-fA-F]+|\d+(\.\d+)?([eE][+-]?\d+)?)u?/;
const OPERATOR = /^(==|!=|<=|>=|&&|\|\||[-+*/%<>!?:=])/;

function nextToken(stream: StringStream, state: TokenState): string | null {
  const { isAfterDot } = state;
  state.isAfterDot = false;
  if (stream.eatSpace()) return null;
  if (stream.match(/^\/\/.*/)) return 'comment';
  if (stream.match(TEXT)) return 'string';
  if (stream.match(NUMBER)) return 'number';
  if (stream.match(OPERATOR)) return 'operator';
  if (stream.match(/^(true|false|null)\b/)) return 'bool';
  if (stream.match(/^in\b/)) return 'keyword';
  const word = stream.match(/^[A-Za-z_]\w*/);
  if (word && word !== true) return wordToken(word[0], stream.peek() === '(', isAfterDot);
  state.isAfterDot = stream.next() === '.';
  return null;
}

function wordToken(word: string, isCalled: boolean, isAfterDot: boolean): string {
  if (isCalled) return 'macroName';
  if (isAfterDot) return 'propertyName';
  return VARIABLE_NAMES.has(word) ? 'variableName.special' : 'variableName';
}

/** Enough to colour an expression; whether it is right the API says. */
const cel = StreamLanguage.define<TokenState>({
  name: 'cel',
  startState: () => ({ isAfterDot: false }),
  token: nextToken,
  languageData: { closeBrackets: { brackets: ['(', '[', '"', "'"] }, commentTokens: { line: '//' } },
});

/** The colours are CSS variables, so that one style does for both themes. */
const colours = HighlightStyle.define([
  { tag: tags.special(tags.variableName), color: 'var(--syn-var)', fontWeight: '600' },
  { tag: [tags.number, tags.bool], color: 'var(--syn-num)' },
  { tag: tags.string, color: 'var(--syn-str)' },
  { tag: [tags.macroName, tags.propertyName], color: 'var(--syn-fn)' },
  { tag: [tags.operator, tags.keyword], color: 'var(--syn-op)' },
  { tag: tags.comment, color: 'var(--text-3)', fontStyle: 'italic' },
]);

/** The Common Expression Language, coloured. */
export const celLanguage: Extension = [new LanguageSupport(cel), syntaxHighlighting(colours)];
