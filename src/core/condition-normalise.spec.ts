import { expect, test } from '@jest/globals';
import { ENVIRONMENTS } from './condition-environments.js';
import { normalise } from './condition-normalise.js';
import type { Node } from './condition-tree.js';

/** The tree in prefix form; integers are marked with an i. */
function normalised(kind: 'number' | 'event', text: string): string {
  const { ast } = ENVIRONMENTS[kind].parse(text);
  normalise(kind, ast, new Map());
  return shown(ast);
}

function shown(node: Node): string {
  if (node.op === 'value') return typeof node.args === 'bigint' ? `${node.args}i` : String(node.args);
  if (node.op === 'id') return node.args;
  if (node.op === '-_') return `-${shown(node.args)}`;
  if (node.op === 'call') return `${node.args[0]}(${node.args[1].map(shown).join(' ')})`;
  return `(${node.op} ${(node.args as Node[]).map(shown).join(' ')})`;
}

test.each<[kind: 'number' | 'event', text: string, tree: string]>([
  ['number', 'value > 55', '(> value 55)'],
  ['number', '55u < value', '(< 55 value)'],
  ['number', 'value > -5', '(> value -5)'],
  ['number', 'value + 10 > 55', '(> (+ value 10) 55)'],
  ['number', 'value in [1, 2]', '(in value (list 1 2))'],
  ['number', '5 in [1.5, 2]', '(in 5 (list 1.5 2))'],
  ['number', 'value > 5 ? 1.5 : 2', '(?: (> value 5) 1.5 2)'],
  ['number', 'geoDistance(1, -2, 3.5, value) > 4', '(> geoDistance(1 -2 3.5 value) 4)'],
  ['number', '1 + 1 == 2', '(== (+ 1i 1i) 2i)'],
  ['number', 'value in [1 + 1, 3]', '(in value (list (+ 1i 1i) 3i))'],
  ['number', 'value == 9007199254740993', '(== value 9007199254740993i)'],
  ['number', 'value in [1, 9007199254740993]', '(in value (list 1i 9007199254740993i))'],
  ['number', 'value / -0 > 1', '(> (/ value -0i) 1)'],
  ['event', 'durationNs > 55u', '(> durationNs 55i)'],
  ['event', 'durationNs in [1, 2]', '(in durationNs (list 1i 2i))'],
  ['event', 'durationNs / 1e9 > 2', '(> (/ durationNs 1000000000) 2)'],
])('%s: %s becomes %s', (kind, text, tree) => {
  expect(normalised(kind, text)).toBe(tree);
});
