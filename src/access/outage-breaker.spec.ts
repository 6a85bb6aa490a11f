import { beforeEach, expect, test } from '@jest/globals';
import { OutageBreaker } from './outage-breaker.js';

let nowMs: number;
let pausesMs: number[];
let closings: number[];
let breaker: OutageBreaker;

beforeEach(() => {
  nowMs = 0;
  [pausesMs, closings] = [[], []];
  breaker = new OutageBreaker({
    outagesMax: 3,
    now: () => nowMs,
    onOpen: (pauseMs) => pausesMs.push(pauseMs),
    onClose: (openForMs) => closings.push(openForMs),
  });
});

/** One call of somebody who comes now; false when they are not let in. */
function call(isOutage: boolean): boolean {
  const asker = {};
  const isLetIn = breaker.enter(asker);
  if (isLetIn) breaker.ended(breaker.openings, isOutage);
  breaker.leave(asker);
  return isLetIn;
}

function openIt(): void {
  for (let outage = 0; outage < 3; outage++) call(true);
}

test.each<[string, boolean[], boolean]>([
  ['fewer outages than it takes', [true, true], true],
  ['as many in a row', [true, true, true], false],
  ['as many, with an answer between them', [true, true, false, true, true], true],
])('%s: closed afterwards', (_, outages, isClosed) => {
  for (const isOutage of outages) call(isOutage);
  expect(breaker.isClosed).toBe(isClosed);
});

test('while it is open nobody asks, then one, and each outage makes the pause longer, up to five seconds', () => {
  openIt();
  for (let probe = 0; probe < 5; probe++) {
    nowMs += pausesMs.at(-1)! - 1;
    expect(call(true)).toBe(false);
    nowMs += 1;
    expect(call(true)).toBe(true);
  }
  expect(pausesMs).toEqual([1000, 2000, 4000, 5000, 5000, 5000]);
});

test('one probe at a time: others are let in when it has an answer', () => {
  openIt();
  nowMs += 1000;
  const [prober, other] = [{}, {}];
  expect([breaker.enter(prober), breaker.enter(other)]).toEqual([true, false]);
  breaker.ended(breaker.openings, false);
  expect([breaker.isClosed, breaker.enter(other)]).toEqual([true, true]);
  expect(closings).toEqual([1000]);
});

test('whoever leaves without having asked makes room for the next to probe', () => {
  openIt();
  nowMs += 1000;
  const [prober, other] = [{}, {}];
  breaker.enter(prober);
  breaker.leave(prober);
  expect(breaker.enter(other)).toBe(true);
});

test('outages of calls from before it opened do not make its pause longer, an answer to one closes it', () => {
  const before = breaker.openings;
  openIt();
  expect([breaker.ended(before, true), breaker.ended(before, true)]).toEqual([false, false]);
  expect(pausesMs).toEqual([1000]);
  breaker.ended(before, false);
  expect(breaker.isClosed).toBe(true);
});

test('after an answer the first pause is short again', () => {
  openIt();
  nowMs += 1000;
  call(true);
  nowMs += 2000;
  call(false);
  openIt();
  expect(pausesMs).toEqual([1000, 2000, 1000]);
});
