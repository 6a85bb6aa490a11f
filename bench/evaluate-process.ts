/**
 * One side of the bench in a process of its own, so that nothing V8 has learnt of the one side can slow down the other.
 * Arguments: the side, how many conditions, and for how many milliseconds to measure. Writes the result as a line of JSON.
 */
import { compileCondition, type Condition } from '../src/core/condition.js';
import { LibraryCondition } from '../src/core/condition-library.js';
import { readClause } from '../src/core/condition-read.js';
import { type Asked, SAMPLES, samplesOf } from './evaluate-readings.js';
import { type HandWritten, handWrittenConditions } from './floor/hand-written-conditions.js';
import { quantile } from './quantile.js';

export type Side = 'floor' | 'ours' | 'library';

export interface SideResult {
  /** The median over passes through all conditions with all samples. */
  nsPerEvaluation: number;
  /** How many of all conditions all samples met: the sides must agree. */
  met: number;
}

const [side, conditions, milliseconds] = process.argv.slice(2) as [Side, string, string];
const written = handWrittenConditions(Number(conditions));
const readings = {
  number: samplesOf('number'),
  string: samplesOf('string'),
  location: samplesOf('location'),
  event: samplesOf('event'),
};
const asked = written.map(({ valueKind }) => readings[valueKind]);
const pass = side === 'floor' ? passOfHandWritten(written) : passOfConditions(written.map(conditionOf));
const evaluations = written.length * SAMPLES;

const met = pass();
warmUp();
process.stdout.write(`${JSON.stringify({ nsPerEvaluation: measure(), met } satisfies SideResult)}\n`);

function conditionOf({ valueKind, text }: HandWritten): Condition {
  return side === 'ours'
    ? compileCondition(valueKind, text)
    : new LibraryCondition(valueKind, readClause(valueKind, text));
}

/** The same loop twice, since calling a closure through one more closure would cost as much as the conditions. */
function passOfHandWritten(all: readonly HandWritten[]): () => number {
  const closures = all.map(({ isMet }) => isMet);
  return () => {
    let count = 0;
    for (let turn = 0; turn < SAMPLES; turn++) {
      for (let place = 0; place < closures.length; place++) {
        const { sample, previous }: Asked = asked[place]![(place + turn) % SAMPLES]!;
        if (closures[place]!(sample, previous)) count++;
      }
    }
    return count;
  };
}

function passOfConditions(all: readonly Condition[]): () => number {
  return () => {
    let count = 0;
    for (let turn = 0; turn < SAMPLES; turn++) {
      for (let place = 0; place < all.length; place++) {
        const { sample, previous }: Asked = asked[place]![(place + turn) % SAMPLES]!;
        if (all[place]!.evaluate(sample, previous)) count++;
      }
    }
    return count;
  };
}

function warmUp(): void {
  const untilMs = performance.now() + Number(milliseconds) / 2;
  while (performance.now() < untilMs) pass();
}

function measure(): number {
  const times: number[] = [];
  const untilMs = performance.now() + Number(milliseconds);
  while (performance.now() < untilMs) {
    const startedMs = performance.now();
    pass();
    times.push(((performance.now() - startedMs) * 1e6) / evaluations);
  }
  return quantile(times, 0.5);
}
