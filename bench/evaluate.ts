import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Bench, BenchContext, BenchReport } from './bench.js';
import { inTurn, ratioOf, short } from './comparison.js';
import type { Side, SideResult } from './evaluate-process.js';

const SETTINGS = { conditions: 1_000, milliseconds: 1_500, rounds: 5 };
type Settings = typeof SETTINGS;

/** What asking a condition about a sample costs. */
export const evaluate: Bench = {
  name: 'evaluate',
  summary: 'Many distinct conditions of all kinds of values, asked in turn',
  defaults: SETTINGS,
  trial: { conditions: 100, milliseconds: 50, rounds: 1 },
  isPartOfAll: true,
  run,
};

async function run({ settings: given, progress }: BenchContext): Promise<BenchReport> {
  const settings = given as Settings;
  const met = new Set<number>();
  const measure = (side: Side) => async () => {
    const result = await runSide(side, settings);
    met.add(result.met);
    if (met.size > 1) throw new Error(`${side} finds ${result.met} conditions met, others ${[...met].join(' and ')}`);
    return result.nsPerEvaluation;
  };
  const sides = { floor: measure('floor'), ours: measure('ours') };
  const rounds = await inTurn(settings.rounds, sides, progress);
  const library = await inTurn(1, { floor: sides.floor, ours: measure('library') }, progress);
  return {
    measured:
      `${settings.conditions} distinct conditions on numbers, texts, locations and events in turn, each about another of ` +
      'varied samples: closures written by hand, and compiled conditions. Every side in a process of its own.',
    comparisons: [{ what: 'one evaluation', unit: 'ns', rounds, target: { kind: 'at most', ratio: 3 } }],
    findings: [
      `The library that checks conditions, and that evaluated them before, takes ${short(library[0]!.ours)} ns: ` +
        `${short(ratioOf({ rounds: library }))} times what closures written by hand do.`,
      'All numbers include the loop that finds the next condition and sample.',
    ],
  };
}

async function runSide(side: Side, { conditions, milliseconds }: Settings): Promise<SideResult> {
  const program = fileURLToPath(new URL('./evaluate-process.js', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [
    program,
    side,
    String(conditions),
    String(milliseconds),
  ]);
  return JSON.parse(stdout) as SideResult;
}
