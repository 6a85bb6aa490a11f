import { describe, expect, test } from '@jest/globals';
import type { Bench } from './bench.js';
import { readArguments } from './run-arguments.js';

const BENCHES = [benchOf('short', true), benchOf('other', true), benchOf('long', false)];

describe('what is measured', () => {
  test.each<[arguments: string, names: string[]]>([
    ['', ['short', 'other']],
    ['--trial', ['short', 'other', 'long']],
    ['long', ['long']],
    ['other short', ['short', 'other']],
    ['long --rounds=2', ['long']],
  ])('"%s" means %j', (text, names) => {
    const read = readArguments(split(text), BENCHES);
    expect(read.kind === 'ok' && read.benches.map(({ name }) => name)).toEqual(names);
  });

  test('settings and the wish for a trial are read in any order', () => {
    expect(readArguments(['--rounds=2', '--trial', 'short', '--size=10'], BENCHES)).toMatchObject({
      settings: { rounds: 2, size: 10 },
      isTrial: true,
    });
  });
});

describe('what means nothing is refused, with its name', () => {
  test.each<[arguments: string, reason: RegExp]>([
    ['fast', /fast is no bench/],
    ['short --speed=1', /--speed=1/],
    ['short --rounds', /--rounds/],
    ['short --rounds=-1', /--rounds=-1/],
    ['short --rounds=1.5', /--rounds=1\.5/],
    ['--rounds=1', /--rounds=1/],
    ['short other --rounds=1', /--rounds=1/],
    ['short --toString=1', /--toString=1/],
  ])('"%s"', (text, reason) => {
    expect(readArguments(split(text), BENCHES)).toEqual({
      kind: 'refused',
      reason: expect.stringMatching(reason) as unknown,
    });
  });
});

function split(text: string): string[] {
  return text.split(' ').filter(Boolean);
}

function benchOf(name: string, isPartOfAll: boolean): Bench {
  const run = () => Promise.reject(new Error('nobody asked for a measurement'));
  return { name, summary: '', defaults: { rounds: 5, size: 100 }, trial: { rounds: 1 }, isPartOfAll, run };
}
