import { beforeEach, expect, test } from '@jest/globals';
import { FairCalls } from './fair-calls.js';
import type { FairCallsOptions } from './fair-calls.js';
import { OutageBreaker } from './outage-breaker.js';
import type { AccessAnswer } from './token-exchange.js';

const YES: AccessAnswer = { kind: 'verdict', verdict: 'granted' };
const OUT: AccessAnswer = { kind: 'outage', message: 'out' };
const HOUR_MS = 3_600_000;

let nowMs: number;
let began: string[];
let open: { name: string; answer: (answer: AccessAnswer) => void }[];

beforeEach(() => {
  nowMs = 0;
  [began, open] = [[], []];
});

function newCalls(options: Partial<FairCallsOptions> = {}): FairCalls {
  const breaker = new OutageBreaker({ outagesMax: 2, now: () => nowMs });
  return new FairCalls({ openMax: 2, vehiclesOfOneMax: 100, vehiclesMax: 1000, breaker, ...options });
}

/** Asks about several vehicles at once, and ends when all is told. */
async function ask(calls: FairCalls, license: string, count: number, patienceMs = HOUR_MS): Promise<AccessAnswer[]> {
  const asking = calls.enter(license, { count, patienceMs });
  const questions = Array.from({ length: count }, (_, at) => asking.ask(() => begin(`${license}${at + 1}`)));
  const answers = await Promise.all(questions);
  asking.end();
  return answers;
}

function begin(name: string): Promise<AccessAnswer> {
  began.push(name);
  return new Promise((answer) => open.push({ name, answer }));
}

/** Answers the calls that are open, and those that follow, until there is none. */
async function answerAll(answer: AccessAnswer = YES): Promise<void> {
  for (await turn(); open.length > 0; await turn()) open.shift()!.answer(answer);
}

const turn = () => new Promise((resolve) => setImmediate(resolve));
const kindsOf = (answers: readonly AccessAnswer[]) => answers.map(({ kind }) => kind);

test('no more calls are open at once than allowed, whoever asks', async () => {
  const calls = newCalls();
  const all = Promise.all([ask(calls, 'A', 5), ask(calls, 'B', 5)]);
  for (let answered = 0; answered < 10; answered++) {
    await turn();
    expect(open.length).toBeLessThanOrEqual(2);
    open.shift()!.answer(YES);
  }
  expect((await all).flat()).toEqual(Array(10).fill(YES));
  expect(calls.size).toBe(0);
});

test('licenses have turns: who has many questions delays who has few by one call each', async () => {
  const calls = newCalls({ openMax: 1 });
  const all = Promise.all([ask(calls, 'A', 50), ask(calls, 'B', 2), ask(calls, 'C', 1)]);
  await answerAll();
  await all;
  expect(began.slice(0, 7)).toEqual(['A1', 'A2', 'B1', 'C1', 'A3', 'B2', 'A4']);
});

test('what is too much of one license goes unasked at once, another license is let in', async () => {
  const calls = newCalls({ vehiclesOfOneMax: 10, vehiclesMax: 12 });
  const first = ask(calls, 'A', 8);
  expect(kindsOf(await ask(calls, 'A', 3))).toEqual(Array(3).fill('unasked'));
  const other = ask(calls, 'B', 5);
  await answerAll();
  expect(kindsOf([...(await first), ...(await other)])).toEqual(Array(13).fill('verdict'));
  expect(began).toHaveLength(13);
});

test('what had no turn within its time goes unasked; what is open is waited for', async () => {
  const calls = newCalls();
  const answers = ask(calls, 'A', 5, 10);
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(began).toHaveLength(2);
  await answerAll();
  expect(kindsOf(await answers)).toEqual(['verdict', 'verdict', 'unasked', 'unasked', 'unasked']);
  expect(calls.size).toBe(0);
});

test('when the service is out everything that waits goes unasked, and so does what comes, without a call', async () => {
  const calls = newCalls();
  const all = Promise.all([ask(calls, 'A', 4), ask(calls, 'B', 4)]);
  await answerAll(OUT);
  expect((await all).flat().filter(({ kind }) => kind === 'unasked')).toHaveLength(8 - began.length);
  const called = began.length;
  expect(kindsOf(await ask(calls, 'C', 3))).toEqual(Array(3).fill('unasked'));
  expect(began).toHaveLength(called);
});

test('after its pause one call at a time is made for one license; its answer lets all others in', async () => {
  const calls = newCalls();
  const outage = ask(calls, 'A', 2);
  await answerAll(OUT);
  await outage;
  began = [];
  nowMs += 1000;
  const probing = ask(calls, 'A', 3);
  expect(kindsOf(await ask(calls, 'B', 3))).toEqual(Array(3).fill('unasked'));
  expect(began).toEqual(['A1']);
  await answerAll();
  expect(await probing).toEqual(Array(3).fill(YES));
  const others = ask(calls, 'B', 3);
  await answerAll();
  expect(await others).toEqual(Array(3).fill(YES));
});

test('a probe that finds it still out ends the questions that waited for it, also those not yet asked', async () => {
  const calls = newCalls();
  const outage = ask(calls, 'A', 2);
  await answerAll(OUT);
  await outage;
  nowMs += 1000;
  const asking = calls.enter('A', { count: 3, patienceMs: HOUR_MS });
  const questions = [asking.ask(() => begin('A1')), asking.ask(() => begin('A2'))];
  await answerAll(OUT);
  questions.push(asking.ask(() => begin('A3')));
  expect(kindsOf(await Promise.all(questions))).toEqual(['outage', 'unasked', 'unasked']);
  asking.end();
});

test('turned away, what waits ends', async () => {
  const calls = newCalls();
  const answers = ask(calls, 'A', 3);
  calls.turnAllAway('The program ends');
  await answerAll();
  expect(kindsOf(await answers)).toEqual(['verdict', 'verdict', 'unasked']);
});
