import { nearestNames } from './catalog.js';

/** Below this length, almost any name is a few edits away from any other. */
const LENGTH_COMPARED_MIN = 4;

/** The name that was probably meant: one of about the same length if there is any, so that `valu` is no `previousValue`. */
export function nearestName(name: string, candidates: readonly string[]): string | undefined {
  if (name.length < LENGTH_COMPARED_MIN) return undefined;
  const isAlike = (candidate: string) => Math.abs(candidate.length - name.length) <= 2;
  return nearestNames(name, candidates.filter(isAlike))[0] ?? nearestNames(name, candidates)[0];
}
