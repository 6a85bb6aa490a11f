import { quoted, Refusal } from './condition-error.js';
import type { Token } from './condition-scan.js';
import { nearestName } from './condition-names.js';
import { QUANTIFIERS } from './condition-tree.js';

/** The functions of CEL that a condition may call, and how each is called. */
export const FUNCTIONS: ReadonlyMap<string, string> = new Map([
  ['size', "size('…')"],
  ['int', 'int(value)'],
  ['double', 'double(value)'],
  ['string', 'string(value)'],
  ['bool', "bool('true')"],
  ['geoDistance', 'geoDistance(latitude1, longitude1, latitude2, longitude2) with four numbers'],
]);

/** The methods that a condition may call, and how each is called. Everything else of the library stays closed. */
export const METHODS: ReadonlyMap<string, string> = new Map([
  ['contains', "text.contains('…')"],
  ['startsWith', "text.startsWith('…')"],
  ['endsWith', "text.endsWith('…')"],
  ['matches', "text.matches('…')"],
  ['size', 'text.size()'],
  ['lowerAscii', 'text.lowerAscii()'],
  ['upperAscii', 'text.upperAscii()'],
  ['trim', 'text.trim()'],
  ['all', '[1, 2].all(x, x < value)'],
  ['exists', '[1, 2].exists(x, x == value)'],
  ['exists_one', '[1, 2].exists_one(x, x == value)'],
]);

/** Words of other languages, and what CEL has instead. */
const FOREIGN_WORDS: ReadonlyMap<string, string> = new Map([
  ['and', 'use &&'],
  ['or', 'use ||'],
  ['not', 'use !'],
  ['is', 'use =='],
  ['equals', 'use =='],
  ['between', 'write value >= 10 && value <= 20'],
  ['like', "use value.contains('…') or value.matches('…')"],
  ['true', 'write true'],
  ['false', 'write false'],
  ['null', 'there is no null: before the first firing, previous values are 0 and empty text'],
  ['nil', 'there is no null: before the first firing, previous values are 0 and empty text'],
  ['undefined', 'there is no null: before the first firing, previous values are 0 and empty text'],
  ['if', 'write condition ? a : b'],
]);

/** What the language itself has in lower case. */
const WORDS = new Set(['true', 'false', 'null']);

/**
 * Refuses words of other languages and unknown functions before the parser sees the text: the parser remembers every
 * name that it ever met in front of a parenthesis, so that whoever sends new ones would fill the memory.
 */
export function assertKnownWords(tokens: readonly Token[]): void {
  for (const [index, token] of tokens.entries()) {
    if (token.kind !== 'word') continue;
    const isMember = tokens[index - 1]?.text === '.';
    const advice = WORDS.has(token.text) || isMember ? undefined : FOREIGN_WORDS.get(token.text.toLowerCase());
    if (advice) throw new Refusal('syntax', `Unexpected ${quoted(token.text)}: ${advice}.`, token);
    if (tokens[index + 1]?.text === '(' && token.text !== 'in') assertKnownFunction(token, isMember);
  }
}

function assertKnownFunction(token: Token, isMethod: boolean): void {
  const known = isMethod ? METHODS : FUNCTIONS;
  if (known.has(token.text)) return;
  const other = (isMethod ? FUNCTIONS : METHODS).get(token.text);
  const why = UNAVAILABLE.get(token.text) ?? (other === undefined ? undefined : `It is written ${other}`);
  throw new Refusal(
    'unknown_function',
    `There is no function ${quoted(token.text)}. ${why ?? suggestion(token.text, known)}.`,
    token,
  );
}

/** Parts of CEL that are left out on purpose: they hide types from the check, or take time or memory without bound. */
const UNAVAILABLE: ReadonlyMap<string, string> = new Map([
  ['has', 'Every variable always has a value; before the first firing, previous values are 0 and empty text'],
  ['dyn', 'Types are checked when the condition is made'],
  ['type', 'Types are checked when the condition is made'],
  ['map', `A list can be asked with ${[...QUANTIFIERS].join(', ')}`],
  ['filter', `A list can be asked with ${[...QUANTIFIERS].join(', ')}`],
  ['now', 'A condition sees the sample and the one that last fired, not the clock'],
  ['timestamp', 'A condition sees the sample and the one that last fired, not the clock'],
]);

function suggestion(name: string, known: ReadonlyMap<string, string>): string {
  const nearest = nearestName(name, [...known.keys()]);
  if (nearest !== undefined) return `The nearest is ${known.get(nearest)}`;
  return `There are: ${[...known.keys()].join(', ')}`;
}
