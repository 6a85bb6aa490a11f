import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Verdict } from './permission-provider.js';
import { VerdictCache } from './verdict-cache.js';

let nowMs: number;
let asked: string[];

beforeEach(() => {
  nowMs = 1_000_000;
  asked = [];
});

function cache(options: { deniedMs?: number; graceMs?: number; entriesMax?: number } = {}): VerdictCache {
  return new VerdictCache({ grantedMs: 60_000, deniedMs: 1000, entriesMax: 100, now: () => nowMs, ...options });
}

/** A question that notes that it was asked and answers at once. */
function answering(verdict: Verdict, key = 'k'): () => Promise<Verdict> {
  return () => {
    asked.push(key);
    return Promise.resolve(verdict);
  };
}

/** A question that is answered when the test says so. */
function waiting() {
  let answer!: (verdict: Verdict) => void;
  const promise = new Promise<Verdict>((resolve) => (answer = resolve));
  return { ask: () => (asked.push('k'), promise), answer };
}

describe('what is remembered, and for how long', () => {
  test.each<[Verdict, number, number]>([
    ['granted', 59_999, 1],
    ['granted', 60_000, 2],
    ['denied', 999, 1],
    ['denied', 1000, 2],
    ['unknown', 0, 2],
  ])('%s is asked again after %i ms: asked %i times', async (verdict, laterMs, times) => {
    const subject = cache();
    await subject.get('k', false, answering(verdict));
    nowMs += laterMs;
    expect(await subject.get('k', false, answering(verdict))).toBe(verdict);
    expect(asked).toHaveLength(times);
  });

  test('a time of 0 remembers nothing', async () => {
    const subject = cache({ deniedMs: 0 });
    await subject.get('k', false, answering('denied'));
    expect(await subject.get('k', false, answering('granted'))).toBe('granted');
  });

  test('one key never answers for another', async () => {
    const subject = cache();
    await subject.get('a', false, answering('granted'));
    expect(await subject.get('b', false, answering('denied'))).toBe('denied');
  });

  test('beyond its size the oldest is forgotten', async () => {
    const subject = cache({ entriesMax: 2 });
    for (const key of ['a', 'b', 'c', 'c', 'b', 'a']) await subject.get(key, false, answering('granted', key));
    expect(asked).toEqual(['a', 'b', 'c', 'a']);
  });

  test('time counts from the question, not from its answer', async () => {
    const subject = cache();
    const slow = waiting();
    const answer = subject.get('k', false, slow.ask);
    nowMs += 59_000;
    slow.answer('granted');
    await answer;
    nowMs += 1000;
    expect(await subject.get('k', false, answering('denied'))).toBe('denied');
  });
});

describe('a fresh question', () => {
  test.each<[Verdict, Verdict]>([
    ['granted', 'denied'],
    ['denied', 'granted'],
  ])('replaces %s by %s', async (before, after) => {
    const subject = cache();
    await subject.get('k', false, answering(before));
    expect(await subject.get('k', true, answering(after))).toBe(after);
    expect(await subject.get('k', false, answering(before))).toBe(after);
  });

  test('does not join an older one, which does not undo its answer when it comes late', async () => {
    const subject = cache();
    const older = waiting();
    const first = subject.get('k', false, older.ask);
    expect(await subject.get('k', true, answering('denied'))).toBe('denied');
    older.answer('granted');
    expect(await first).toBe('granted');
    expect(await subject.get('k', false, answering('granted'))).toBe('denied');
  });
});

test('equal questions at one time are one', async () => {
  const subject = cache();
  const question = waiting();
  const answers = Array.from({ length: 10 }, () => subject.get('k', false, question.ask));
  question.answer('granted');
  expect(new Set(await Promise.all(answers))).toEqual(new Set(['granted']));
  expect(asked).toHaveLength(1);
});

describe('in an outage', () => {
  test.each<[string, Verdict, number, Verdict]>([
    ['a yes stands in its grace', 'granted', 3_600_000, 'granted'],
    ['a yes ends with its grace', 'granted', 3_660_000, 'unknown'],
    ['a no never stands', 'denied', 2000, 'unknown'],
  ])('%s', async (_, before, laterMs, verdict) => {
    const subject = cache({ graceMs: 3_600_000 });
    await subject.get('k', false, answering(before));
    nowMs += laterMs;
    expect(await subject.get('k', false, answering('unknown'))).toBe(verdict);
  });

  test('without a grace nothing stands in', async () => {
    const subject = cache();
    await subject.get('k', false, answering('granted'));
    nowMs += 60_000;
    expect(await subject.get('k', false, answering('unknown'))).toBe('unknown');
  });

  test('who stands in their grace is asked about every half minute', async () => {
    const subject = cache({ graceMs: 3_600_000 });
    await subject.get('k', false, answering('granted'));
    nowMs += 100_000;
    for (let i = 0; i < 10; i++) await subject.get('k', false, answering('unknown'));
    expect(asked).toHaveLength(2);
    nowMs += 30_000;
    expect(await subject.get('k', false, answering('denied'))).toBe('denied');
  });
});
