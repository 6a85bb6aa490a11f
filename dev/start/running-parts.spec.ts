import { expect, test } from '@jest/globals';
import { Interrupted, RunningParts } from './running-parts.js';

function recorded() {
  const said: string[] = [];
  const parts = new RunningParts((line) => said.push(line));
  const start = (name: string) =>
    parts.start(
      name,
      () => name,
      () => void said.push(`${name} stopped`),
    );
  return { parts, said, start };
}

test('parts stop in the reverse of the order they started in, once', async () => {
  const { parts, said, start } = recorded();
  for (const name of ['a', 'b', 'c']) await start(name);
  await Promise.all([parts.stop(), parts.stop()]);
  expect(said).toEqual(['c stopped', 'b stopped', 'a stopped']);
});

test('a part that does not stop is told and keeps none of the others', async () => {
  const { parts, said, start } = recorded();
  await start('a');
  await parts.start(
    'b',
    () => 'b',
    () => Promise.reject(new Error('stuck')),
  );
  await start('c');
  await parts.stop();
  expect(said).toEqual(['c stopped', 'b did not stop cleanly: Error: stuck', 'a stopped']);
});

test('a part that was starting when everything was stopped is stopped when it is there', async () => {
  const { parts, said, start } = recorded();
  await start('a');
  let finish = (_: string) => {};
  const starting = parts.start(
    'b',
    () => new Promise<string>((resolve) => (finish = resolve)),
    () => void said.push('b stopped'),
  );
  await parts.stop();
  finish('b');
  await expect(starting).rejects.toThrow(Interrupted);
  expect(said).toEqual(['a stopped', 'b stopped']);
});

test('nothing is started any more once everything is being stopped', async () => {
  const { parts, said, start } = recorded();
  await parts.stop();
  await expect(start('a')).rejects.toThrow(Interrupted);
  expect(said).toEqual([]);
});
