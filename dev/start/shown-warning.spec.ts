import { expect, test } from '@jest/globals';
import { shownWarning } from './shown-warning.js';

const entry = (fields: object) => JSON.stringify({ time: 1, pid: 2, ...fields });

test.each([
  ['an entry of level info', entry({ level: 'info', msg: 'started' }), undefined],
  ['a warning', entry({ level: 'warn', msg: 'lag' }), 'product warning: lag'],
  [
    'an error with its reason',
    entry({ level: 'error', msg: 'failed', err: { message: 'why' } }),
    'product ERROR: failed: why',
  ],
  [
    'an error whose reason is its message',
    entry({ level: 'fatal', msg: 'why', err: { message: 'why' } }),
    'product ERROR: why',
  ],
  ['a line from Node', '(node:1) Warning: x', 'product: (node:1) Warning: x'],
  ['a line that only looks like an entry', '{ code: 1 }', 'product: { code: 1 }'],
  ['an empty line', '', undefined],
])('%s', (_, line, shown) => {
  expect(shownWarning(line)).toBe(shown);
});
