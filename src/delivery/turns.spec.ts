import { describe, expect, test } from '@jest/globals';
import type { DueDelivery } from '../store/queue.js';
import { Turns, type Place } from './turns.js';

/** A place whose deliveries have the ids `<name>1`, `<name>2` … */
function place(license: string, name: string, count: number): Place {
  const waiting = Array.from({ length: count }, (_, n) => ({ id: `${name}${n + 1}` }) as DueDelivery);
  return { license, waiting, sending: 0 };
}

function turnsOf(limits: [number, number], places: Place[]): Turns {
  const turns = new Turns(...limits);
  for (const one of places) turns.update(one);
  return turns;
}

/** Takes what may be sent now, until nothing may. */
function takeAll(turns: Turns): string[] {
  const ids: string[] = [];
  for (let next = turns.next(); next; next = turns.next()) ids.push(next.id);
  return ids;
}

describe('turns go round licenses, then their endpoints, each in its order', () => {
  test.each<[string, [number, number], Place[], string[]]>([
    ['one endpoint, in order', [10, 10], [place('A', 'a', 3)], ['a1', 'a2', 'a3']],
    ['two endpoints of a license', [10, 10], [place('A', 'a', 2), place('A', 'b', 2)], ['a1', 'b1', 'a2', 'b2']],
    ['two licenses', [10, 10], [place('A', 'a', 3), place('B', 'b', 1)], ['a1', 'b1', 'a2', 'a3']],
    [
      'one with many endpoints beside one with one',
      [20, 20],
      [place('A', 'a', 2), place('A', 'b', 2), place('A', 'c', 2), place('B', 'x', 3)],
      ['a1', 'x1', 'b1', 'x2', 'c1', 'x3', 'a2', 'b2', 'c2'],
    ],
    ['nothing waits', [10, 10], [place('A', 'a', 0)], []],
  ])('%s', (_what, limits, places, expected) => {
    expect(takeAll(turnsOf(limits, places))).toEqual(expected);
  });
});

describe('limits', () => {
  test.each<[string, [number, number], Place[], number]>([
    ['of one endpoint', [100, 3], [place('A', 'a', 50)], 3],
    ['in all', [4, 10], [place('A', 'a', 50), place('B', 'b', 50)], 4],
    ['one license gets half', [20, 2], Array.from({ length: 50 }, (_, n) => place('A', `a${n}-`, 5)), 10],
    ['but always as much as one endpoint may', [4, 4], [place('A', 'a', 9)], 4],
    ['two get a third each', [30, 1], Array.from({ length: 100 }, (_, n) => place(n % 2 ? 'A' : 'B', `a${n}-`, 5)), 20],
  ])('%s', (_what, limits, places, expected) => {
    expect(takeAll(turnsOf(limits, places))).toHaveLength(expected);
  });

  test('a newcomer finds requests free, whatever the others hold', () => {
    const turns = turnsOf(
      [20, 2],
      Array.from({ length: 50 }, (_, n) => place('A', `a${n}-`, 5)),
    );
    takeAll(turns);
    expect(turns.free).toBe(10);
    turns.update(place('B', 'b', 5));
    expect(takeAll(turns)).toEqual(['b1', 'b2']);
  });

  test('what is over makes room, for the same place too', () => {
    const one = place('A', 'a', 4);
    const turns = turnsOf([10, 2], [one]);
    expect(takeAll(turns)).toEqual(['a1', 'a2']);
    turns.finish(one);
    expect(takeAll(turns)).toEqual(['a3']);
    turns.finish(one);
    turns.finish(one);
    expect(takeAll(turns)).toEqual(['a4']);
    turns.finish(one);
    expect(turns.free).toBe(10);
  });

  test('a place that was emptied is passed over', () => {
    const one = place('A', 'a', 2);
    const turns = turnsOf([10, 2], [one]);
    one.waiting.length = 0;
    turns.update(one);
    expect(takeAll(turns)).toEqual([]);
  });
});
