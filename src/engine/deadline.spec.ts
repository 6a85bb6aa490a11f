import { expect, test } from '@jest/globals';
import { Deadline } from './deadline.js';

/** A clock that goes on by one each time that it is asked, and tells how often that was. */
function clock() {
  let asked = 0;
  return { now: () => asked++, asked: () => asked };
}

test('the clock is looked at with the first piece, and then once for some', () => {
  const { now, asked } = clock();
  const deadline = new Deadline(now, 1_000);
  expect(deadline.isOver(1)).toBe(false);
  expect(asked()).toBe(2);
  for (let piece = 0; piece < 15; piece++) deadline.isOver(1);
  expect(asked()).toBe(2);
  deadline.isOver(1);
  expect(asked()).toBe(3);
});

test('a large piece is a reason to look', () => {
  const { now, asked } = clock();
  const deadline = new Deadline(now, 1_000);
  for (let piece = 0; piece < 4; piece++) deadline.isOver(16);
  expect(asked()).toBe(5);
});

test('it is over when its time is', () => {
  let nowMs = 5;
  const deadline = new Deadline(() => nowMs, 10);
  expect(deadline.isOver(16)).toBe(false);
  nowMs = 14.9;
  expect(deadline.isOver(16)).toBe(false);
  nowMs = 15;
  expect(deadline.isOver(16)).toBe(true);
  // Without another look.
  nowMs = 5;
  expect(deadline.isOver(1)).toBe(true);
});
