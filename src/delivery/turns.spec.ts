import { describe, expect, test } from '@jest/globals';
import type { DueDelivery } from '../store/due-delivery.js';
import { Turns, type Place } from './turns.js';

/** A place whose deliveries have the ids `<name>1`, `<name>2` …; it admits `most` at once. */
function place(license: string, name: string, count: number, most = Infinity): Place & { most: number } {
  const waiting = Array.from({ length: count }, (_, n) => ({ id: `${name}${n + 1}` }) as DueDelivery);
  return { license, waiting, sending: 0, most, admits, isOutdated: false, refresh: () => undefined };
}

function admits(this: Place & { most: number }): boolean {
  return this.sending < this.most;
}

function turnsOf(limits: [number, number], places: (Place & { most: number })[]): Turns {
  const turns = new Turns(...limits);
  for (const one of places) one.most = Math.min(one.most, limits[1]);
  for (const one of places) turns.update(one);
  return turns;
}

/** Takes what may be sent now, until nothing may. */
function takeAll(turns: Turns): string[] {
  const ids: string[] = [];
  for (let next = turns.next(); next; next = turns.next()) ids.push(next.delivery.id);
  return ids;
}

/** A request of the place is over. */
function finish(turns: Turns, one: Place): void {
  one.sending--;
  turns.leave(one.license);
  turns.update(one);
}

describe('turns go round licenses, then their endpoints, each in its order', () => {
  test.each<[string, [number, number], (Place & { most: number })[], string[]]>([
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
  test.each<[string, [number, number], (Place & { most: number })[], number]>([
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
    turns.update(place('B', 'b', 5, 2));
    expect(takeAll(turns)).toEqual(['b1', 'b2']);
  });

  test('what is over makes room, for the same place too', () => {
    const one = place('A', 'a', 4);
    const turns = turnsOf([10, 2], [one]);
    expect(takeAll(turns)).toEqual(['a1', 'a2']);
    finish(turns, one);
    expect(takeAll(turns)).toEqual(['a3']);
    finish(turns, one);
    finish(turns, one);
    expect(takeAll(turns)).toEqual(['a4']);
    finish(turns, one);
    expect(turns.free).toBe(10);
  });

  test('a place that was emptied is passed over', () => {
    const one = place('A', 'a', 2);
    const turns = turnsOf([10, 2], [one]);
    one.waiting.length = 0;
    turns.update(one);
    expect(takeAll(turns)).toEqual([]);
  });

  test('a place that is withdrawn is passed over', () => {
    const [one, two] = [place('A', 'a', 2), place('A', 'b', 1)];
    const turns = turnsOf([10, 2], [one, two]);
    turns.withdraw(one);
    expect(takeAll(turns)).toEqual(['b1']);
  });

  test('what was started elsewhere counts, and finds no room beyond the share of its license', () => {
    const turns = turnsOf([4, 1], []);
    expect([turns.enter('A'), turns.enter('A'), turns.enter('A')]).toEqual([true, true, false]);
    expect(turns.free).toBe(2);
    expect(turns.enter('B')).toBe(true);
    turns.leave('A');
    expect(turns.enter('A')).toBe(true);
  });
});

describe('a place that is outdated when its turn comes', () => {
  const outdated = (license: string, name: string) => {
    const refreshed: string[] = [];
    return { ...place(license, name, 2), isOutdated: true, refreshed, refresh: () => void refreshed.push(name) };
  };

  test('keeps its turn and a request, and others go on with the rest', () => {
    const [old, young] = [outdated('A', 'a'), place('A', 'b', 3)];
    const turns = turnsOf([2, 5], [old, young]);
    expect(takeAll(turns)).toEqual(['b1']);
    expect(turns.free).toBe(1);
    old.isOutdated = false;
    expect(takeAll(turns)).toEqual(['a1']);
  });

  test('is read again only where it can be sent to', () => {
    const [first, second, other] = [outdated('A', 'a'), outdated('A', 'b'), outdated('B', 'x')];
    const turns = turnsOf([4, 1], [place('A', 'y', 1), first, second, other]);
    expect(takeAll(turns)).toEqual(['y1']);
    expect(turns.enter('C')).toBe(true);
    for (const one of [first, second, other]) one.refreshed.length = 0;
    takeAll(turns);
    // Two are free, and the license has one already.
    expect([first, second, other].map(({ refreshed }) => refreshed.length)).toEqual([1, 0, 1]);
    expect(turns.enter('C')).toBe(true);
    for (const one of [first, second, other]) one.refreshed.length = 0;
    takeAll(turns);
    expect([first, second, other].map(({ refreshed }) => refreshed.length)).toEqual([0, 0, 1]);
  });
});
