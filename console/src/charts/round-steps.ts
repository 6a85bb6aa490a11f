const STEPS = 4;
/** Each with the one before it. */
const FACTORS = [
  [1, 0],
  [2, 1],
  [5, 2],
  [10, 5],
] as const;

/** About four equal steps of 1, 2 or 5 with zeros, from 0 on until there is room for `most`, which is 1 at least. */
export function roundSteps(most: number): { end: number; marks: number[] } {
  const rough = most / STEPS;
  const power = 10 ** Math.floor(Math.log10(rough));
  // The nearest by its ratio: too small by a factor is as far off as too large by it.
  const [factor] = FACTORS.findLast(([each, before]) => rough / power >= Math.sqrt(each * before))!;
  const step = factor * power;
  const count = Math.ceil(most / step);
  return { end: count * step, marks: Array.from({ length: count + 1 }, (_, at) => at * step) };
}
