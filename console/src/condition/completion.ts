import { allowedValues } from './allowed-values.js';
import type { Metric } from './metric.js';
import { LOCATION_FIELDS, variablesOf, type Variable, type VariableType } from './variables.js';

/** Something that can stand where the cursor is. */
export interface Suggestion {
  label: string;
  kind: 'variable' | 'property' | 'function' | 'method' | 'constant' | 'keyword';
  detail?: string;
  info?: string;
  /** Text with places to fill in, `${latitude}`: Tab and Enter lead through them. The label itself without one. */
  template?: string;
}

export interface Suggestions {
  /** Where the text begins that a suggestion takes the place of. */
  from: number;
  /** What may be typed on before the suggestions have to be asked for anew. */
  validFor: RegExp;
  suggestions: Suggestion[];
}

/**
 * What can be written at the end of a condition's beginning. Undefined where nothing is known, and inside comments and
 * texts, unless the metric's values are known texts. `isAsked`: the user wants the list even though no word has begun.
 */
export function suggest(before: string, metric: Metric, isAsked: boolean): Suggestions | undefined {
  const place = placeAtEnd(before);
  if (place.kind === 'comment') return undefined;
  if (place.kind === 'text') return suggestTexts(place.from, metric);
  const member = /([A-Za-z_]\w*)\.([A-Za-z_]\w*\.)?(\w*)$/.exec(before);
  if (member) return suggestMembers(member, before.length, metric);
  if (/\d\w*$|\.\w*$/.test(before)) return undefined;
  const word = /[A-Za-z_]\w*$/.exec(before)?.[0] ?? '';
  if (word === '' && !isAsked) return undefined;
  return { from: before.length - word.length, validFor: /^\w*$/, suggestions: wordsFor(metric) };
}

type Place = { kind: 'code' } | { kind: 'comment' } | { kind: 'text'; from: number };

/** Whether a text or a comment is still open at the end. */
function placeAtEnd(before: string): Place {
  let quote: { mark: string; from: number } | undefined;
  for (let index = 0; index < before.length; index++) {
    const character = before[index]!;
    if (quote) {
      if (character === '\\') index++;
      else if (character === quote.mark) quote = undefined;
    } else if (character === '"' || character === "'") {
      quote = { mark: character, from: index };
    } else if (before.startsWith('//', index)) {
      const end = before.indexOf('\n', index);
      if (end === -1) return { kind: 'comment' };
      index = end;
    }
  }
  return quote ? { kind: 'text', from: quote.from } : { kind: 'code' };
}

function suggestTexts(from: number, metric: Metric): Suggestions | undefined {
  const suggestions = textsFor(metric);
  return suggestions.length === 0 ? undefined : { from, validFor: /^["'][^"']*$/, suggestions };
}

function textsFor(metric: Metric): Suggestion[] {
  return allowedValues(metric).map((value) => ({ label: quoted(value), kind: 'constant', detail: 'allowed value' }));
}

/** As conditions in our documents are written: single quotes. */
function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}

function suggestMembers(member: RegExpExecArray, end: number, metric: Metric): Suggestions | undefined {
  const [, name, field, typed = ''] = member;
  const options = field === undefined ? membersOf(typeOf(metric, name!)) : undefined;
  if (!options) return undefined;
  return { from: end - typed.length, validFor: /^\w*$/, suggestions: options };
}

function typeOf(metric: Metric, name: string): VariableType | undefined {
  return variablesOf(metric).find((variable) => variable.name === name)?.type;
}

function membersOf(type: VariableType | undefined): Suggestion[] | undefined {
  switch (type) {
    case 'location':
      return LOCATION_FIELDS.map((field) => suggestionOf(field, 'property'));
    case 'text':
      return TEXT_METHODS;
    case 'list':
      return LIST_METHODS;
    case 'number':
    case undefined:
      return undefined;
  }
}

function suggestionOf({ name, detail, info }: Variable, kind: Suggestion['kind']): Suggestion {
  return { label: name, kind, detail, info };
}

function method(label: string, template: string, info: string, detail = 'true or false'): Suggestion {
  return { label, kind: 'method', detail, info, template };
}

const TEXT_METHODS: Suggestion[] = [
  method('contains', "contains('${text}')", 'Whether the other text is somewhere in it.'),
  method('startsWith', "startsWith('${text}')", 'Whether it begins with the other text.'),
  method('endsWith', "endsWith('${text}')", 'Whether it ends with the other text.'),
  method('matches', "matches('${pattern}')", 'Whether a regular expression (RE2) is found in it.'),
  method('lowerAscii', 'lowerAscii()', 'The text with small letters.', 'text'),
  method('upperAscii', 'upperAscii()', 'The text with capital letters.', 'text'),
  method('trim', 'trim()', 'The text without white space at its ends.', 'text'),
  method('size', 'size()', 'How many characters it has.', 'number'),
];

const LIST_METHODS: Suggestion[] = [
  method('exists', "exists(${tag}, ${tag} == ${'city'})", 'Whether the condition holds for one of them.'),
  method('all', "all(${tag}, ${tag} != ${'city'})", 'Whether the condition holds for each of them.'),
  method('size', 'size()', 'How many there are.', 'number'),
];

function wordsFor(metric: Metric): Suggestion[] {
  return [
    ...variablesOf(metric).map((variable) => suggestionOf(variable, 'variable')),
    ...(metric.kind === 'location' ? [GEO_DISTANCE] : []),
    ...textsFor(metric),
    ...FUNCTIONS,
    { label: 'true', kind: 'keyword', detail: 'always' },
    { label: 'false', kind: 'keyword', detail: 'never' },
  ];
}

const GEO_DISTANCE: Suggestion = {
  label: 'geoDistance',
  kind: 'function',
  detail: 'kilometres',
  info: 'Great-circle distance from a point, in km.',
  template: 'geoDistance(value.latitude, value.longitude, ${latitude}, ${longitude}) < ${1.0}',
};

const FUNCTIONS: Suggestion[] = [
  { label: 'int', kind: 'function', detail: 'whole number', info: 'Drops the fraction.', template: 'int(${value})' },
  {
    label: 'double',
    kind: 'function',
    detail: 'number',
    info: 'Reads a text as number.',
    template: 'double(${value})',
  },
  { label: 'string', kind: 'function', detail: 'text', info: 'Writes a value as text.', template: 'string(${value})' },
  { label: 'size', kind: 'function', detail: 'number', info: 'Characters of a text.', template: 'size(${text})' },
];
