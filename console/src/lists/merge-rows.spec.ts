import { describe, expect, it } from '@jest/globals';
import { dropGone, mergeRows, showWaiting } from './merge-rows.js';
import type { LiveRows } from './merge-rows.js';

interface Row {
  id: string;
  status: string;
}

const rows = (ids: string, status = 'pending'): Row[] => [...ids].map((id) => ({ id, status }));
const ids = ({ shown, waiting }: LiveRows<Row>) => [
  shown.map(({ id }) => id).join(''),
  waiting.map(({ id }) => id).join(''),
];
const list = (shown: string, waiting = ''): LiveRows<Row> => ({ shown: rows(shown), waiting: rows(waiting) });

describe('rows that were just read', () => {
  it.each([
    ['come to an empty list', list(''), 'cba', false, ['cba', '']],
    ['come to an empty list that is held', list(''), 'cba', true, ['cba', '']],
    ['stand on top', list('cba'), 'edc', false, ['edcba', '']],
    ['wait while the list is held', list('cba'), 'edcb', true, ['cba', 'ed']],
    ['wait with those that wait', list('cba', 'd'), 'fed', true, ['cba', 'fed']],
    ['are shown with those that waited once it is no longer held', list('cba', 'd'), 'e', false, ['edcba', '']],
    ['that are older go to the end, held or not', list('ed'), 'cba', true, ['edcba', '']],
    ['are there once', list('cba'), 'cba', false, ['cba', '']],
  ])('%s', (_, before, read, isHeld, after) => {
    expect(ids(mergeRows(before, rows(read), { isHeld }))).toEqual(after);
  });

  it('bring those that are shown up to date, also while the list is held', () => {
    const after = mergeRows(list('cba'), rows('cb', 'delivered'), { isHeld: true });
    expect(after.shown.map(({ status }) => status)).toEqual(['delivered', 'delivered', 'pending']);
  });
});

it('what waited stands on top once it is asked for', () => {
  expect(ids(showWaiting(list('ba', 'dc')))).toEqual(['dcba', '']);
});

describe('rows that a page no longer has', () => {
  it.each([
    ['are dropped within its range', list('edcba'), 'ec', false, ['ecba', '']],
    ['are dropped among those that wait', list('cb', 'ed'), 'ecb', false, ['cb', 'e']],
    ['are kept below its range', list('cba'), 'c', false, ['cba', '']],
    ['are dropped everywhere when it is all there is', list('cba'), 'c', true, ['c', '']],
    ['are all dropped when there is nothing', list('cba'), '', true, ['', '']],
  ])('%s', (_, before, page, isWhole, after) => {
    expect(ids(dropGone(before, rows(page), { isWhole }))).toEqual(after);
  });
});
