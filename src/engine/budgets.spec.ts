import { describe, expect, test } from '@jest/globals';
import { DeadLetterBudget, type DeadLetter } from './dead-letter-budget.js';
import { RecentMap } from '../core/recent-map.js';
import { Seldom } from './seldom.js';

function letters(count: number, reason = 'not_json'): DeadLetter[] {
  return Array.from({ length: count }, (_, i) => ({
    offset: BigInt(i),
    index: null,
    reason,
    detail: 'why',
    value: Buffer.from('x'),
  }));
}

describe('dead letters', () => {
  const admit = (budget: DeadLetterBudget, count: number, nowMs: number, { topic = 't', reason = 'not_json' } = {}) =>
    budget.admit(topic, letters(count, reason), nowMs).rows.map(({ suppressed }) => suppressed);

  test('become rows up to the limit of a minute, and then one number on the next row', () => {
    const budget = new DeadLetterBudget(3);
    expect(admit(budget, 2, 0)).toEqual([0, 0]);
    expect(admit(budget, 4, 10)).toEqual([0]);
    expect(admit(budget, 5, 59_999)).toEqual([]);
    expect(admit(budget, 2, 60_000)).toEqual([8, 0]);
  });

  test('have a limit for each topic and reason', () => {
    const budget = new DeadLetterBudget(1);
    expect(admit(budget, 2, 0)).toEqual([0]);
    expect(admit(budget, 2, 0, { topic: 'u' })).toEqual([0]);
    expect(admit(budget, 2, 0, { reason: 'empty' })).toEqual([0]);
  });

  test('that were not stored after all use nothing up', () => {
    const budget = new DeadLetterBudget(3);
    admit(budget, 5, 0);
    const { rows, undo } = budget.admit('t', letters(2), 60_000);
    expect(rows.map(({ suppressed }) => suppressed)).toEqual([2, 0]);
    undo();
    expect(admit(budget, 4, 60_000)).toEqual([2, 0, 0]);
  });

  test('carry the beginning of the value', () => {
    const value = Buffer.from('é'.repeat(5000));
    const letter = { offset: 1n, index: 2, reason: 'r', detail: 'd'.repeat(9000), value };
    const [row] = new DeadLetterBudget(1).admit('t', [letter], 0).rows;
    expect(row!.excerpt).toEqual(value.subarray(0, 1024));
    expect(row!.detail.length).toBe(500);
  });
});

test('what comes seldom comes once a period for each key', () => {
  const seldom = new Seldom({ periodMs: 100, keysMax: 10 });
  const due = (key: string, nowMs: number) => seldom.isDue(key, nowMs);
  expect([due('a', 0), due('a', 99), due('b', 99), due('a', 100)]).toEqual([true, false, true, true]);
});

test('a recent map keeps what was written last, and no more than it may', () => {
  const map = new RecentMap<string, number>(2);
  map.set('a', 1);
  map.set('b', 2);
  map.set('a', 3);
  map.set('c', 4);
  expect([...map]).toEqual([
    ['a', 3],
    ['c', 4],
  ]);
  expect([map.size, map.get('b')]).toEqual([2, undefined]);
});
