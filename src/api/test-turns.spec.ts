import { expect, test } from '@jest/globals';
import { TestTurns } from './test-turns.js';

test('two of a license run at once, and the third waits for one to end', async () => {
  let nowMs = 0;
  const turns = new TestTurns(() => (nowMs += 1_000));
  const ends: (() => void)[] = [];
  const run = () => turns.take('a', () => new Promise<void>((resolve) => ends.push(resolve)));
  const [first, second] = [run(), run()];
  await expect(run()).rejects.toMatchObject({ status: 429, headers: { 'Retry-After': '1' } });
  await expect(turns.take('b', () => Promise.resolve('ran'))).resolves.toBe('ran');
  ends[0]!();
  await first;
  const third = run();
  ends.slice(1).forEach((end) => end());
  await Promise.all([second, third]);
});

test('one begins each second, and a test that threw is over', async () => {
  let nowMs = 0;
  const turns = new TestTurns(() => nowMs);
  await expect(turns.take('a', () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  nowMs = 999;
  await expect(turns.take('a', () => Promise.resolve())).rejects.toMatchObject({ status: 429 });
  nowMs = 1_000;
  await expect(turns.take('a', () => Promise.resolve('ran'))).resolves.toBe('ran');
});
