import type { Bench, BenchSettings } from './bench.js';

/** What somebody wants to be measured. */
export interface WantedRun {
  /** In the order of the list of benches. */
  benches: readonly Bench[];
  /** Of the one that was named. */
  settings: BenchSettings;
  isTrial: boolean;
}

/**
 * Reads the arguments of `npm run bench`: names of benches, settings of the one that is named, and `--trial`. Without a
 * name all are meant that do not take too long; in a trial none does. Refused with the reason is what means nothing.
 */
export function readArguments(
  texts: readonly string[],
  all: readonly Bench[],
): ({ kind: 'ok' } & WantedRun) | { kind: 'refused'; reason: string } {
  const names = texts.filter((text) => !text.startsWith('--'));
  const unknown = names.find((name) => !all.some((bench) => bench.name === name));
  if (unknown !== undefined) return { kind: 'refused', reason: `${unknown} is no bench.` };
  const isTrial = texts.includes('--trial');
  const benches = all.filter(({ name, isPartOfAll }) =>
    names.length > 0 ? names.includes(name) : isPartOfAll || isTrial,
  );
  const known = names.length > 0 && benches.length === 1 ? benches[0]!.defaults : {};
  const settings: Record<string, number> = {};
  for (const text of texts.filter((each) => each.startsWith('--') && each !== '--trial')) {
    const [, name = '', value = ''] = /^--([a-zA-Z]+)=(\d+)$/.exec(text) ?? [];
    if (!Object.hasOwn(known, name)) return { kind: 'refused', reason: `${text} is no setting of one bench.` };
    settings[name] = Number(value);
  }
  return { kind: 'ok', benches, settings, isTrial };
}
