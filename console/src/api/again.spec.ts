import { Problem } from '@tripline/client';
import { describe, expect, it } from '@jest/globals';
import { isOpenWhetherDone, readAgainMs } from './again.js';

function problem(status: number, retryAfterMs?: number, type = 'about:blank'): Problem {
  return new Problem(status, { type, title: '', status, detail: '', message: '', code: status }, 'id', retryAfterMs);
}

describe('What is read', () => {
  it('is read as often as its page wants', () => {
    expect([readAgainMs(null), readAgainMs(null, 3_000)]).toEqual([false, 3_000]);
  });

  it.each([new TypeError('Failed to fetch'), problem(503)])('heals by itself after %s', (error) => {
    expect([readAgainMs(error), readAgainMs(error, 60_000)]).toEqual([5_000, 5_000]);
  });

  it.each([problem(400), problem(403), problem(404)])('is not asked for again and again after %s', (error) =>
    expect(readAgainMs(error, 3_000)).toBe(false),
  );

  it('waits as long as the server wants, but not for ever', () => {
    expect(readAgainMs(problem(429, 8_000), 3_000)).toBe(8_000);
    expect(readAgainMs(problem(503, 8_000))).toBe(8_000);
    expect(readAgainMs(problem(429, 1e12))).toBe(300_000);
  });
});

describe('Whether a change was made', () => {
  it('is open where nothing came back, an error of the server, or that it still runs', () => {
    const open = [new TypeError(), problem(502), problem(409, 0, 'urn:tripline:problem:still-running')];
    expect(open.map(isOpenWhetherDone)).toEqual([true, true, true]);
  });

  it('is told by every other answer', () => {
    expect([problem(400), problem(409), problem(429)].map(isOpenWhetherDone)).toEqual([false, false, false]);
  });
});
