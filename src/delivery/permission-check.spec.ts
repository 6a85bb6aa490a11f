import { setImmediate as othersTurn } from 'node:timers/promises';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import type { CheckOptions, Verdict } from '../access/permission-provider.js';
import { silentLog } from '../observability/log.js';
import { PermissionCheck } from './permission-check.js';

let now: number;
let asked: { license: string; vehicles: readonly string[]; fresh: boolean }[];
let answer: (vehicle: string, fresh: boolean) => Verdict | Promise<Verdict>;
let check: PermissionCheck;

beforeEach(() => {
  now = 0;
  asked = [];
  answer = () => 'granted';
  check = newCheck();
});

afterEach(() => {
  jest.useRealTimers();
});

function newCheck(more: { cacheMs?: number; timeoutMs?: number } = {}): PermissionCheck {
  const provider = {
    check(license: string, vehicles: readonly string[], _permissions: readonly string[], options: CheckOptions = {}) {
      const fresh = options.fresh === true;
      asked.push({ license, vehicles, fresh });
      return Promise.all(vehicles.map(async (vehicle) => answer(vehicle, fresh)));
    },
  };
  return new PermissionCheck({ provider, cacheMs: 60_000, ticks: () => now, random: () => 0, log: silentLog, ...more });
}

test('what is asked for at one time is asked together, by license and permissions', async () => {
  answer = (vehicle) => (vehicle === 'v2' ? 'denied' : 'granted');
  const answers = await Promise.all([
    check.ask('A', 'v1', ['p']),
    check.ask('A', 'v2', ['p']),
    check.ask('A', 'v1', ['p']),
    check.ask('A', 'v1', ['p', 'q']),
    check.ask('B', 'v1', ['p']),
  ]);
  expect(answers.map(({ kind }) => kind)).toEqual(['granted', 'denied', 'granted', 'granted', 'granted']);
  expect(asked).toEqual([
    { license: 'A', vehicles: ['v1', 'v2'], fresh: false },
    { license: 'A', vehicles: ['v1'], fresh: false },
    { license: 'B', vehicles: ['v1'], fresh: false },
    { license: 'A', vehicles: ['v2'], fresh: true },
  ]);
});

test('while a question is under way, others of its kind wait a moment and are asked together', async () => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate'] });
  let tell: (verdict: Verdict) => void = () => undefined;
  const first = new Promise<Verdict>((resolve) => (tell = resolve));
  answer = (vehicle) => (vehicle === 'v1' ? first : 'granted');
  const answers = [check.ask('A', 'v1', ['p'])];
  await othersTurn();
  expect(asked).toEqual([{ license: 'A', vehicles: ['v1'], fresh: false }]);
  answers.push(check.ask('A', 'v2', ['p']));
  await othersTurn();
  answers.push(check.ask('A', 'v3', ['p']));
  await jest.advanceTimersByTimeAsync(4);
  expect(asked).toHaveLength(1);
  await jest.advanceTimersByTimeAsync(1);
  await Promise.all(answers.slice(1));
  expect(asked.slice(1)).toEqual([{ license: 'A', vehicles: ['v2', 'v3'], fresh: false }]);
  tell('granted');
  await Promise.all(answers);
  await check.ask('A', 'v4', ['p']);
  expect(asked).toHaveLength(3);
});

test('a yes is remembered for its time, a no is not', async () => {
  await check.ask('A', 'v1', ['p']);
  now = 59_999;
  await check.ask('A', 'v1', ['p']);
  expect(asked).toHaveLength(1);
  now = 60_000;
  answer = () => 'denied';
  await check.ask('A', 'v1', ['p']);
  await check.ask('A', 'v1', ['p']);
  expect(asked).toHaveLength(5);
});

test('without a time nothing is remembered', async () => {
  check = newCheck({ cacheMs: 0 });
  await check.ask('A', 'v1', ['p']);
  await check.ask('A', 'v1', ['p']);
  expect(asked).toHaveLength(2);
});

test('what nobody knows is put off for twice as long each time, a minute at most, until there is an answer', async () => {
  answer = () => 'unknown';
  const waits: number[] = [];
  const ask = async () => {
    const given = await check.ask('A', 'v1', ['p']);
    waits.push(given.kind === 'unknown' ? given.waitMs : 0);
  };
  for (let turn = 0; turn < 8; turn++) await ask();
  answer = () => 'denied';
  await ask();
  answer = () => 'unknown';
  await ask();
  expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 0, 1_000]);
});

test('a provider that rejects, answers too little or never does not know', async () => {
  check = newCheck({ timeoutMs: 20 });
  answer = () => Promise.reject(new Error('no database'));
  expect((await check.ask('A', 'v1', ['p'])).kind).toBe('unknown');
  answer = () => new Promise(() => undefined);
  expect((await check.ask('A', 'v2', ['p'])).kind).toBe('unknown');
});
