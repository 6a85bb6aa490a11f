import { quantile } from './quantile.js';

/** One round: the floor and ours, measured right after each other. */
export interface Round {
  floor: number;
  ours: number;
}

/** What `ours / floor` must reach, or stay below. */
export type Target = { kind: 'at least'; ratio: number } | { kind: 'at most'; ratio: number };

export interface Comparison {
  what: string;
  /** Of both numbers: `records/s`, `ms`. */
  unit: string;
  rounds: readonly Round[];
  target: Target;
}

/** A number that has to do without a floor. */
export interface Limit {
  what: string;
  unit: string;
  /** One for each round. */
  values: readonly number[];
  atMost: number;
}

/** What is being compared takes turns, and so does who begins: what else the machine does meets both alike. */
export async function inTurn(
  count: number,
  measure: { floor: () => Promise<number>; ours: () => Promise<number> },
  progress: (line: string) => void,
): Promise<Round[]> {
  const rounds: Round[] = [];
  for (let round = 1; round <= count; round++) {
    let [floor, ours] = [0, 0];
    const parts = [async () => void (floor = await measure.floor()), async () => void (ours = await measure.ours())];
    if (round % 2 === 0) parts.reverse();
    for (const part of parts) await part();
    progress(`  round ${round} of ${count}: floor ${short(floor)}, ours ${short(ours)}, ratio ${short(ours / floor)}`);
    rounds.push({ floor, ours });
  }
  return rounds;
}

/** The median of the rounds' ratios: one disturbed round moves it little. */
export function ratioOf({ rounds }: Pick<Comparison, 'rounds'>): number {
  return quantile(ratios(rounds), 0.5);
}

export function isReached(comparison: Comparison): boolean {
  const { kind, ratio } = comparison.target;
  return kind === 'at least' ? ratioOf(comparison) >= ratio : ratioOf(comparison) <= ratio;
}

export function isWithin({ values, atMost }: Limit): boolean {
  return quantile(values, 0.5) <= atMost;
}

/** Rows of a table: what, floor, ours (medians), ratio (median, lowest to highest), what it must reach, whether it does. */
export function comparisonRow(comparison: Comparison): string[] {
  const { what, unit, rounds, target } = comparison;
  const median = (side: keyof Round) =>
    short(
      quantile(
        rounds.map((round) => round[side]),
        0.5,
      ),
    );
  const sorted = ratios(rounds).sort((a, b) => a - b);
  const range = `${short(sorted[0]!)} to ${short(sorted.at(-1)!)}`;
  const [wanted, met] = [`${target.kind} ${target.ratio}`, isReached(comparison) ? 'yes' : '**no**'];
  return [what, unit, median('floor'), median('ours'), `**${short(ratioOf(comparison))}** (${range})`, wanted, met];
}

export function limitRow(limit: Limit): string[] {
  const { what, unit, values, atMost } = limit;
  const range = `${short(Math.min(...values))} to ${short(Math.max(...values))}`;
  const ours = `**${short(quantile(values, 0.5))}** (${range})`;
  return [what, unit, '', ours, '', `at most ${atMost}`, isWithin(limit) ? 'yes' : '**no**'];
}

/** Three digits tell enough. */
export function short(value: number): string {
  if (!Number.isFinite(value)) return '–';
  return Math.abs(value) >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
}

function ratios(rounds: readonly Round[]): number[] {
  return rounds.map(({ floor, ours }) => ours / floor);
}
