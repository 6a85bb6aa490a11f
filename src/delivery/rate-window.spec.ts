import { expect, test } from '@jest/globals';
import { RateWindow, RATE_WINDOW_MS } from './rate-window.js';

test('so many begin in a window, and the next when the first of them is over', () => {
  const rate = new RateWindow();
  for (const atMs of [0, 10, 20]) {
    expect(rate.waitMs(3, atMs)).toBe(0);
    rate.take();
    rate.begin(3, atMs);
  }
  expect(rate.waitMs(3, 30)).toBe(RATE_WINDOW_MS - 30);
  expect(rate.waitMs(3, RATE_WINDOW_MS - 1)).toBe(1);
  expect(rate.waitMs(3, RATE_WINDOW_MS)).toBe(0);
});

test('what was taken counts until it begins, however long that takes', () => {
  const rate = new RateWindow();
  rate.take();
  expect(rate.waitMs(1, 60_000)).toBeUndefined();
  rate.begin(1, 60_000);
  expect(rate.waitMs(1, 60_000)).toBe(RATE_WINDOW_MS);
});

test('what was taken for nothing does not count', () => {
  const rate = new RateWindow();
  rate.take();
  rate.abandon();
  expect(rate.waitMs(1, 0)).toBe(0);
});

test('the window is full when others may have sent, or when there was no limit until now', () => {
  const rate = new RateWindow();
  rate.fill(0);
  expect(rate.waitMs(100, 1)).toBe(RATE_WINDOW_MS - 1);
  expect(rate.waitMs(null, 1)).toBe(0);
  rate.take();
  rate.begin(null, 5_000);
  expect(rate.waitMs(100, 5_000)).toBe(RATE_WINDOW_MS);
});

test('a smaller limit counts what began under the larger one', () => {
  const rate = new RateWindow();
  for (const atMs of [0, 100, 200]) {
    rate.take();
    rate.begin(5, atMs);
  }
  expect(rate.waitMs(2, 300)).toBe(100 + RATE_WINDOW_MS - 300);
});
